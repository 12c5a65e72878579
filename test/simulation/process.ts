/** One process of the simulated deployment: the runtime unchanged, over ports that the scheduler holds. */
import {
  type ActorSystem,
  createActorSystem,
  type Json,
  type Observation,
  StoreError,
} from '../../src/actors/index.ts';
import { paymentEffects } from '../../src/effects/payments.ts';
import { relay } from '../../src/queue/relay.ts';
import { type Accepted, accept, actorMachines, noticeEffect, participants, project } from './books.ts';
import type { Faults } from './faults.ts';
import { type Gateway, lineTo } from './gateway.ts';
import { checkCommit } from './invariants.ts';
import { MemoryTx, type Tables } from './memory-database.ts';
import { memoryOutbox, memoryStore, type Transact } from './memory-store.ts';
import type { Queue } from './queue.ts';
import type { Owner, Scheduler } from './scheduler.ts';

export interface Surroundings {
  readonly scheduler: Scheduler;
  readonly faults: Faults;
  readonly tables: Tables;
  readonly queue: Queue;
  readonly gateway: Gateway;
  /** The world outside all processes: it does not die. */
  readonly outside: Owner;
  readonly newId: () => string;
  readonly observe: (observation: Observation) => void;
  /** An invariant that did not hold. */
  readonly violated: (what: string) => void;
  /** Kills a process; it comes back later. */
  readonly kill: (owner: Owner) => void;
}

export interface SimulatedProcess {
  readonly owner: Owner;
  readonly system: ActorSystem;
  /** As the edge does it: starts the order, drives it until it is accepted, answers what is stored by then. */
  place(order: Accepted & { readonly input: Json }): Promise<{ readonly orderId: string; readonly answer: string }>;
  /** Starts to take jobs and to relay. */
  work(): void;
}

export const leaseMarginMs = 1_000;
export const redeliveryMs = 1_000;
const edgeBudgetMs = 3_000;
const handlersPerWorker = 4;
const maxRelaySleepMs = 2_000;
const workMs = 4;

export function startProcess(name: string, around: Surroundings): SimulatedProcess {
  const { scheduler, queue } = around;
  const owner: Owner = { name, isAlive: true, pausedUntilMs: 0 };
  const transact = transactionsOf(owner, around);
  const delay = (ms: number, signal?: AbortSignal): Promise<void> => scheduler.sleep(owner, ms, signal);
  const wakeUps = queue.wakeUps(owner);
  const system = createActorSystem<MemoryTx>({
    machines: actorMachines,
    participants,
    remoteEffects: remoteEffectsOf(owner, around),
    companions: [accept],
    projections: { order: project },
    store: memoryStore(around.tables, transact),
    wakeUps,
    feed: { subscribe: () => () => {} },
    observer: { observe: around.observe },
    process: { monotonicMs: scheduler.nowMs, delay, random: scheduler.random, newId: around.newId },
    limits: { leaseMarginMs, redeliveryMs, maxBatch: 16, lanes: 1 },
  });
  const relaying = relay({ outbox: memoryOutbox(transact), wakeUps, redeliveryMs, delay, onError: () => {} });
  return {
    owner,
    system,
    place: (order) => place(around, { owner, system, transact }, order),
    work() {
      for (let i = 0; i < handlersPerWorker; i += 1) void handleJobs(system, () => queue.take(owner));
      void relayOn(relaying.runOnce, delay);
    },
  };
}

/** What awaits never resolves once its process is dead, so the loop ends with it. */
async function handleJobs(system: ActorSystem, take: () => Promise<string>): Promise<void> {
  for (;;) await system.advance(await take()).catch(() => {});
}

async function relayOn(runOnce: () => Promise<number>, delay: (ms: number) => Promise<void>): Promise<void> {
  for (;;) await delay(Math.min(maxRelaySleepMs, 1 + (await runOnce().catch(() => maxRelaySleepMs))));
}

/** A transaction when its turn comes: all of it at once, then COMMIT, whose answer may be lost, and whose process may die. */
function transactionsOf(owner: Owner, around: Surroundings): Transact {
  const { scheduler, faults, tables, violated, kill } = around;
  return (label, work) =>
    scheduler.park(
      owner,
      label,
      async () => {
        if (faults.strikes('store away', 0.01)) throw new StoreError('unavailable', 'no connection');
        const tx = new MemoryTx(tables, scheduler.nowMs());
        let result: Awaited<ReturnType<typeof work>>;
        try {
          result = await work(tx);
        } catch (error) {
          tx.rollback();
          throw error;
        }
        if (faults.strikes('killed before COMMIT', 0.004)) {
          tx.rollback();
          kill(owner);
          return result;
        }
        if (faults.strikes('COMMIT lost', 0.01)) {
          tx.rollback();
          throw new StoreError('unavailable', 'the connection broke', { commitUnknown: true });
        }
        checkCommit(tx, violated);
        if (faults.strikes('killed after COMMIT', 0.004)) kill(owner);
        if (faults.strikes('answer to COMMIT lost', 0.02))
          throw new StoreError('unavailable', 'the connection broke', { commitUnknown: true });
        return result;
      },
      scheduler.below(workMs),
    );
}

function remoteEffectsOf(owner: Owner, { scheduler, faults, tables, gateway, outside }: Surroundings) {
  const transport = lineTo(gateway, {
    next: faults.line,
    there: (label, inMs, work) => scheduler.park(outside, label, work, inMs),
    back: (label, inMs, work) => scheduler.park(owner, label, work, inMs),
  });
  const tokenOf = async (orderId: string) => tables.ledger.get(orderId)?.token ?? null;
  return [...paymentEffects({ transport, tokenOf }), noticeEffect(tables)];
}

interface Edge {
  readonly owner: Owner;
  readonly system: ActorSystem;
  readonly transact: Transact;
}

async function place(
  { scheduler, tables, newId }: Surroundings,
  { owner, system, transact }: Edge,
  { input, ...payload }: Accepted & { readonly input: Json },
): Promise<{ orderId: string; answer: string }> {
  const known = tables.keys.get(payload.key);
  const orderId = known ?? newId();
  if (known === undefined) {
    const started = await system.start({
      machine: 'order',
      id: orderId,
      input: { ...(input as object), orderId },
      companion: { name: accept.name, payload },
      until: 'accepted',
    });
    if (started.type !== 'applied') throw new Error('somebody else was first: ask again');
    const overdue = new AbortController();
    await Promise.race([started.end.catch(() => {}), scheduler.sleep(owner, edgeBudgetMs, overdue.signal)]);
    overdue.abort();
  } else await scheduler.sleep(owner, edgeBudgetMs);
  const answer = await transact('stores the answer', async (tx) => {
    const entry = tx.tables.ledger.get(orderId);
    if (!entry) throw new Error(`${orderId} is gone`);
    const decided = entry.answer ?? '202 awaiting';
    tx.put(tx.tables.ledger, orderId, { ...entry, answer: decided });
    return decided;
  });
  return { orderId, answer };
}
