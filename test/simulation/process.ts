/** One process of the simulated deployment: the runtime unchanged, over ports that the scheduler holds. */
import {
  type ActorSystem,
  createActorSystem,
  type Json,
  type Observation,
  type ProcessPorts,
} from '../../src/actors/index.ts';
import { relay } from '../../src/queue/relay.ts';
import { type Accepted, accept, actorMachines, participants, project } from './books.ts';
import type { Calls } from './calls.ts';
import type { Faults } from './faults.ts';
import type { Gateway } from './gateway.ts';
import type { MemoryTx, Tables } from './memory-database.ts';
import { memoryOutbox, memoryStore, type Transact } from './memory-store.ts';
import type { Queue } from './queue.ts';
import { remoteEffectsOf } from './remote-effects.ts';
import type { Owner, Scheduler } from './scheduler.ts';
import type { Services } from './services.ts';
import { transactionsOf } from './transactions.ts';

export interface Surroundings {
  readonly scheduler: Scheduler;
  readonly faults: Faults;
  readonly tables: Tables;
  readonly queue: Queue;
  readonly gateway: Gateway;
  readonly services: Services;
  /** Whether orders and inventory are in the processes' own database or elsewhere. */
  readonly form: 'local' | 'remote';
  readonly calls: Calls;
  /** How far the clocks of processes that are off are off: an hour ahead or behind, as their time server says. */
  readonly clocksOffMs: number;
  /** Whether everything remote is down now. */
  readonly outage: () => boolean;
  /** Whether whoever makes the call with this key dies of it. */
  readonly deadly: (key: string) => boolean;
  /** The world outside all processes: it does not die. */
  readonly outside: Owner;
  readonly newId: () => string;
  readonly observe: (observation: Observation) => void;
  /** After each commit; after each request that has reached a service. */
  readonly committed: () => void;
  readonly called: () => void;
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

export function startProcess(name: string, around: Surroundings): SimulatedProcess {
  const { queue } = around;
  const owner: Owner = { name, isAlive: true, pausedUntilMs: 0 };
  const transact = transactionsOf(owner, around);
  const ports = processPorts(owner, around);
  const wakeUps = queue.wakeUps(owner);
  const isLocal = around.form === 'local';
  const system = createActorSystem<MemoryTx>({
    machines: actorMachines,
    participants: isLocal ? participants : [],
    remoteEffects: remoteEffectsOf(owner, around),
    companions: [accept],
    projections: { order: project },
    store: memoryStore(around.tables, transact, () => around.faults.strikes('actor held by another', 0.02)),
    wakeUps,
    feed: { subscribe: () => () => {} },
    observer: { observe: around.observe },
    process: ports,
    limits: { leaseMarginMs, redeliveryMs, maxBatch: 16, lanes: 1 },
  });
  const { delay } = ports;
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

const drift = 0.02;

/** Its clock began anywhere and may run fast or slow: no instant of the store's may be judged by it. */
function processPorts(owner: Owner, { scheduler, faults, newId, clocksOffMs }: Surroundings): ProcessPorts {
  const offsetMs = faults.strikes('process clock an hour off', 0.5) ? clocksOffMs : 0;
  const rate = faults.strikes('process clock drifts', 0.5) ? 1 + drift * (2 * scheduler.random() - 1) : 1;
  return {
    monotonicMs: () => offsetMs + scheduler.nowMs() * rate,
    delay: (ms, signal) => scheduler.sleep(owner, ms / rate, signal),
    random: scheduler.random,
    newId,
    afterTurn: scheduler.afterTurn,
  };
}

/** What awaits never resolves once its process is dead, so the loop ends with it. */
async function handleJobs(system: ActorSystem, take: () => Promise<string>): Promise<void> {
  for (;;) await system.advance(await take()).catch(() => {});
}

async function relayOn(runOnce: () => Promise<number>, delay: (ms: number) => Promise<void>): Promise<void> {
  for (;;) await delay(Math.min(maxRelaySleepMs, 1 + (await runOnce().catch(() => maxRelaySleepMs))));
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
    overdue.abort('answered');
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
