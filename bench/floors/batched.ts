/** Many sagas' step in one statement, which is one commit: the least that the same rows can cost. */
import type { Order } from '../business/orders.ts';
import { openStepPool } from '../business/transaction.ts';
import type { Engine } from '../engines/engine.ts';
import { gathered } from './gathered.ts';

const connections = 8;

interface BatchStep {
  readonly name: string;
  readonly text: string;
  readonly columns: (orders: readonly Order[]) => unknown[];
}

const ids = (orders: readonly Order[]): string[] => orders.map(({ orderId }) => orderId);
const productIds = (orders: readonly Order[]): number[] => orders.map(({ productId }) => productId);
const quantities = (orders: readonly Order[]): number[] => orders.map(({ quantity }) => quantity);
const amounts = (orders: readonly Order[]): number[] => orders.map(({ amountCents }) => amountCents);

const createOrder: BatchStep = {
  name: 'create',
  text: `
    with i as (
      select * from unnest($1::text[], $2::int[], $3::int[], $4::int[], $5::text[]) as t (id, product, quantity, cents, data)
    ), o as (
      insert into orders (id, status, total_cents) select id, 'pending', cents from i on conflict (id) do nothing returning id
    ), l as (
      insert into order_item (order_id, product_id, quantity) select i.id, product, quantity from i join o using (id)
    )
    insert into saga_state (id, step, status, data) select i.id, 1, 'running', data::jsonb from i join o using (id)`,
  columns: (orders) => [
    ids(orders),
    productIds(orders),
    quantities(orders),
    amounts(orders),
    orders.map((order) => JSON.stringify(order)),
  ],
};

const reserve: BatchStep = {
  name: 'reserve',
  text: `
    with i as (select * from unnest($1::text[], $2::int[], $3::int[]) as t (id, product, quantity)),
      k as (select id from product where id = any ($2) order by id for no key update),
      n as (select i.* from i where not exists (select from reservation r where r.order_id = i.id)),
      u as (
        update product p set stock = p.stock - s.quantity
        from (select product, sum(quantity) as quantity from n group by product) s, k
        where p.id = s.product and k.id = p.id and p.stock >= s.quantity returning p.id
      ), r as (
        insert into reservation (order_id, product_id, quantity, status)
        select n.id, product, quantity, 'held' from n join u on u.id = n.product returning order_id
      )
    update saga_state s set step = 2, updated_at = now() from r where s.id = r.order_id`,
  columns: (orders) => [ids(orders), productIds(orders), quantities(orders)],
};

const capture: BatchStep = {
  name: 'capture',
  text: `
    with i as (select * from unnest($1::text[], $2::int[]) as t (id, cents)),
      c as (insert into capture (order_id, amount_cents) select id, cents from i on conflict (order_id) do nothing)
    update saga_state s set step = 3, updated_at = now() from i where s.id = i.id`,
  columns: (orders) => [ids(orders), amounts(orders)],
};

const confirm: BatchStep = {
  name: 'confirm',
  text: `
    with i as (select * from unnest($1::text[]) as t (id)),
      o as (
        update orders set status = 'confirmed', updated_at = now() from i where orders.id = i.id and orders.status = 'pending'
      )
    update saga_state s set step = 4, status = 'done', updated_at = now() from i where s.id = i.id`,
  columns: (orders) => [ids(orders)],
};

export const batched = (max: number): Engine => ({
  about: `no engine: a step of up to ${max} sagas per commit, one statement`,
  processes: 'one',
  redis: 'never',
  share: 4,
  neverDeclines: true,
  both(settings, onDone) {
    const pool = openStepPool(settings.databaseUrl, connections);
    const line = ({ name, text, columns }: BatchStep) =>
      gathered<Order>(max, (orders) => pool.query({ name, text, values: columns(orders) }));
    const [first, ...rest] = [line(createOrder), line(reserve), line(capture), line(confirm)];
    const goOn = async (order: Order): Promise<void> => {
      for (const step of rest) await step(order);
      onDone(order.orderId);
    };
    return Promise.resolve({
      async submit(order) {
        await first?.(order);
        // A saga that fails is one that never ends, and shows as that.
        goOn(order).catch((error: Error) => process.stderr.write(`${order.orderId}: ${error.message}\n`));
      },
      stop: () => pool.end(),
    });
  },
});
