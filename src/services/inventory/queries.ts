/**
 * Reads and writes reservations and stock, whole batches at a time.
 * Lock order: reservations by order id, then stock by product id. `no key`, so that reference checks never queue behind.
 */
import { Type, type Static } from '@sinclair/typebox';
import type { Tx } from '../../persistence/pool.ts';
import { row, sql } from '../../persistence/sql.ts';
import type { Item, Reservation, Sale, Short, Stock } from './decide.ts';

/** What a plain read needs: a transaction or the pool. */
export type Reader = Pick<Tx, 'any'>;

const Millis = Type.Number();
const reservationFields = {
  order_id: Type.String(),
  status: Type.Union([Type.Literal('held'), Type.Literal('refused'), Type.Literal('released'), Type.Literal('sold')]),
  owned_by_saga: Type.Boolean(),
  expires_at: Type.Union([Millis, Type.Null()]),
  refusal: Type.Union([
    Type.Array(Type.Object({ productId: Type.String(), requested: Type.Integer(), available: Type.Integer() })),
    Type.Null(),
  ]),
  created_at: Millis,
  updated_at: Millis,
};
const ReservationRow = Type.Object(reservationFields);
const reservationRow = row(ReservationRow);
const itemRow = row(Type.Object({ order_id: Type.String(), product_id: Type.String(), quantity: Type.Integer() }));
const stockRow = row(Type.Object({ product_id: Type.String(), on_hand: Type.Integer(), reserved: Type.Integer() }));
const orderIdRow = row(Type.Object({ order_id: Type.String() }));
const nowRow = row(Type.Object({ now_ms: Millis }));

/** The store's clock, in whole epoch milliseconds. */
export async function readClock(tx: Tx): Promise<number> {
  const { now_ms } = await tx.one(sql.type(nowRow)`select actors.to_ms(actors.clock()) as now_ms`);
  return now_ms;
}

/**
 * Inserts those that do not exist and returns their order ids. Waits for a concurrent insert of the same order; what
 * that left is for a later statement to see. Locks the new rows, in key order. Index: reservation_pkey.
 */
export async function insertReservations(tx: Tx, reservations: readonly Reservation[]): Promise<ReadonlySet<string>> {
  const inserted = await tx.any(sql.type(orderIdRow)`
    insert into inventory.reservation (order_id, status, owned_by_saga, expires_at, refusal, created_at, updated_at)
    select order_id, status, owned_by_saga, actors.from_ms(expires_ms), refusal, actors.from_ms(created_ms),
      actors.from_ms(updated_ms)
    from ${sql.unnest(reservations.map(reservationTuple), reservationTypes)}
      as t (order_id, status, owned_by_saga, expires_ms, refusal, created_ms, updated_ms)
    order by order_id
    on conflict (order_id) do nothing
    returning order_id`);
  return new Set(inserted.map(({ order_id }) => order_id));
}

/** Locks the reservations that exist, in key order, and returns them with their items. Index: reservation_pkey. */
export async function lockReservations(tx: Tx, orderIds: readonly string[]): Promise<Reservation[]> {
  const found = await tx.any(sql.type(reservationRow)`
    select order_id, status, owned_by_saga, expires_at, refusal, created_at, updated_at
    from inventory.reservation where order_id = any(${sql.array([...orderIds], 'uuid')})
    order by order_id for no key update`);
  return withItems(tx, found);
}

/** Locks nothing. Index: reservation_pkey. */
export async function findReservation(tx: Reader, orderId: string): Promise<Reservation | null> {
  const found = await tx.any(sql.type(reservationRow)`
    select order_id, status, owned_by_saga, expires_at, refusal, created_at, updated_at
    from inventory.reservation where order_id = ${orderId}`);
  const [reservation] = await withItems(tx, found);
  return reservation ?? null;
}

/** Locks nothing: items never change once written with their reservation. Index: reservation_item_pkey. */
async function withItems(tx: Reader, found: readonly Static<typeof ReservationRow>[]): Promise<Reservation[]> {
  if (found.length === 0) return [];
  const items = await tx.any(sql.type(itemRow)`
    select order_id, product_id, quantity from inventory.reservation_item
    where order_id = any(${sql.array(
      found.map(({ order_id }) => order_id),
      'uuid',
    )})
    order by order_id, product_id`);
  const byOrder = Map.groupBy(items, ({ order_id }) => order_id);
  return found.map((reservation) => asReservation(reservation, byOrder.get(reservation.order_id) ?? []));
}

/** Locks the stock rows that exist, in key order, and returns them. Index: stock_pkey. */
export async function lockStock(tx: Tx, productIds: readonly string[]): Promise<Stock[]> {
  const found = await tx.any(sql.type(stockRow)`
    select product_id, on_hand, reserved from inventory.stock
    where product_id = any(${sql.array([...productIds], 'uuid')})
    order by product_id for no key update`);
  return found.map((stock) => ({ productId: stock.product_id, onHand: stock.on_hand, reserved: stock.reserved }));
}

/** The rows are locked already. Index: stock_pkey; no indexed column changes, so the update is HOT. */
export async function writeStock(tx: Tx, stock: readonly Stock[]): Promise<void> {
  // For the planner, which may otherwise join the whole table.
  const ids = sql.array(
    stock.map(({ productId }) => productId),
    'uuid',
  );
  await tx.query(sql.typeAlias('void')`
    update inventory.stock s set on_hand = t.on_hand, reserved = t.reserved
    from ${sql.unnest(
      stock.map(({ productId, onHand, reserved }) => [productId, onHand, reserved]),
      ['uuid', 'int4', 'int4'],
    )} as t (product_id, on_hand, reserved)
    where s.product_id = t.product_id and s.product_id = any(${ids})`);
}

/** The rows are locked already. Index: reservation_pkey; HOT, but for those with an expiry. */
export async function writeReservations(tx: Tx, reservations: readonly Reservation[]): Promise<void> {
  // As above.
  const ids = sql.array(
    reservations.map(({ orderId }) => orderId),
    'uuid',
  );
  await tx.query(sql.typeAlias('void')`
    update inventory.reservation r set status = t.status, owned_by_saga = t.owned_by_saga,
      expires_at = actors.from_ms(t.expires_ms), refusal = t.refusal, updated_at = actors.from_ms(t.updated_ms)
    from ${sql.unnest(reservations.map(reservationTuple), reservationTypes)}
      as t (order_id, status, owned_by_saga, expires_ms, refusal, created_ms, updated_ms)
    where r.order_id = t.order_id and r.order_id = any(${ids})`);
}

/** Shares a key lock on their reservations, which are locked already. */
export async function insertItems(tx: Tx, items: readonly (Item & { readonly orderId: string })[]): Promise<void> {
  await tx.query(sql.typeAlias('void')`
    insert into inventory.reservation_item (order_id, product_id, quantity)
    select order_id, product_id, quantity
    from ${sql.unnest(
      items.map(({ orderId, productId, quantity }) => [orderId, productId, quantity]),
      ['uuid', 'uuid', 'int4'],
    )} as t (order_id, product_id, quantity)`);
}

/** Shares a key lock on the products, which nothing ever updates. Index: movement_order_key refuses a second sale. */
export async function insertSales(tx: Tx, sales: readonly Sale[], nowMs: number): Promise<void> {
  await tx.query(sql.typeAlias('void')`
    insert into inventory.movement (product_id, kind, quantity, order_id, created_at)
    select product_id, 'sale', -quantity, order_id, actors.from_ms(${nowMs})
    from ${sql.unnest(
      sales.map(({ orderId, productId, quantity }) => [orderId, productId, quantity]),
      ['uuid', 'uuid', 'int4'],
    )} as t (order_id, product_id, quantity)`);
}

/** Locks nothing: whoever ends them looks again under the lock. Index: reservation_expiry. */
export async function findExpired(tx: Reader, nowMs: number, limit: number): Promise<string[]> {
  const found = await tx.any(sql.type(orderIdRow)`
    select order_id from inventory.reservation where expires_at <= actors.from_ms(${nowMs})
    order by expires_at limit ${limit}`);
  return found.map(({ order_id }) => order_id);
}

const reservationTypes = ['uuid', 'text', 'bool', 'float8', 'jsonb', 'float8', 'float8'];

function reservationTuple(reservation: Reservation) {
  return [
    reservation.orderId,
    reservation.status,
    reservation.ownedBySaga,
    reservation.expiresAtMs,
    reservation.short === null ? null : JSON.stringify(reservation.short),
    reservation.createdAtMs,
    reservation.updatedAtMs,
  ];
}

function asReservation(
  found: Static<typeof ReservationRow>,
  items: readonly { readonly product_id: string; readonly quantity: number }[],
): Reservation {
  const short: readonly Short[] | null = found.refusal;
  return {
    orderId: found.order_id,
    status: found.status,
    ownedBySaga: found.owned_by_saga,
    expiresAtMs: found.expires_at,
    short,
    items: items.map(({ product_id, quantity }) => ({ productId: product_id, quantity })),
    createdAtMs: found.created_at,
    updatedAtMs: found.updated_at,
  };
}

const totalsRow = row(Type.Object({ on_hand: Type.Number(), reserved: Type.Number() }));

/** All pieces of all products. Reads the whole stock, a row per product. Locks nothing. */
export async function stockTotals(reader: Reader): Promise<{ readonly onHand: number; readonly reserved: number }> {
  const [totals] = await reader.any(sql.type(totalsRow)`
    select coalesce(sum(on_hand), 0)::float8 as on_hand, coalesce(sum(reserved), 0)::float8 as reserved
    from inventory.stock`);
  return { onHand: totals?.on_hand ?? 0, reserved: totals?.reserved ?? 0 };
}
