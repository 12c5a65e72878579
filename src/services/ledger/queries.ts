/** Reads of the order ledger, and the one write that is not part of an actor's commit. */
import { type Static, Type } from '@sinclair/typebox';
import { classifyFault } from '../../persistence/faults.ts';
import type { DatabasePool, Tx } from '../../persistence/pool.ts';
import { row, sql } from '../../persistence/sql.ts';
import { type Order, type OrderStatus, orderStatuses, type Settlement, type StoredAnswer } from './entry.ts';

/** What a plain read needs: a transaction or the pool. */
export type Reader = Pick<Tx, 'any' | 'maybeOne'>;

const Text = Type.String();
const NullableText = Type.Union([Type.String(), Type.Null()]);
const Status = Type.Unsafe<OrderStatus>(Type.Union(orderStatuses.map((status) => Type.Literal(status))));

const OrderRow = Type.Object({
  id: Text,
  user_id: Text,
  status: Status,
  revision: Type.Integer(),
  items: Type.Array(Type.Object({ productId: Text, quantity: Type.Integer(), unitPriceCents: Type.Integer() })),
  currency: Text,
  total_cents: Type.Integer(),
  authorization_id: NullableText,
  decline_code: NullableText,
  authorized_cents: Type.Integer(),
  captured_cents: Type.Integer(),
  voided_cents: Type.Integer(),
  refunded_cents: Type.Integer(),
  expired_cents: Type.Integer(),
  settlement: Type.Unsafe<Settlement | null>(Type.Union([Type.Object({ by: Text }), Type.Null()])),
  order_state: Type.Unsafe<Order['orderState']>(Text),
  reservation_state: Type.Unsafe<Order['reservationState']>(Text),
  failure_code: NullableText,
  failure_detail: Type.Unsafe<NonNullable<Order['failure']>['detail']>(Type.Unknown()),
  created_at: Type.Number(),
  updated_at: Type.Number(),
  history_dropped_at: Type.Union([Type.Number(), Type.Null()]),
});
export const orderRow = row(OrderRow);

const AnswerColumns = {
  answer_kind: Type.Union([
    Type.Literal('authorized'),
    Type.Literal('declined'),
    Type.Literal('awaiting'),
    Type.Null(),
  ]),
  answer_body: NullableText,
  answer_location: NullableText,
};
const AnswerRow = Type.Object({ id: Text, ...AnswerColumns });
const answerRow = row(AnswerRow);
const keyedRow = row(Type.Object({ id: Text, idempotency_key: Text, fingerprint: Text, ...AnswerColumns }));
const privateRow = row(Type.Object({ id: Text, email: Text, payment_token: NullableText }));

/** An order whose saga the runtime has parked needs attention, wherever it stands. */
export const shownStatus = sql.fragment`case when e.park_reason is null then e.status else 'NEEDS_ATTENTION' end`;

export const orderColumns = sql.fragment`
  e.id, e.user_id, ${shownStatus} as status, e.revision, e.currency, e.total_cents, e.authorization_id, e.decline_code,
  e.authorized_cents, e.captured_cents, e.voided_cents, e.refunded_cents, e.expired_cents, e.settlement, e.order_state,
  e.reservation_state, e.failure_code, e.failure_detail, e.created_at, e.updated_at, e.history_dropped_at,
  (
    select jsonb_agg(
      jsonb_build_object('productId', product_id, 'quantity', quantity, 'unitPriceCents', unit_price_cents)
      order by product_id
    ) from ledger.item where order_id = e.id
  ) as items`;

/** Locks nothing. Indexes: entry_pkey, item_pkey. */
export async function findOrder(db: Reader, id: string): Promise<Order | null> {
  const found = await db.maybeOne(sql.type(orderRow)`select ${orderColumns} from ledger.entry e where e.id = ${id}`);
  return found && asOrder(found);
}

export interface KeyedEntry {
  readonly orderId: string;
  readonly fingerprint: string;
  readonly answer: StoredAnswer | null;
}

/** By key; what is not there is left out. Locks nothing. Index: entry_idempotency_key_key. */
export async function findByKeys(
  db: Reader,
  idempotencyKeys: readonly string[],
): Promise<ReadonlyMap<string, KeyedEntry>> {
  const found = await db.any(sql.type(keyedRow)`
    select id, idempotency_key, fingerprint, answer_kind, answer_body, answer_location
    from ledger.entry where idempotency_key = any(${sql.array([...idempotencyKeys], 'text')})`);
  return new Map(
    found.map((entry) => [
      entry.idempotency_key,
      { orderId: entry.id, fingerprint: entry.fingerprint, answer: asAnswer(entry) },
    ]),
  );
}

/** By order; what is not answered yet is left out. Locks nothing. Index: entry_pkey. */
export async function findAnswers(db: Reader, orderIds: readonly string[]): Promise<ReadonlyMap<string, StoredAnswer>> {
  const found = await db.any(sql.type(answerRow)`
    select id, answer_kind, answer_body, answer_location from ledger.entry where id = any(${sql.array([...orderIds], 'uuid')})`);
  return new Map(
    found.flatMap((entry) => {
      const answer = asAnswer(entry);
      return answer ? [[entry.id, answer]] : [];
    }),
  );
}

export interface Private {
  readonly email: string;
  readonly paymentToken: string | null;
}

/** By order: what must not leave this room but for the effect that needs it. Locks nothing. Index: entry_pkey. */
export async function findPrivate(db: Reader, orderIds: readonly string[]): Promise<ReadonlyMap<string, Private>> {
  const found = await db.any(sql.type(privateRow)`
    select id, email, payment_token from ledger.entry where id = any(${sql.array([...orderIds], 'uuid')})`);
  return new Map(found.map(({ id, email, payment_token }) => [id, { email, paymentToken: payment_token }]));
}

/** How long storing an answer waits for a commit that holds the entry; the request has waited long enough already. */
const answerLockTimeoutMs = 1_000;

/**
 * Stores an answer if there is none yet, in a transaction of its own; the first writer wins, here and in the projection.
 * Locks the entry alone. Index: entry_pkey.
 * @returns the answer that stands, or null when the entry stayed locked
 */
export async function storeAnswer(
  pool: Pick<DatabasePool, 'transaction'>,
  orderId: string,
  answer: StoredAnswer,
): Promise<StoredAnswer | null> {
  try {
    return await pool.transaction(async (tx) => {
      await tx.query(sql.typeAlias('void')`
        select set_config('lock_timeout', ${`${answerLockTimeoutMs}ms`}, true)`);
      await tx.query(sql.typeAlias('void')`
        update ledger.entry set answer_kind = ${answer.kind}, answer_body = ${answer.body},
          answer_location = ${answer.location}, answered_at = actors.clock()
        where id = ${orderId} and answer_kind is null`);
      // A second statement: it sees what was committed while the first waited.
      return (await findAnswers(tx, [orderId])).get(orderId) ?? null;
    });
  } catch (error) {
    if (classifyFault(error) === 'conflict') return null;
    throw error;
  }
}

function asAnswer(found: Static<typeof AnswerRow>): StoredAnswer | null {
  const { answer_kind: kind, answer_body: body, answer_location: location } = found;
  return kind === null || body === null ? null : { kind, body, location };
}

/** A row of `orderColumns` in the ledger's words. */
export function asOrder(found: Static<typeof OrderRow>): Order {
  return {
    id: found.id,
    userId: found.user_id,
    status: found.status,
    revision: found.revision,
    items: found.items,
    currency: found.currency,
    totalCents: found.total_cents,
    payment: {
      authorizationId: found.authorization_id,
      declineCode: found.decline_code,
      authorizedCents: found.authorized_cents,
      capturedCents: found.captured_cents,
      voidedCents: found.voided_cents,
      refundedCents: found.refunded_cents,
      expiredCents: found.expired_cents,
      settlement: found.settlement,
    },
    orderState: found.order_state,
    reservationState: found.reservation_state,
    failure: found.failure_code === null ? null : { code: found.failure_code, detail: found.failure_detail },
    createdAtMs: found.created_at,
    updatedAtMs: found.updated_at,
    historyDroppedAtMs: found.history_dropped_at,
  };
}
