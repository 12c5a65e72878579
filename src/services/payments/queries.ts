/**
 * The gateway's SQL. Lock order: a void's own key, the authorize key that it names, the payment row, then the own key of a
 * capture or refund. Keys are of an operation, so one of a void is never one of a capture.
 */
import { type Static, Type } from '@sinclair/typebox';
import type { CommonQueryMethods } from 'slonik';
import type { Tx } from '../../persistence/pool.ts';
import { row, sql } from '../../persistence/sql.ts';
import { Answer, type Decision, type Payment, PaymentStatus } from './decisions.ts';
import type { Operation } from './scenario.ts';

/** A call as the gateway remembers it. The fingerprint is of everything that was asked but the key. */
export interface Question {
  readonly operation: Operation;
  readonly key: string;
  readonly fingerprint: string;
  readonly traceId: string;
}

const PaymentRow = Type.Object({
  authorizationId: Type.String(),
  authorizeKey: Type.String(),
  userId: Type.String(),
  currency: Type.String(),
  status: PaymentStatus,
  declineCode: Type.Union([Type.String(), Type.Null()]),
  requestedCents: Type.Integer(),
  authorizedCents: Type.Integer(),
  capturedCents: Type.Integer(),
  voidedCents: Type.Integer(),
  refundedCents: Type.Integer(),
  expiredCents: Type.Integer(),
  onCapture: Type.Union([
    Type.Literal('succeed'),
    Type.Literal('time_out'),
    Type.Literal('decline'),
    Type.Literal('expire'),
  ]),
  flakyCalls: Type.Integer(),
  voidFaults: Type.Integer(),
  refundFaults: Type.Integer(),
  createdAtMs: Type.Number(),
  updatedAtMs: Type.Number(),
});
/** A payment as stored, with the scenario that its token chose. */
export type StoredPayment = Static<typeof PaymentRow>;

const paymentRow = row(PaymentRow);
const keyRow = row(Type.Object({ key: Type.String() }));
const struckRow = row(Type.Object({ struck: Type.Integer() }));
const RememberedRow = Type.Object({
  fingerprint: Type.Union([Type.String(), Type.Null()]),
  answer: Answer,
  traceId: Type.String(),
});
const rememberedRow = row(RememberedRow);
/** A null fingerprint: answered before anybody asked. */
export type Remembered = Static<typeof RememberedRow>;

const paymentColumns = sql.fragment`
  authorization_id as "authorizationId", authorize_key as "authorizeKey", user_id as "userId", currency, status,
  decline_code as "declineCode", requested_cents as "requestedCents", authorized_cents as "authorizedCents",
  captured_cents as "capturedCents", voided_cents as "voidedCents", refunded_cents as "refundedCents",
  expired_cents as "expiredCents", on_capture as "onCapture", flaky_calls as "flakyCalls",
  void_faults as "voidFaults", refund_faults as "refundFaults", created_at as "createdAtMs",
  updated_at as "updatedAtMs"`;

/** Locks nothing. Index: payment_pkey. @returns those that there are, by authorization id */
export async function findPayments(
  db: CommonQueryMethods,
  authorizationIds: readonly string[],
): Promise<ReadonlyMap<string, StoredPayment>> {
  const found = await db.any(sql.type(paymentRow)`
    select ${paymentColumns} from payments.payment where authorization_id = any(${sql.array([...authorizationIds], 'uuid')})`);
  return new Map(found.map((payment) => [payment.authorizationId, payment]));
}

/** Locks nothing. Index: payment_authorize_key_key. */
export function findPaymentByKey(db: CommonQueryMethods, authorizeKey: string): Promise<StoredPayment | null> {
  return db.maybeOne(sql.type(paymentRow)`
    select ${paymentColumns} from payments.payment where authorize_key = ${authorizeKey}`);
}

/**
 * Newest first: authorization ids are UUIDs of version 7. Locks nothing. Index: payment_pkey, backwards.
 * @param before only payments before this one; null: from the newest on
 */
export async function listPayments(
  db: CommonQueryMethods,
  { before, limit }: { readonly before: string | null; readonly limit: number },
): Promise<readonly StoredPayment[]> {
  const from = before === null ? sql.fragment`true` : sql.fragment`authorization_id < ${before}`;
  return db.any(sql.type(paymentRow)`
    select ${paymentColumns} from payments.payment where ${from} order by authorization_id desc limit ${limit}`);
}

const MovementRow = Type.Object({
  id: Type.String(),
  authorizationId: Type.String(),
  authorizeKey: Type.String(),
  kind: Type.String(),
  amountCents: Type.Integer(),
  atMs: Type.Number(),
  authorizedAtMs: Type.Number(),
});
/** A line of the ledger, with what it is about. */
export type Movement = Static<typeof MovementRow>;
const movementRow = row(MovementRow);

/**
 * The ledger, newest first. Locks nothing. Indexes: entry_pkey, backwards, and payment_pkey.
 * @param before only lines before this one; null: from the newest on
 */
export async function listMovements(
  db: CommonQueryMethods,
  { before, limit }: { readonly before: string | null; readonly limit: number },
): Promise<readonly Movement[]> {
  const from = before === null ? sql.fragment`true` : sql.fragment`e.id < ${before}::int8`;
  return db.any(sql.type(movementRow)`
    select e.id::text as id, e.authorization_id as "authorizationId", p.authorize_key as "authorizeKey", e.kind,
      e.amount_cents as "amountCents", e.at as "atMs", p.created_at as "authorizedAtMs"
    from (select * from payments.entry e where ${from} order by id desc limit ${limit}) e
    join payments.payment p using (authorization_id) order by e.id desc`);
}

/** Locks the payment, if there is one. Index: payment_authorize_key_key. */
export function lockPayment(tx: Tx, authorizeKey: string): Promise<StoredPayment | null> {
  return tx.maybeOne(sql.type(paymentRow)`
    select ${paymentColumns} from payments.payment where authorize_key = ${authorizeKey} for no key update`);
}

/**
 * Takes a key for its first call. Waits for a concurrent call with that key, whose answer is there afterwards.
 * Locks the new row (request_pkey).
 * @returns false: it was answered before, see `remembered`
 */
export async function claimKey(tx: Tx, question: Question): Promise<boolean> {
  const claimed = await tx.maybeOne(sql.type(keyRow)`
    insert into payments.request (operation, key, fingerprint, trace_id)
    values (${question.operation}, ${question.key}, ${question.fingerprint}, ${question.traceId})
    on conflict (operation, key) do nothing
    returning key`);
  return claimed !== null;
}

/**
 * Answers an authorize key before any authorize has come with it. Waits for one that is on its way.
 * Locks the new row (request_pkey).
 * @returns false: the key was answered before, by an authorize or in this same way
 */
export async function claimForGood(tx: Tx, authorizeKey: string, answer: Answer, traceId: string): Promise<boolean> {
  const claimed = await tx.maybeOne(sql.type(keyRow)`
    insert into payments.request (operation, key, fingerprint, answer, trace_id)
    values ('authorize', ${authorizeKey}, null, ${sql.json(answer)}, ${traceId})
    on conflict (operation, key) do nothing
    returning key`);
  return claimed !== null;
}

/** What was answered under a key that `claimKey` did not get. Locks nothing. Index: request_pkey. */
export function remembered(db: CommonQueryMethods, question: Question): Promise<Remembered> {
  return db.one(sql.type(rememberedRow)`
    select fingerprint, answer, trace_id as "traceId"
    from payments.request
    where operation = ${question.operation} and key = ${question.key}`);
}

/** Moves a locked payment with its ledger entries, and stores the answer. Index: payment_pkey, request_pkey. */
export async function recordMove(tx: Tx, question: Question, next: Payment, decision: Decision): Promise<void> {
  await tx.query(sql.typeAlias('void')`
    with moved as (
      update payments.payment set ${movedTo(next)} where authorization_id = ${next.authorizationId}
    ), ${entered(question, next.authorizationId, decision)}
    ${answered(question, decision)}`);
}

/** Stores an answer that moved nothing. Index: request_pkey. */
export async function recordAnswer(tx: Tx, question: Question, decision: Decision): Promise<void> {
  await tx.query(sql.typeAlias('void')`${answered(question, decision)}`);
}

/**
 * Lets a scenario's fault strike, as long as it has struck fewer than `limit` times; counted durably, in a statement of
 * its own. Locks the counter (fault_pkey).
 */
export async function strike(
  db: CommonQueryMethods,
  fault: { readonly authorizeKey: string; readonly operation: Operation; readonly limit: number },
): Promise<boolean> {
  const struck = await db.maybeOne(sql.type(struckRow)`
    insert into payments.fault as fault (authorize_key, operation, struck)
    values (${fault.authorizeKey}, ${fault.operation}, 1)
    on conflict (authorize_key, operation) do update set struck = fault.struck + 1 where fault.struck < ${fault.limit}
    returning struck`);
  return struck !== null;
}

function movedTo(next: Payment) {
  return sql.fragment`status = ${next.status}, captured_cents = ${next.capturedCents}, voided_cents = ${next.voidedCents},
        refunded_cents = ${next.refundedCents}, expired_cents = ${next.expiredCents}, updated_at = clock_timestamp()`;
}

function entered(question: Question, authorizationId: string, decision: Decision) {
  const entries = decision.entries.map(({ kind, amountCents }) => [authorizationId, kind, question.key, amountCents]);
  return sql.fragment`entered as (
      insert into payments.entry (authorization_id, kind, key, amount_cents)
      select * from ${sql.unnest(entries, ['uuid', 'text', 'text', 'int4'])}
    )`;
}

function answered(question: Question, decision: Decision) {
  return sql.fragment`
    update payments.request
    set answer = ${sql.json(decision.answer)}
    where operation = ${question.operation} and key = ${question.key}`;
}
