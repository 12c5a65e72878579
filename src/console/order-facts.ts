/** What everybody concerned has on record about one order, each by a key. Reads only. */
import { Type } from '@sinclair/typebox';
import type { CommonQueryMethods } from 'slonik';
import { row, sql } from '../persistence/sql.ts';

type Reader = Pick<CommonQueryMethods, 'any' | 'maybeOne'>;

const Text = Type.String();
const NullableText = Type.Union([Text, Type.Null()]);

const wakeRow = row(Type.Object({ due_at: Type.Number(), redeliveries: Type.Integer() }));

/** When the outbox looks at an actor next. Locks nothing. Index: wake_pkey. */
export function wakeOf(db: Reader, actorId: string) {
  return db.maybeOne(sql.type(wakeRow)`select due_at, redeliveries from actors.wake where actor_id = ${actorId}`);
}

const messageRow = row(
  Type.Object({
    id: Text,
    sender_id: Text,
    target_id: Text,
    event: Text,
    deliver_at: Type.Number(),
    due_at: Type.Number(),
    redeliveries: Type.Integer(),
  }),
);
const maxMessages = 100;

/** Events on their way to these actors, in the order sent. Locks nothing. Index: message_target. */
export function messagesTo(db: Reader, actorIds: readonly string[]) {
  return db.any(sql.type(messageRow)`
    select id::text as id, sender_id, target_id, event->>'type' as event, deliver_at, due_at, redeliveries
    from actors.message where target_id = any(${sql.array([...actorIds], 'text')})
    order by message.id limit ${maxMessages}`);
}

const operationRow = row(
  Type.Object({
    id: Text,
    event: Text,
    by: Text,
    why: Text,
    at: Type.Number(),
    settlement: Type.Unsafe<{ readonly voidedCents: number; readonly refundedCents: number } | null>(
      Type.Union([Type.Object({ voidedCents: Type.Integer(), refundedCents: Type.Integer() }), Type.Null()]),
    ),
  }),
);
const maxOperations = 100;

/** Who did what to an actor and why, newest first. Locks nothing. Index: operation_actor. */
export function operationsOn(db: Reader, actorId: string) {
  return db.any(sql.type(operationRow)`
    select id::text as id, event->>'type' as event, by, why, at, event->'settlement' as settlement
    from actors.operation where actor_id = ${actorId} order by operation.id desc limit ${maxOperations}`);
}

const Reservation = Type.Unsafe<'held' | 'refused' | 'released' | 'sold'>(Text);
const reservationRow = row(Type.Object({ status: Reservation }));

/** Locks nothing. Index: reservation_pkey. */
export function reservationOf(db: Reader, orderId: string) {
  return db.maybeOne(sql.type(reservationRow)`select status from inventory.reservation where order_id = ${orderId}`);
}

const stockRow = row(
  Type.Object({
    product_id: Text,
    name: NullableText,
    sku: NullableText,
    quantity: Type.Integer(),
    sold: Type.Boolean(),
    on_hand: Type.Union([Type.Integer(), Type.Null()]),
    reserved: Type.Union([Type.Integer(), Type.Null()]),
  }),
);

/** The stock of what was ordered. Locks nothing. Indexes: item_pkey, product_pkey, stock_pkey, movement_order_key. */
export function stockOf(db: Reader, orderId: string) {
  return db.any(sql.type(stockRow)`
    select i.product_id, p.name, p.sku, i.quantity, s.on_hand, s.reserved,
      exists (
        select from inventory.movement m
        where m.order_id = i.order_id and m.product_id = i.product_id and m.kind = 'sale'
      ) as sold
    from ledger.item i
    left join inventory.product p on p.id = i.product_id
    left join inventory.stock s on s.product_id = i.product_id
    where i.order_id = ${orderId} order by i.product_id`);
}

const PurchaseStatus = Type.Unsafe<'created' | 'confirmed' | 'cancelled'>(Text);
const purchaseRow = row(Type.Object({ status: PurchaseStatus }));

/** As the orders service has it. Locks nothing. Index: purchase_order_pkey. */
export function purchaseOrderOf(db: Reader, orderId: string) {
  return db.maybeOne(sql.type(purchaseRow)`select status from orders.purchase_order where id = ${orderId}`);
}

const findingRow = row(
  Type.Object({ id: Type.Integer(), kind: Text, state: Text, first_seen_at: Type.Number(), why: NullableText }),
);

/** What reconciliation found about it, newest first. Locks nothing. Index: finding_order. */
export function findingsAbout(db: Reader, orderId: string) {
  return db.any(sql.type(findingRow)`
    select id, kind, state, first_seen_at, why from reconciliation.finding where order_id = ${orderId} order by id desc`);
}
