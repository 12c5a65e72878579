/**
 * The four-step saga's own tables, the same for every engine that is measured: who wants less of them, or other ones, does
 * other work. Source: the tables of the first comparison of engines, kept as they were.
 */
import { withClient } from '../../src/persistence/with-client.ts';

export const products = 100;
/** Of each product: nobody runs out, unless an order asks for more than there is. */
export const stockPerProduct = 1_000_000_000;

/** Many updates per row and commit: with free space on the page they stay HOT. */
const schema = `
  create table product (id int primary key, stock bigint not null check (stock >= 0)) with (fillfactor = 20);
  create table orders (
    id text primary key, status text not null, total_cents int not null,
    created_at timestamptz not null default now(), updated_at timestamptz not null default now());
  create table order_item (
    order_id text not null, product_id int not null, quantity int not null, primary key (order_id, product_id));
  create table reservation (
    order_id text not null, product_id int not null, quantity int not null, status text not null,
    primary key (order_id, product_id));
  create table capture (
    order_id text primary key, amount_cents int not null, captured_at timestamptz not null default now());
  -- The state row of hand-written sagas (queues and floors); durable engines keep their own.
  create table saga_state (
    id text primary key, step int not null, status text not null, data jsonb not null,
    updated_at timestamptz not null default now());
  insert into product select n, ${stockPerProduct} from generate_series(0, ${products - 1}) n`;

export async function createTables(databaseUrl: string): Promise<void> {
  await withClient(databaseUrl, (client) => client.query(schema));
}
