/** The local effects of the saga over its own tables: all requests of a batch in a constant number of statements. */
import { Type } from '@sinclair/typebox';
import type { EffectRequest, Json, Participant, SettledOutcome } from '../../src/actors/index.ts';
import type { Tx } from '../../src/persistence/pool.ts';
import { row, sql } from '../../src/persistence/sql.ts';
import type { Order } from '../business/orders.ts';

const done: SettledOutcome = { type: 'done', value: {} };
const refused = (code: string): SettledOutcome => ({ type: 'refused', value: { code } });

const byId = (a: string, b: string): number => (a < b ? -1 : 1);

/** Requests come sorted by actor, which is the order: rows are locked in that order. */
const ordersParticipant: Participant<Tx> = {
  name: 'orders',
  effects: ['orders.create', 'orders.confirm', 'orders.cancel'],
  async apply(tx, requests) {
    await createOrders(tx, asked(requests, 'orders.create'));
    await closeOrders(
      tx,
      requests.filter(({ effect }) => effect !== 'orders.create'),
    );
    return requests.map(() => done);
  },
};

async function createOrders(tx: Tx, requests: readonly EffectRequest[]): Promise<void> {
  if (requests.length === 0) return;
  const orders = requests.map(orderOf);
  const tuples = orders.map((order) => [order.orderId, order.amountCents, order.productId, order.quantity]);
  await tx.query(sql.typeAlias('void')`
    with new as (
      select * from ${sql.unnest(tuples, ['text', 'int4', 'int4', 'int4'])} as t (id, total_cents, product_id, quantity)
    ), made as (
      insert into orders (id, status, total_cents) select id, 'pending', total_cents from new
    )
    insert into order_item (order_id, product_id, quantity) select id, product_id, quantity from new`);
}

/** Index: orders_pkey. */
async function closeOrders(tx: Tx, requests: readonly EffectRequest[]): Promise<void> {
  if (requests.length === 0) return;
  const tuples = requests.map(({ actorId, effect }) => [
    actorId,
    effect === 'orders.confirm' ? 'confirmed' : 'cancelled',
  ]);
  await tx.query(sql.typeAlias('void')`
    update orders o set status = t.status, updated_at = now()
    from ${sql.unnest(tuples, ['text', 'text'])} as t (id, status) where o.id = t.id and o.status = 'pending'`);
}

const stockParticipant: Participant<Tx> = {
  name: 'stock',
  effects: ['stock.reserve', 'stock.release'],
  async apply(tx, requests) {
    await release(
      tx,
      asked(requests, 'stock.release').map(({ actorId }) => actorId),
    );
    const short = await reserve(tx, asked(requests, 'stock.reserve').map(orderOf));
    return requests.map(({ effect, actorId }) =>
      effect === 'stock.reserve' && short.has(actorId) ? refused('out_of_stock') : done,
    );
  },
};

const stockRow = row(Type.Object({ id: Type.Integer(), stock: Type.Number() }));

/** @returns the orders that get nothing. Who gets something is decided one after the other, under the products' locks */
async function reserve(tx: Tx, orders: readonly Order[]): Promise<ReadonlySet<string>> {
  if (orders.length === 0) return new Set();
  const productIds = [...new Set(orders.map(({ productId }) => productId))];
  // Locks the products in key order; `no key`, since nobody refers to them by key. Index: product_pkey.
  const found = await tx.any(sql.type(stockRow)`
    select id, stock::float8 as stock from product where id = any(${sql.array(productIds, 'int4')})
    order by id for no key update`);
  const stock = new Map(found.map((product) => [product.id, product.stock]));
  const granted: Order[] = [];
  const short = new Set<string>();
  for (const order of orders) {
    const left = (stock.get(order.productId) ?? 0) - order.quantity;
    if (left < 0) short.add(order.orderId);
    else {
      stock.set(order.productId, left);
      granted.push(order);
    }
  }
  if (granted.length > 0) await hold(tx, granted);
  return short;
}

async function hold(tx: Tx, orders: readonly Order[]): Promise<void> {
  const tuples = orders.map(({ orderId, productId, quantity }) => [orderId, productId, quantity]);
  await tx.query(sql.typeAlias('void')`
    with held as (
      insert into reservation (order_id, product_id, quantity, status)
      select order_id, product_id, quantity, 'held'
      from ${sql.unnest(tuples, ['text', 'int4', 'int4'])} as t (order_id, product_id, quantity)
      returning product_id, quantity
    )
    update product p set stock = p.stock - taken.quantity
    from (select product_id, sum(quantity) as quantity from held group by product_id) as taken
    where p.id = taken.product_id`);
}

const productRow = row(Type.Object({ product_id: Type.Integer() }));

async function release(tx: Tx, orderIds: readonly string[]): Promise<void> {
  if (orderIds.length === 0) return;
  const ids = sql.array(orderIds.toSorted(byId), 'text');
  const held = await tx.any(sql.type(productRow)`
    select distinct product_id from reservation where order_id = any(${ids}) and status = 'held'`);
  const productIds = held.map(({ product_id }) => product_id);
  // In key order before any of them is changed. Index: product_pkey.
  await tx.query(sql.typeAlias('void')`
    select from product where id = any(${sql.array(productIds, 'int4')}) order by id for no key update`);
  await tx.query(sql.typeAlias('void')`
    with released as (
      update reservation set status = 'released' where order_id = any(${ids}) and status = 'held'
      returning product_id, quantity
    )
    update product p set stock = p.stock + back.quantity
    from (select product_id, sum(quantity) as quantity from released group by product_id) as back
    where p.id = back.product_id`);
}

const moneyParticipant: Participant<Tx> = {
  name: 'money',
  effects: ['money.capture'],
  async apply(tx, requests) {
    const inputs = requests.map(({ input }) => input as { readonly amountCents: number; readonly decline: boolean });
    const paid = requests.flatMap(({ actorId }, i) => {
      const input = inputs[i];
      return input && !input.decline ? [[actorId, input.amountCents]] : [];
    });
    if (paid.length > 0)
      await tx.query(sql.typeAlias('void')`
        insert into capture (order_id, amount_cents) select * from ${sql.unnest(paid, ['text', 'int4'])} as t`);
    return inputs.map(({ decline }) => (decline ? refused('declined') : done));
  },
};

/** In lock order. */
export const sagaParticipants: readonly Participant<Tx>[] = [ordersParticipant, stockParticipant, moneyParticipant];

const asked = (requests: readonly EffectRequest[], effect: string): readonly EffectRequest[] =>
  requests.filter((request) => request.effect === effect);

/** What the machine gives its effects: an order is plain JSON. */
function orderOf({ input }: EffectRequest): Order {
  return input as Json & Order;
}
