/** What the gateway does in one statement, for many calls: a statement is its own transaction, and takes effect in all or none. */
import { Type } from '@sinclair/typebox';
import type { CommonQueryMethods } from 'slonik';
import { row, sql } from '../../persistence/sql.ts';
import type { Decision, Payment } from './decisions.ts';
import type { Question } from './queries.ts';
import type { Scenario } from './scenario.ts';

export interface Opening {
  readonly question: Question;
  readonly decision: Decision;
  readonly payment: Payment;
  readonly userId: string;
  readonly requestedCents: number;
  readonly scenario: Scenario;
}

export interface Move {
  readonly question: Question;
  readonly decision: Decision;
  /** As it was when it was decided upon. */
  readonly read: Payment;
}

const claimedRow = row(Type.Object({ operation: Type.String(), key: Type.String() }));

const askedTypes = ['text', 'text', 'text', 'text', 'text'];
const asked = ({ question, decision }: { readonly question: Question; readonly decision: Decision }) => [
  question.operation,
  question.key,
  question.fingerprint,
  question.traceId,
  JSON.stringify(decision.answer),
];
const askedColumns = sql.fragment`operation, key, fingerprint, trace_id, answer`;

/**
 * Opens payments, of different keys, with their ledger entries and remembered answers, each if its key is new. Waits for
 * concurrent calls with those keys. Locks what it inserts, in the order of the keys.
 * @returns for each whether its key was new; if not, nothing was written of it, see `remembered`
 */
export async function openOnce(db: CommonQueryMethods, openings: readonly Opening[]): Promise<boolean[]> {
  const tuples = openings.map((opening) => [
    ...asked(opening),
    opening.payment.authorizationId,
    opening.userId,
    opening.payment.currency,
    opening.payment.status,
    opening.scenario.declineCode,
    opening.requestedCents,
    opening.payment.authorizedCents,
    opening.scenario.onCapture,
    opening.scenario.flakyCalls,
    opening.scenario.voidFaults,
    opening.scenario.refundFaults,
  ]);
  const types = ['uuid', 'uuid', 'text', 'text', 'text', 'int4', 'int4', 'text', 'int4', 'int4', 'int4'];
  const claimed = await db.any(sql.type(claimedRow)`
    with asked as materialized (
      select * from ${sql.unnest(tuples, [...askedTypes, ...types])} as t (${askedColumns}, authorization_id, user_id,
        currency, status, decline_code, requested_cents, authorized_cents, on_capture, flaky_calls, void_faults,
        refund_faults)
    ), claimed as (
      ${claim(sql.fragment`asked`)}
    ), opened as (
      insert into payments.payment (authorization_id, authorize_key, user_id, currency, status, decline_code,
        requested_cents, authorized_cents, on_capture, flaky_calls, void_faults, refund_faults)
      select authorization_id, key, user_id, currency, status, decline_code, requested_cents, authorized_cents, on_capture,
        flaky_calls, void_faults, refund_faults
      from asked join claimed using (operation, key)
    ), ${enteredIfClaimed(openings.map(({ payment, ...opening }) => ({ ...opening, id: payment.authorizationId })))}
    select operation, key from claimed`);
  return among(openings, claimed);
}

/**
 * What was decided about payments, each another one, as they were read, with their remembered answers: each if its payment
 * still stands so, its key is new, and nobody else is at it: who is would otherwise hold up all of them. Locks the payments,
 * then the new request rows in the order of their keys. Indexes: payment_pkey, request_pkey.
 * @returns for each whether it was done; if not, nothing was written of it
 */
export async function moveOnce(db: CommonQueryMethods, moves: readonly Move[]): Promise<boolean[]> {
  const tuples = moves.map((move) => {
    const { read } = move;
    const next = move.decision.next ?? read;
    return [
      ...asked(move),
      read.authorizationId,
      read.status,
      read.capturedCents,
      read.voidedCents,
      read.refundedCents,
      read.expiredCents,
      move.decision.next !== null,
      next.status,
      next.capturedCents,
      next.voidedCents,
      next.refundedCents,
      next.expiredCents,
    ];
  });
  const standing = ['text', 'int4', 'int4', 'int4', 'int4'];
  const ids = sql.array(
    moves.map(({ read }) => read.authorizationId),
    'uuid',
  );
  const claimed = await db.any(sql.type(claimedRow)`
    with asked as (
      select * from ${sql.unnest(tuples, [...askedTypes, 'uuid', ...standing, 'bool', ...standing])} as t (${askedColumns},
        authorization_id, read_status, read_captured, read_voided, read_refunded, read_expired,
        moves, status, captured_cents, voided_cents, refunded_cents, expired_cents)
    ), locked as materialized (
      select authorization_id, status, captured_cents, voided_cents, refunded_cents, expired_cents
      from payments.payment where authorization_id = any(${ids}) for no key update skip locked
    ), still as (
      select asked.* from asked join locked using (authorization_id)
      where locked.status = read_status and locked.captured_cents = read_captured
        and locked.voided_cents = read_voided and locked.refunded_cents = read_refunded
        and locked.expired_cents = read_expired
    ), claimed as (
      ${claim(sql.fragment`still`)}
    ), moved as (
      update payments.payment p set status = still.status, captured_cents = still.captured_cents,
        voided_cents = still.voided_cents, refunded_cents = still.refunded_cents, expired_cents = still.expired_cents,
        updated_at = clock_timestamp()
      from still join claimed using (operation, key)
      where p.authorization_id = still.authorization_id and p.authorization_id = any(${ids}) and still.moves
    ), ${enteredIfClaimed(moves.map(({ read, ...move }) => ({ ...move, id: read.authorizationId })))}
    select operation, key from claimed`);
  return among(moves, claimed);
}

function claim(relation: ReturnType<typeof sql.fragment>) {
  return sql.fragment`
      insert into payments.request (operation, key, fingerprint, trace_id, answer)
      select operation, key, fingerprint, trace_id, answer::json from ${relation} order by operation, key
      on conflict (operation, key) do nothing
      returning operation, key`;
}

interface Entering {
  readonly question: Question;
  readonly decision: Decision;
  /** Of the authorization. */
  readonly id: string;
}

/** Entries of a call stand one after the other. */
function enteredIfClaimed(entering: readonly Entering[]) {
  const entries = entering.flatMap(({ question, decision, id }) =>
    decision.entries.map(({ kind, amountCents }) => [question.operation, question.key, id, kind, amountCents]),
  );
  return sql.fragment`entered as (
      insert into payments.entry (authorization_id, kind, key, amount_cents)
      select authorization_id, kind, key, amount_cents
      from ${sql.unnest(entries, ['text', 'text', 'uuid', 'text', 'int4'])} with ordinality
        as t (operation, key, authorization_id, kind, amount_cents, n)
      join claimed using (operation, key)
      order by n
    )`;
}

function among(
  calls: readonly { readonly question: Question }[],
  claimed: readonly { readonly operation: string; readonly key: string }[],
): boolean[] {
  const known = new Set(claimed.map(({ operation, key }) => `${operation} ${key}`));
  return calls.map(({ question }) => known.has(`${question.operation} ${question.key}`));
}
