/**
 * Reconciliation: our money record against the gateway's books, both ways, all the time. What has one right answer is set
 * right at the gateway; the rest is kept open for a person. docs/adr/0009.
 */
import type { Transport } from '../effects/transport.ts';
import type { ActorStore } from '../actors/index.ts';
import type { DatabasePool } from '../persistence/pool.ts';
import { storeClock } from '../persistence/operations.ts';
import { moneyOf, moneyPage } from '../services/ledger/money.ts';
import { newRound, step, type Walker } from './both-ways.ts';
import type { DriftKind } from './drift.ts';
import type { ReconciliationObserver } from './examine.ts';
import * as findings from './findings.ts';
import type { Finding, FindingState } from './findings.ts';
import { gatewayBooks } from './gateway-books.ts';
import { sagaMoneyOf } from './saga-money.ts';
import { type Position, type SearchName, takeTurn } from './searches.ts';
import { maxReviewed, review, searchOn } from './turns.ts';

export interface ReconciliationOptions {
  readonly pool: DatabasePool;
  readonly gateway: Transport;
  readonly actors: Pick<ActorStore<unknown>, 'read'>;
  readonly observer: ReconciliationObserver & {
    /** How many are open now, of every kind. */
    counted(open: Readonly<Record<DriftKind, number>>): void;
  };
  readonly process: {
    readonly monotonicMs: () => number;
    readonly delay: (ms: number, signal?: AbortSignal) => Promise<void>;
  };
  /** Default: 10 s, longer than a call of the saga may take. */
  readonly graceMs?: number;
}

export interface Reconciliation {
  /** Takes the turn of a search that is due. @returns which, or null: none is due, or others are at it */
  runOnce(signal: AbortSignal): Promise<SearchName | null>;
  /** Until `signal` is aborted. */
  run(signal: AbortSignal): Promise<void>;
  /** Goes through both books once, from end to end, and looks again at all that is open. @throws GatewayFault */
  runAll(signal: AbortSignal): Promise<void>;
  /** Newest first; null: of every state. */
  list(wanted: { readonly state: FindingState | null; readonly limit: number }): Promise<readonly Finding[]>;
  /** A person has seen to it. The same books are no finding from now on; what differs otherwise is a new one. */
  settle(id: number, by: string, why: string): Promise<Settled>;
}

export type Settled =
  | { readonly type: 'settled'; readonly finding: Finding }
  | { readonly type: 'not_open'; readonly finding: Finding }
  | { readonly type: 'not_found' };

const defaultGraceMs = 10_000;
/** How long a process looks for something to do again. */
const tickMs = 2_000;
/** Somebody else may take the turn of a process that has not come back by then. */
const turnMs = 30_000;
export function createReconciliation(options: ReconciliationOptions): Reconciliation {
  const { pool, observer, process } = options;
  const walker = (signal: AbortSignal): Walker => ({
    pool,
    observer,
    books: gatewayBooks(options.gateway, signal),
    moneyOf: (orderIds) => moneyOf(pool, orderIds),
    moneyPage: (page) => moneyPage(pool, page),
    sagasOf: async (orderIds) => sagaMoneyOf(orderIds.length === 0 ? [] : await options.actors.read(orderIds)),
    clock: () => storeClock(pool),
    graceMs: options.graceMs ?? defaultGraceMs,
  });
  const runOnce = async (signal: AbortSignal): Promise<SearchName | null> => {
    const turn = await takeTurn(pool, turnMs);
    if (turn) await searchOn(walker(signal), turn, { signal, monotonicMs: process.monotonicMs });
    return turn && turn.name;
  };
  return {
    runOnce,
    run: (signal) => runTurns(options, runOnce, signal),
    async runAll(signal) {
      const walking = walker(signal);
      const beganAtMs = await storeClock(pool);
      let position: Position | null = newRound(beganAtMs);
      while (position) position = await step(walking, position);
      // What has just been seen need not be looked at again.
      while ((await review(walking, beganAtMs)) === maxReviewed);
    },
    list: (wanted) => findings.listFindings(pool, wanted),
    async settle(id, by, why) {
      const settled = await findings.close(pool, { id, state: 'settled', by, why });
      if (settled) return { type: 'settled', finding: settled };
      const finding = await findings.findFinding(pool, id);
      return finding ? { type: 'not_open', finding } : { type: 'not_found' };
    },
  };
}

/** Every process counts what is open, whoever has found it, so that all show the same. */
async function runTurns(
  { pool, observer, process }: ReconciliationOptions,
  runOnce: Reconciliation['runOnce'],
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      while (!signal.aborted && (await runOnce(signal)) !== null);
      observer.counted(await findings.countOpen(pool));
    } catch (error) {
      if (!signal.aborted) observer.fault(error instanceof Error ? error : new Error(String(error)));
    }
    await process.delay(tickMs, signal);
  }
}
