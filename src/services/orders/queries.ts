/** Reads and writes orders, whole batches at a time. Rows are locked by order id. */
import { Type, type Static } from '@sinclair/typebox';
import type { Tx } from '../../persistence/pool.ts';
import { row, sql } from '../../persistence/sql.ts';
import type { Order, OrderContent, OrderLine } from './decide.ts';

/** What a plain read needs: a transaction or the pool. */
type Reader = Pick<Tx, 'any'>;

const Millis = Type.Number();
const OrderRow = Type.Object({
  id: Type.String(),
  user_id: Type.Union([Type.String(), Type.Null()]),
  currency: Type.Union([Type.String(), Type.Null()]),
  total_cents: Type.Union([Type.Integer(), Type.Null()]),
  status: Type.Union([Type.Literal('created'), Type.Literal('confirmed'), Type.Literal('cancelled')]),
  created_at: Millis,
  confirmed_at: Type.Union([Millis, Type.Null()]),
  cancelled_at: Type.Union([Millis, Type.Null()]),
});
const orderRow = row(OrderRow);
const LineRow = Type.Object({
  order_id: Type.String(),
  product_id: Type.String(),
  quantity: Type.Integer(),
  unit_price_cents: Type.Integer(),
});
const lineRow = row(LineRow);
const idRow = row(Type.Object({ id: Type.String() }));
const nowRow = row(Type.Object({ now_ms: Millis }));

/** The store's clock, in whole epoch milliseconds. */
export async function readClock(tx: Tx): Promise<number> {
  const { now_ms } = await tx.one(sql.type(nowRow)`select actors.to_ms(actors.clock()) as now_ms`);
  return now_ms;
}

/**
 * Inserts those that do not exist, without their lines, and returns their ids. Waits for a concurrent insert of the same
 * order; what that left is for a later statement to see. Locks the new rows, in key order. Index: purchase_order_pkey.
 */
export async function insertOrders(tx: Tx, orders: readonly Order[]): Promise<ReadonlySet<string>> {
  const inserted = await tx.any(sql.type(idRow)`
    insert into orders.purchase_order (id, user_id, currency, total_cents, status, created_at, confirmed_at, cancelled_at)
    select id, user_id, currency, total_cents, status, actors.from_ms(created_ms), actors.from_ms(confirmed_ms),
      actors.from_ms(cancelled_ms)
    from ${sql.unnest(orders.map(orderTuple), orderTypes)}
      as t (id, user_id, currency, total_cents, status, created_ms, confirmed_ms, cancelled_ms)
    order by id
    on conflict (id) do nothing
    returning id`);
  return new Set(inserted.map(({ id }) => id));
}

/** Locks the orders that exist, in key order, and returns them. Index: purchase_order_pkey. */
export async function lockOrders(tx: Tx, ids: readonly string[]): Promise<Order[]> {
  const found = await tx.any(sql.type(orderRow)`
    select id, user_id, currency, total_cents, status, created_at, confirmed_at, cancelled_at
    from orders.purchase_order where id = any(${sql.array([...ids], 'uuid')})
    order by id for no key update`);
  return withLines(tx, found);
}

/** Locks nothing. Index: purchase_order_pkey. */
export async function findOrder(tx: Reader, id: string): Promise<Order | null> {
  const found = await tx.any(sql.type(orderRow)`
    select id, user_id, currency, total_cents, status, created_at, confirmed_at, cancelled_at
    from orders.purchase_order where id = ${id}`);
  const [order] = await withLines(tx, found);
  return order ?? null;
}

/** Locks nothing: lines never change once written with their order. Index: order_item_pkey. */
async function withLines(tx: Reader, found: readonly Static<typeof OrderRow>[]): Promise<Order[]> {
  if (found.length === 0) return [];
  const lines = await tx.any(sql.type(lineRow)`
    select order_id, product_id, quantity, unit_price_cents from orders.order_item
    where order_id = any(${sql.array(
      found.map(({ id }) => id),
      'uuid',
    )})
    order by order_id, line`);
  const byOrder = Map.groupBy(lines, ({ order_id }) => order_id);
  return found.map((order) => asOrder(order, byOrder.get(order.id) ?? []));
}

/** The rows are locked already. Index: purchase_order_pkey; no indexed column changes, so the update is HOT. */
export async function writeOrders(tx: Tx, orders: readonly Order[]): Promise<void> {
  // For the planner, which may otherwise join the whole table.
  const ids = sql.array(
    orders.map(({ id }) => id),
    'uuid',
  );
  await tx.query(sql.typeAlias('void')`
    update orders.purchase_order o set status = t.status, confirmed_at = actors.from_ms(t.confirmed_ms),
      cancelled_at = actors.from_ms(t.cancelled_ms)
    from ${sql.unnest(orders.map(orderTuple), orderTypes)}
      as t (id, user_id, currency, total_cents, status, created_ms, confirmed_ms, cancelled_ms)
    where o.id = t.id and o.id = any(${ids})`);
}

/** Shares a key lock on their orders, which are locked already. */
export async function insertLines(
  tx: Tx,
  lines: readonly (OrderLine & { readonly orderId: string; readonly line: number })[],
): Promise<void> {
  const tuples = lines.map((line) => [line.orderId, line.line, line.productId, line.quantity, line.unitPriceCents]);
  await tx.query(sql.typeAlias('void')`
    insert into orders.order_item (order_id, line, product_id, quantity, unit_price_cents)
    select order_id, line, product_id, quantity, unit_price_cents
    from ${sql.unnest(tuples, ['uuid', 'int4', 'uuid', 'int4', 'int4'])}
      as t (order_id, line, product_id, quantity, unit_price_cents)`);
}

const orderTypes = ['uuid', 'uuid', 'text', 'int4', 'text', 'float8', 'float8', 'float8'];

function orderTuple(order: Order) {
  return [
    order.id,
    order.content?.userId ?? null,
    order.content?.currency ?? null,
    order.content?.totalCents ?? null,
    order.status,
    order.createdAtMs,
    order.confirmedAtMs,
    order.cancelledAtMs,
  ];
}

function asOrder(found: Static<typeof OrderRow>, lines: readonly Static<typeof LineRow>[]): Order {
  return {
    id: found.id,
    status: found.status,
    content: contentOf(found, lines),
    createdAtMs: found.created_at,
    confirmedAtMs: found.confirmed_at,
    cancelledAtMs: found.cancelled_at,
  };
}

function contentOf(found: Static<typeof OrderRow>, lines: readonly Static<typeof LineRow>[]): OrderContent | null {
  const { user_id, currency, total_cents } = found;
  if (user_id === null || currency === null || total_cents === null) return null;
  const items = lines.map((line) => ({
    productId: line.product_id,
    quantity: line.quantity,
    unitPriceCents: line.unit_price_cents,
  }));
  return { userId: user_id, currency, totalCents: total_cents, items };
}
