/** Derives the ledger's public record of an order from its saga's transitions, in their commits. */
import { type Static, Type } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import {
  outcomeOfEvent,
  type ParkingProjection,
  type ProjectedTransition,
  type Projection,
} from '../../actors/index.ts';
import type { Tx } from '../../persistence/pool.ts';
import { sql } from '../../persistence/sql.ts';
import { type Decided, renderAnswer } from './answer-routes.ts';
import { isOrderStatus, type Order, type OrderStatus, traceIdOf } from './entry.ts';

/**
 * For the machine `order`: status, revision, payment record and failure follow every transition. On the one that leaves
 * the authorization the answer to the idempotency key is stored, unless there is one already, and the payment token is
 * deleted, all by one statement for the whole batch. An order started without an entry has none to update.
 */
export const orderProjection: Projection<Tx> = async (tx, transitions, nowMs) => {
  // The entry is inserted in this same transaction as its first transition would leave it.
  const moves = transitions.filter(({ from }) => from !== null).map(changeOf);
  if (moves.length > 0) await updateEntries(tx, moves, nowMs);
};

/** Besides a join, for the planner, which may otherwise go through the whole table. */
const keysOf = (ids: readonly string[]) => sql.array([...ids], 'uuid');

/** An order whose saga the runtime has parked needs attention, until it is let go on. Index: entry_pkey; HOT. */
export const orderParkingProjection: ParkingProjection<Tx> = async (tx, parkings, nowMs) => {
  const tuples = parkings.map(({ actorId, parking }) => [actorId, parking && parking.reason]);
  await tx.query(sql.typeAlias('void')`
    update ledger.entry e set park_reason = t.park_reason, updated_at = actors.from_ms(${nowMs})
    from ${sql.unnest(tuples, ['uuid', 'text'])} as t (id, park_reason)
    where e.id = t.id and e.id = any(${keysOf(parkings.map(({ actorId }) => actorId))})`);
};

interface Change {
  readonly id: string;
  readonly revision: number;
  readonly status: OrderStatus;
  readonly known: Static<typeof Known>;
  /** Null: as it was. */
  readonly orderState: Order['orderState'] | null;
  readonly reservationState: Order['reservationState'] | null;
  readonly answer: Decided | null;
}

/** What the saga's context says that the outside may know. */
const Known = Type.Object({
  payment: Type.Object({
    authorizationId: Type.Union([Type.String(), Type.Null()]),
    declineCode: Type.Union([Type.String(), Type.Null()]),
    authorizedCents: Type.Integer(),
    capturedCents: Type.Integer(),
    voidedCents: Type.Integer(),
    refundedCents: Type.Integer(),
    expiredCents: Type.Integer(),
    settlement: Type.Union([Type.Object({}), Type.Null()]),
  }),
  failure: Type.Union([Type.Object({ code: Type.String(), detail: Type.Unknown() }), Type.Null()]),
});
const known = TypeCompiler.Compile(Known);

const awaiting: OrderStatus = 'AWAITING_AUTHORIZATION';

/** @throws when the machine no longer says what the ledger is to show, which parks that actor and no other */
function changeOf(transition: ProjectedTransition): Change {
  const { actorId, revision, from, to, context } = transition;
  const status = to.meta['status'];
  if (!isOrderStatus(status)) throw new Error(`the state ${to.path} has no public status`);
  if (!known.Check(context)) throw new Error(`the context in ${to.path} lacks the payment record`);
  const settled = outcomeOfEvent(transition.event)?.outcome === 'done' ? from?.meta['effect'] : undefined;
  return {
    id: actorId,
    revision,
    status,
    known: context,
    orderState: orderStateAfter(settled),
    reservationState: reservationStateAfter(settled),
    answer: mayAwait(from) && status !== awaiting ? answerTo(transition, status, context) : null,
  };
}

/** From a version that is gone nobody knows: an answer that is there already stays anyway. */
function mayAwait(from: ProjectedTransition['from']): boolean {
  const status = from?.meta['status'];
  return status === awaiting || status === undefined;
}

function answerTo(transition: ProjectedTransition, status: OrderStatus, { payment }: Static<typeof Known>): Decided {
  const orderId = transition.actorId;
  if (status === 'AUTHORIZATION_FAILED') {
    const declineCode = payment.declineCode ?? 'unknown';
    return { kind: 'declined', orderId, declineCode, traceId: traceIdOf(transition.traceparent) ?? noTrace };
  }
  // Authorized though it was cancelled meanwhile: the authorization did succeed. Without one it is to be voided.
  return { kind: payment.authorizationId === null ? 'awaiting' : 'authorized', orderId };
}

const noTrace = '0'.repeat(32);

/** @param settled the effect that is done with this transition, if one is */
function orderStateAfter(settled: unknown): Change['orderState'] {
  switch (settled) {
    case 'orders.create':
      return 'created';
    case 'orders.confirm':
      return 'confirmed';
    case 'orders.cancel':
      return 'cancelled';
    default:
      return null;
  }
}

function reservationStateAfter(settled: unknown): Change['reservationState'] {
  switch (settled) {
    case 'inventory.reserve':
      return 'reserved';
    case 'inventory.release':
      return 'released';
    case 'inventory.commit':
      return 'sold';
    default:
      return null;
  }
}

/**
 * Entries move under their actors' locks, which this transaction holds; besides, only a request that stores an answer
 * locks one, alone. No indexed column changes, so the update is HOT. Index: entry_pkey.
 */
async function updateEntries(tx: Tx, changes: readonly Change[], nowMs: number): Promise<void> {
  await tx.query(sql.typeAlias('void')`
    update ledger.entry e set
      revision = t.revision, status = t.status, updated_at = actors.from_ms(${nowMs}),
      authorization_id = t.authorization_id, decline_code = t.decline_code, authorized_cents = t.authorized_cents,
      captured_cents = t.captured_cents, voided_cents = t.voided_cents, refunded_cents = t.refunded_cents,
      expired_cents = t.expired_cents, settlement = t.settlement, failure_code = t.failure_code,
      failure_detail = t.failure_detail, order_state = coalesce(t.order_state, e.order_state),
      reservation_state = coalesce(t.reservation_state, e.reservation_state),
      payment_token = case when t.status = ${awaiting} then e.payment_token end,
      answer_kind = case when e.answer_kind is null then t.answer_kind else e.answer_kind end,
      answer_body = case when e.answer_kind is null then t.answer_body else e.answer_body end,
      answer_location = case when e.answer_kind is null then t.answer_location else e.answer_location end,
      answered_at = case when e.answer_kind is null and t.answer_kind is not null then actors.from_ms(${nowMs})
        else e.answered_at end
    from ${sql.unnest(changes.map(tupleOf), changeTypes)} as t (id, revision, status, authorization_id, decline_code,
      authorized_cents, captured_cents, voided_cents, refunded_cents, expired_cents, settlement, failure_code,
      failure_detail, order_state, reservation_state, answer_kind, answer_body, answer_location)
    where e.id = t.id and e.id = any(${keysOf(changes.map(({ id }) => id))})`);
}

const cents = 'int4';
// prettier-ignore
const changeTypes = [
  'uuid', 'int4', 'text', 'text', 'text', cents, cents, cents, cents, cents, 'jsonb', 'text', 'jsonb', 'text', 'text',
  'text', 'text', 'text',
];

function tupleOf({ id, revision, status, known: { payment, failure }, orderState, reservationState, answer }: Change) {
  const rendered = answer && renderAnswer(answer);
  return [
    id,
    revision,
    status,
    payment.authorizationId,
    payment.declineCode,
    payment.authorizedCents,
    payment.capturedCents,
    payment.voidedCents,
    payment.refundedCents,
    payment.expiredCents,
    payment.settlement && JSON.stringify(payment.settlement),
    failure && failure.code,
    failure && JSON.stringify(failure.detail),
    orderState,
    reservationState,
    rendered && rendered.kind,
    rendered && rendered.body,
    rendered && rendered.location,
  ];
}
