/** Compares the books of some orders, keeps what it finds, and sets right what has one right answer. */
import { isDeepStrictEqual } from 'node:util';
import type { DatabasePool } from '../persistence/pool.ts';
import type { MoneyRecord } from '../services/ledger/money.ts';
import { type Amounts, type Books, driftOf, type GatewayPayment, isAtRest, type SagaMoney } from './drift.ts';
import * as findings from './findings.ts';
import type { Finding, Seen } from './findings.ts';
import type { GatewayBooks } from './gateway-books.ts';
import { heal } from './heal.ts';

/** What reconciliation tells of itself. Must not throw. */
export interface ReconciliationObserver {
  found(finding: Finding): void;
  closed(finding: Finding): void;
  /** Something could not be looked at, or set right, now; it will be again. */
  fault(error: Error): void;
}

export interface Examiner {
  readonly pool: DatabasePool;
  readonly books: GatewayBooks;
  readonly observer: ReconciliationObserver;
  /** The money records of those orders that exist. */
  readonly moneyOf: (orderIds: readonly string[]) => Promise<readonly MoneyRecord[]>;
  /** What the sagas' own snapshots say, of those that are still there. */
  readonly sagasOf: (orderIds: readonly string[]) => Promise<ReadonlyMap<string, SagaMoney>>;
  /** How long an order has to be at rest before its books are compared: a late answer is no drift. */
  readonly graceMs: number;
}

/** What the gateway has for an order, or null. */
export type Theirs = ReadonlyMap<string, GatewayPayment | null>;

/**
 * Compares, at most some hundred orders at a time. Repeating it, at once or from several processes, changes nothing more.
 * @param asOfMs the store's clock before `theirs` was asked for: what has moved since is left for the next time
 */
export async function examine(examiner: Examiner, theirs: Theirs, asOfMs: number): Promise<void> {
  const { pool, observer } = examiner;
  const orderIds = [...theirs.keys()].sort();
  if (orderIds.length === 0) return;
  // Ours after theirs: an order that came to rest before `asOfMs` and has not moved by now was at rest in between.
  const money = new Map((await examiner.moneyOf(orderIds)).map((record) => [record.orderId, record]));
  const atRest = orderIds.filter((id) => isComparable(money.get(id), asOfMs - examiner.graceMs));
  const sagas = await examiner.sagasOf(atRest);
  const known = Map.groupBy(await findings.findingsOf(pool, atRest), ({ orderId }) => orderId);
  const seen: Seen[] = [];
  const gone: Finding[] = [];
  const toHeal: Finding[] = [];
  for (const orderId of atRest) {
    const books = {
      ours: money.get(orderId) ?? null,
      saga: sagas.get(orderId) ?? null,
      theirs: theirs.get(orderId) ?? null,
    };
    const judged = judge(orderId, books, known.get(orderId) ?? []);
    seen.push(...judged.seen);
    gone.push(...judged.gone);
    toHeal.push(...judged.toHeal);
  }
  const recorded = await findings.recordSeen(pool, seen, asOfMs);
  for (const finding of recorded) if (finding.isNew) observer.found(finding);
  // What was found after these books were read is not for them to deny.
  for (const { id } of gone.filter(({ firstSeenAtMs }) => firstSeenAtMs <= asOfMs)) {
    const closed = await findings.close(pool, { id, state: 'vanished', by, why: 'the books agree again' });
    if (closed) observer.closed(closed);
  }
  await healAll(examiner, [...toHeal, ...recorded.filter(({ remedy }) => remedy !== 'person')]);
}

/** Who has closed what no person did. */
const by = 'reconciliation';

function isComparable(ours: MoneyRecord | undefined, restedSinceMs: number): boolean {
  // Without an order there is nothing that could be under way: it is there before the gateway is asked.
  return ours === undefined || (isAtRest(ours) && ours.updatedAtMs <= restedSinceMs);
}

interface Judged {
  readonly seen: readonly Seen[];
  /** Open, and no longer so. */
  readonly gone: readonly Finding[];
  /** Their call may have been made already: it is made again, under the same key. */
  readonly toHeal: readonly Finding[];
}

function judge(orderId: string, books: Books, known: readonly Finding[]): Judged {
  const open = known.filter(({ state }) => state === 'open');
  const begun = open.filter(({ remedy }) => remedy !== 'person');
  const drifts = driftOf(books);
  const ours = ourSide(books);
  const theirs = books.theirs && theirSide(books.theirs);
  const isProjectionWrong = drifts.some(({ kind }) => kind === 'projection_differs');
  // What the call itself makes differ is no finding of its own.
  if (begun.length > 0 && !isProjectionWrong) return { seen: [], gone: [], toHeal: begun };
  const seen = drifts
    .map((drift) => ({ ...drift, orderId, ours, theirs }))
    .filter((drift) => !known.some((finding) => isKnown(drift, finding)));
  // One whose call has begun goes when that call has been seen to the end.
  const gone = open.filter((one) => one.remedy === 'person' && !drifts.some(({ kind }) => kind === one.kind));
  return { seen, gone, toHeal: [] };
}

/** A person, or a call of ours, has closed just this: the same books are no news. */
function isKnown(seen: Seen, finding: Finding): boolean {
  if (!isDeepStrictEqual(seen.theirs, finding.theirs)) return false;
  if (finding.state === 'settled') return seen.kind === finding.kind && isDeepStrictEqual(seen.ours, finding.ours);
  // Our record says what the saga knew, and stays so: the correction is recorded here.
  return finding.state === 'healed' && seen.kind === 'record_differs';
}

/** What is kept of our books, so that a person can see what was compared. */
function ourSide({ ours, saga }: Books): object | null {
  if (ours === null) return null;
  const { currency, totalCents, authorizationId, settlement } = ours;
  return { currency, totalCents, authorizationId, ...amountsOf(ours), settlement, saga: saga && saga.payment };
}

/** Without what never differs, such as the instant of its creation. */
function theirSide({ authorizationId, status, currency, ...payment }: GatewayPayment): GatewayPayment {
  return { authorizationId, status, currency, ...amountsOf(payment) };
}

function amountsOf(amounts: Amounts): Amounts {
  const { authorizedCents, capturedCents, voidedCents, refundedCents, expiredCents } = amounts;
  return { authorizedCents, capturedCents, voidedCents, refundedCents, expiredCents };
}

async function healAll({ pool, books, observer }: Examiner, toHeal: readonly Finding[]): Promise<void> {
  for (const finding of toHeal) {
    try {
      const healed = await heal(books, finding);
      if (healed.type === 'refused') await findings.leaveToPerson(pool, finding.id);
      if (healed.type !== 'healed') continue;
      const { why, theirs } = healed;
      const closed = await findings.close(pool, {
        id: finding.id,
        state: 'healed',
        by,
        why,
        theirs: theirSide(theirs),
      });
      if (closed) observer.closed(closed);
    } catch (error) {
      observer.fault(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
