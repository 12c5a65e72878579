/** The library on its real store and queue, wired as the product wires it, without the shop. */
import {
  type ActorMachine,
  type ActorSystem,
  createActorSystem,
  type Observation,
  type WakeUps,
} from '../../src/actors/index.ts';
import { actorStore } from '../../src/persistence/actor-store.ts';
import { commitFeed } from '../../src/persistence/commit-feed.ts';
import { type DatabasePool, openPool, type Tx } from '../../src/persistence/pool.ts';
import { processPorts } from '../../src/process-ports.ts';
import { openQueue, type QueueTarget } from '../../src/queue/backend.ts';
import { wakeUps } from '../../src/queue/wake-ups.ts';
import type { EngineSettings } from '../engines/engine.ts';
import { alarmMachine } from './alarm.ts';
import { sagaParticipants } from './participants.ts';
import { sagaMachine } from './saga.ts';

export interface Runtime {
  readonly system: ActorSystem;
  readonly pool: DatabasePool;
  readonly publisher: WakeUps;
  readonly target: QueueTarget;
  close(): Promise<void>;
}

export const runtimeMachines: readonly ActorMachine[] = [sagaMachine, alarmMachine];

/** As the product's own: see compose.ts. */
const poolSize = 12;
const defaultMaxBatch = 256;
const lanes = 4;
const maxWaitingJobs = 2_000;
const leaseMarginMs = 2_000;
export const redeliveryMs = 5_000;

export function queueTarget({ redisUrl, databaseUrl }: EngineSettings): QueueTarget {
  return redisUrl === null ? { type: 'postgres', url: databaseUrl } : { type: 'redis', url: redisUrl };
}

export async function openRuntime(
  settings: EngineSettings,
  observe: (observation: Observation) => void = () => {},
): Promise<Runtime> {
  await using opened = new AsyncDisposableStack();
  const { databaseUrl } = settings;
  const pool = await openPool({ url: databaseUrl, maxConnections: poolSize, onError });
  opened.defer(() => pool.end());
  const target = queueTarget(settings);
  const queue = await openQueue(target, onError);
  opened.defer(() => queue.close());
  const feed = await commitFeed(databaseUrl, onError);
  opened.defer(() => feed.stop());
  const publisher = wakeUps(queue, { maxWaiting: maxWaitingJobs, monotonicMs: processPorts.monotonicMs, onError });
  const system = createActorSystem<Tx>({
    machines: runtimeMachines,
    participants: sagaParticipants,
    remoteEffects: [],
    companions: [],
    projections: {},
    store: actorStore(pool),
    wakeUps: publisher,
    feed,
    observer: { observe },
    process: processPorts,
    limits: { leaseMarginMs, redeliveryMs, maxBatch: settings.maxBatch ?? defaultMaxBatch, lanes },
  });
  opened.defer(() => system.idle());
  const closing = opened.move();
  return { system, pool, publisher, target, close: () => closing.disposeAsync() };
}

/** Said on standard error; what went wrong shows in the books. */
export function onError(error: Error): void {
  process.stderr.write(`waybill: ${error.message}\n`);
}
