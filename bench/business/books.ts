/** Whether the books of a run agree: a run in which an order, a piece or a cent is missing does not count. */
import { withClient } from '../../src/persistence/with-client.ts';
import { stockPerProduct } from './schema.ts';

export interface Ended {
  readonly confirmed: number;
  readonly cancelled: number;
}

const query = `
  select
    (select count(*) from orders where status = 'confirmed')::int as confirmed,
    (select count(*) from orders where status = 'cancelled')::int as cancelled,
    (select count(*) from orders)::int as orders,
    (select count(*) from order_item)::int as items,
    (select count(*) from capture)::int as captures,
    (select count(*) from orders o join capture c on c.order_id = o.id
      where o.status = 'confirmed' and c.amount_cents = o.total_cents)::int as paid,
    (select count(*) from reservation where status = 'held')::int as held,
    (select coalesce(sum(quantity), 0) from reservation where status = 'held')::float8 as held_pieces,
    (select sum(${stockPerProduct} - stock) from product)::float8 as taken_pieces`;

type Books = Ended & {
  readonly [column in 'orders' | 'items' | 'captures' | 'paid' | 'held' | 'held_pieces' | 'taken_pieces']: number;
};

/** @throws unless every order has ended as it should, is paid or not at all, and the stock is short of what is held */
export async function checkBooks(databaseUrl: string, { confirmed, cancelled }: Ended): Promise<void> {
  const books = await withClient(databaseUrl, async (client) => (await client.query<Books>(query)).rows[0]);
  const agree =
    books?.confirmed === confirmed &&
    books.cancelled === cancelled &&
    books.orders === confirmed + cancelled &&
    books.items === books.orders &&
    books.captures === confirmed &&
    books.paid === confirmed &&
    books.held === confirmed &&
    books.held_pieces === books.taken_pieces;
  if (agree) return;
  throw new Error(
    `the books do not agree, so this run does not count: ${confirmed} should be confirmed and ${cancelled} cancelled, found is ${JSON.stringify(books)}`,
  );
}
