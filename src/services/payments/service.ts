/**
 * The fake payment gateway: authorize, capture, void and refund, each once per idempotency key, durably.
 * Everything a call does, its ledger entries and its remembered answer commit together.
 */
import { createHash } from 'node:crypto';
import { groupedReads, groupedWrites } from '../../persistence/grouped.ts';
import type { DatabasePool, Tx } from '../../persistence/pool.ts';
import { type Move, moveOnce, type Opening, openOnce } from './at-once.ts';
import {
  type Answer,
  type Decision,
  decideAuthorize,
  decideCapture,
  decideRefund,
  decideVoid,
  nothingToVoid,
  type Payment,
  voidedBeforehand,
} from './decisions.ts';
import * as queries from './queries.ts';
import type { Movement, Question, StoredPayment } from './queries.ts';
import { faultsOf, type Operation, type Scenario, scenarioOf } from './scenario.ts';

export type { Movement, StoredPayment };

/** What every call carries: its idempotency key and the trace it belongs to. */
export interface Call {
  readonly key: string;
  readonly traceId: string;
}

export interface Authorize extends Call {
  readonly userId: string;
  readonly amountCents: number;
  readonly currency: string;
  /** Chooses the scenario; kept nowhere. */
  readonly token: string;
}

/** `amountCents` null: all of it. */
export interface AmountCall extends Call {
  readonly authorizationId: string;
  readonly amountCents: number | null;
}

export type Reply =
  | {
      readonly type: 'answered';
      readonly answer: Answer;
      /** Trace of the call that was answered first. */
      readonly traceId: string;
      /** The key was answered before; nothing happened now. */
      readonly replayed: boolean;
      /** It happened, but by its scenario this answer must not reach the caller. */
      readonly withheld: boolean;
    }
  | { readonly type: 'key_reused' }
  | { readonly type: 'not_found' }
  /** Struck by its scenario before anything happened. */
  | { readonly type: 'unavailable' };

/**
 * Each call takes effect at most once per key, and answers a repeat of it as it did the first time: concurrent calls
 * with one key wait for the first. Keys are kept per operation, forever. Nothing is remembered of `key_reused`,
 * `not_found` and `unavailable`.
 */
export interface PaymentService {
  authorize(call: Authorize): Promise<Reply>;
  capture(call: AmountCall): Promise<Reply>;
  refund(call: AmountCall): Promise<Reply>;
  voidById(call: Call & { readonly authorizationId: string }): Promise<Reply>;
  /** Voids what was authorized under a key, or makes sure that nothing ever will be. */
  voidByKey(call: Call & { readonly authorizeKey: string }): Promise<Reply>;
  find(authorizationId: string): Promise<StoredPayment | null>;
  findByKey(authorizeKey: string): Promise<StoredPayment | null>;
  /** Newest first, from the one after `before` on (null: from the newest). A payment that is new meanwhile comes before. */
  list(page: { readonly before: string | null; readonly limit: number }): Promise<readonly StoredPayment[]>;
  /** The ledger, newest first, from the line after `before` on. A line may still come behind one that was listed, a moment later. */
  movements(page: { readonly before: string | null; readonly limit: number }): Promise<readonly Movement[]>;
}

export interface PaymentServiceOptions {
  readonly pool: DatabasePool;
  /** Fresh UUIDs (v7). */
  readonly newId: () => string;
  /** A statement for many calls failed; each is tried again alone. */
  readonly onSplit: (error: unknown) => void;
}

/** The calls that every order makes share statements. */
interface Gateway {
  readonly pool: DatabasePool;
  readonly newId: () => string;
  readonly find: (authorizationId: string) => Promise<StoredPayment | null>;
  readonly open: (opening: Opening) => Promise<boolean>;
  readonly move: (move: Move) => Promise<boolean>;
}

export function paymentService({ pool, newId, onSplit }: PaymentServiceOptions): PaymentService {
  const found = groupedReads((ids) => queries.findPayments(pool, ids));
  const gateway: Gateway = {
    pool,
    newId,
    find: (authorizationId) => found(authorizationId.toLowerCase()),
    open: groupedWrites({
      write: (openings) => openOnce(pool, openings),
      keysOf: ({ question }) => [question.key],
      onSplit,
    }),
    move: groupedWrites({
      write: (moves) => moveOnce(pool, moves),
      keysOf: ({ question, read }) => [`${question.operation} ${question.key}`, read.authorizationId],
      onSplit,
    }),
  };
  return {
    authorize: (call) => authorize(gateway, call),
    capture: (call) =>
      onPayment(gateway, 'capture', call, (payment, { onCapture }) =>
        decideCapture(payment, onCapture, call.amountCents),
      ),
    refund: (call) => onPayment(gateway, 'refund', call, (payment) => decideRefund(payment, call.amountCents)),
    voidById: (call) => voidById(gateway, call),
    voidByKey: (call) => voidByKey(pool, call),
    find: gateway.find,
    findByKey: (authorizeKey) => queries.findPaymentByKey(pool, authorizeKey),
    list: (page) => queries.listPayments(pool, page),
    movements: (page) => queries.listMovements(pool, page),
  };
}

async function authorize({ pool, newId, open }: Gateway, call: Authorize): Promise<Reply> {
  const scenario = scenarioOf(call.token);
  if (await struck(pool, 'authorize', call.key, scenario)) return { type: 'unavailable' };
  const { userId, amountCents, currency, token } = call;
  const question = questionOf('authorize', call, [userId, amountCents, currency, token]);
  const decision = decideAuthorize(call, scenario, newId());
  if (await open({ question, decision, payment: decision.next, userId, requestedCents: amountCents, scenario }))
    return first(question, decision);
  return repeated(question, await queries.remembered(pool, question));
}

async function onPayment(
  gateway: Gateway,
  operation: 'capture' | 'refund',
  call: AmountCall,
  decide: (payment: Payment, scenario: Scenario) => Decision,
): Promise<Reply> {
  const found = await gateway.find(call.authorizationId);
  if (!found) return { type: 'not_found' };
  if (await struck(gateway.pool, operation, found.authorizeKey, found)) return { type: 'unavailable' };
  const question = questionOf(operation, call, ['by id', found.authorizationId, call.amountCents]);
  const reply = await settle(gateway, question, found, (payment) => decide(payment, found));
  return operation === 'capture' ? withholdFirst(reply, found) : reply;
}

/** Mostly nothing has happened to the payment since it was read: then what was decided is done in one statement. */
async function settle(
  { pool, move }: Gateway,
  question: Question,
  found: StoredPayment,
  decide: (payment: Payment) => Decision,
): Promise<Reply> {
  const read = bare(found);
  const decision = decide(read);
  if (await move({ question, decision, read })) return first(question, decision);
  return pool.transaction(async (tx) => {
    const payment = await lockFound(tx, found);
    return claimed(tx, question, () => record(tx, question, decide(payment)));
  });
}

async function voidById({ pool, find }: Gateway, call: Call & { readonly authorizationId: string }): Promise<Reply> {
  const found = await find(call.authorizationId);
  if (!found) return { type: 'not_found' };
  if (await struck(pool, 'void', found.authorizeKey, found)) return { type: 'unavailable' };
  const question = questionOf('void', call, ['by id', found.authorizationId, null]);
  return pool.transaction((tx) =>
    claimed(tx, question, async () => record(tx, question, decideVoid(await lockFound(tx, found)))),
  );
}

async function lockFound(tx: Tx, { authorizeKey }: StoredPayment): Promise<Payment> {
  const payment = await queries.lockPayment(tx, authorizeKey);
  if (!payment) throw new Error('payments are never deleted, yet one is gone');
  return bare(payment);
}

async function voidByKey(pool: DatabasePool, call: Call & { readonly authorizeKey: string }): Promise<Reply> {
  const { authorizeKey, traceId } = call;
  const found = await queries.findPaymentByKey(pool, authorizeKey);
  if (found && (await struck(pool, 'void', authorizeKey, found))) return { type: 'unavailable' };
  const question = questionOf('void', call, ['by key', authorizeKey]);
  return pool.transaction((tx) =>
    claimed(tx, question, async () => {
      // The authorize key itself decides the race: either this comes first, and a late authorize finds its answer
      // there, or it waits for the authorize to commit, and then finds the payment.
      const nothingYet = await queries.claimForGood(tx, authorizeKey, voidedBeforehand, traceId);
      const payment = nothingYet ? null : await queries.lockPayment(tx, authorizeKey);
      return record(tx, question, payment ? decideVoid(bare(payment)) : nothingToVoid);
    }),
  );
}

/** Answers a key: by `work` if it is new, else with what was answered first, or not at all to another question. */
async function claimed(tx: Tx, question: Question, work: () => Promise<Decision>): Promise<Reply> {
  if (await queries.claimKey(tx, question)) return first(question, await work());
  return repeated(question, await queries.remembered(tx, question));
}

function first({ traceId }: Question, { answer }: Decision): Reply {
  return { type: 'answered', answer, traceId, replayed: false, withheld: false };
}

function repeated(question: Question, { fingerprint, answer, traceId }: queries.Remembered): Reply {
  if (fingerprint !== null && fingerprint !== question.fingerprint) return { type: 'key_reused' };
  return { type: 'answered', answer, traceId, replayed: true, withheld: false };
}

async function record(tx: Tx, question: Question, decision: Decision): Promise<Decision> {
  if (decision.next) await queries.recordMove(tx, question, decision.next, decision);
  else await queries.recordAnswer(tx, question, decision);
  return decision;
}

/** The payment without what is not for its caller: answers are stored and sent as they are. */
function bare(stored: StoredPayment): Payment {
  const { authorizationId, status, currency } = stored;
  const { authorizedCents, capturedCents, voidedCents, refundedCents, expiredCents } = stored;
  return {
    authorizationId,
    status,
    currency,
    authorizedCents,
    capturedCents,
    voidedCents,
    refundedCents,
    expiredCents,
  };
}

/** Whether a scenario answers this call with a fault. Before any transaction: a fault must count, and do nothing else. */
async function struck(pool: DatabasePool, operation: Operation, authorizeKey: string, scenario: Scenario) {
  const limit = faultsOf(scenario, operation);
  return limit > 0 && (await queries.strike(pool, { authorizeKey, operation, limit }));
}

function withholdFirst(reply: Reply, { onCapture }: Scenario): Reply {
  const withheld =
    onCapture === 'time_out' && reply.type === 'answered' && reply.answer.type === 'done' && !reply.replayed;
  return withheld ? { ...reply, withheld } : reply;
}

function questionOf(operation: Operation, call: Call, asked: readonly (string | number | null)[]): Question {
  // A digest, since what was asked may hold the payment token.
  const fingerprint = createHash('sha256').update(JSON.stringify(asked)).digest('hex');
  return { operation, key: call.key, fingerprint, traceId: call.traceId };
}
