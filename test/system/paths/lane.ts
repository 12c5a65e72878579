/** One database with everything that outlives a process of the system: participants, queue, clock, and a second process. */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { ActorRow, ActorSystem, CommitFeed, Observation, WakeUps } from '../../../src/actors/index.ts';
import { actorMachines } from '../../../src/compose.ts';
import { injectTransport, type Transport } from '../../../src/effects/transport.ts';
import { buildApp } from '../../../src/http/app.ts';
import { type DatabasePool, openPool } from '../../../src/persistence/pool.ts';
import { openQueue, prepareQueue, type QueueTarget, type WakeUpQueue } from '../../../src/queue/backend.ts';
import { wakeUps } from '../../../src/queue/wake-ups.ts';
import inventoryPlugin from '../../../src/services/inventory/plugin.ts';
import { createInventory } from '../../../src/services/inventory/service.ts';
import { createNotices } from '../../../src/services/notices/service.ts';
import ordersPlugin from '../../../src/services/orders/plugin.ts';
import { createOrders } from '../../../src/services/orders/service.ts';
import paymentsPlugin from '../../../src/services/payments/plugin.ts';
import { paymentService } from '../../../src/services/payments/service.ts';
import { createLogger } from '../../../src/telemetry/log.ts';
import { createDatabase } from '../../support/database.ts';
import { installClock } from '../../support/store-clock.ts';
import { type PathProcess, startProcess } from './path-process.ts';
import type { Play } from './play.ts';
import type { Committed } from './supervised-store.ts';
import { failTheRun } from '../../support/fail-the-run.ts';

export type Form = 'remote' | 'local';

export interface Lane {
  readonly form: Form;
  readonly pool: DatabasePool;
  readonly machines: ActorSystem['machines'];
  /** The participants themselves, over HTTP in this process. */
  readonly participants: Transport;
  readonly services: Services;
  readonly target: QueueTarget;
  /** Publishes every wake-up twice. */
  readonly wakeUps: WakeUps;
  readonly feed: CommitFeed;
  /** Wakes sleepers up when the clock has moved. */
  readonly jumps: EventTarget;
  readonly counts: Counts;
  playing: Play | null;
  /** Local effects run within commits: while one is pending no commit of the process begins unless the path wants it. */
  readonly gate: Gate;
  /** The process under test, a fresh one after each crash. */
  process(): PathProcess;
  /** A second process, which only takes customers' and operators' events. */
  outside(): PathProcess;
  jump(ms: number): Promise<void>;
  /** Takes note of a commit of any process. */
  committed(committed: Committed): void;
  observe(observation: Observation): void;
  /** Resolves once the actor has ended. */
  ended(actorId: string): Promise<void>;
  kill(): void;
  /** After a crash: buries the dead process and starts another on the same database. */
  replace(): Promise<void>;
  close(): Promise<void>;
}

/** What happened on a lane, besides its paths. */
export interface Counts {
  wakeUps: number;
  commits: number;
  crashes: number;
  leasesExpired: number;
  fenced: number;
  stale: number;
  lateCalls: number;
}

export type Services = ReturnType<typeof servicesOn>;

const servicesOn = (pool: DatabasePool) => ({
  orders: createOrders({ pool }),
  inventory: createInventory({ pool, newId: randomUUID }),
  payments: paymentService({ pool, newId: randomUUID, onSplit: failTheRun }),
  notices: createNotices({ pool, onSplit: failTheRun }),
});

export const silentLog = createLogger({ level: 'silent', pretty: false, role: 'test' });

export const noCounts = (): Counts => ({
  wakeUps: 0,
  commits: 0,
  crashes: 0,
  leasesExpired: 0,
  fenced: 0,
  stale: 0,
  lateCalls: 0,
});

/** @param redisUrl null: the queue lives in the same Postgres */
export async function openLane(form: Form, redisUrl: string | null): Promise<Lane> {
  await using opened = new AsyncDisposableStack();
  const ground = await openGround(redisUrl, opened);
  const counts = noCounts();
  const ends = endings();
  const moved = new EventTarget();
  let current: PathProcess | null = null;
  const lane: Lane = {
    ...ground,
    form,
    machines: actorMachines(),
    wakeUps: doubledWakeUps(ground.queue, counts),
    feed: feedOf(moved),
    jumps: new EventTarget(),
    counts,
    playing: null,
    gate: openGate(),
    process: () => present(current),
    outside: () => outside,
    async jump(ms) {
      if (ms === 0) return;
      await ground.clock.jump(ms);
      lane.jumps.dispatchEvent(new Event('jump'));
    },
    committed(committed) {
      counts.commits += 1;
      lane.playing?.see(committed);
      for (const row of [...committed.started, ...committed.changes.updates]) ends.see(row);
      for (const { actorId } of committed.changes.transitions) moved.dispatchEvent(new Event(actorId));
    },
    observe(observation) {
      lane.playing?.observe(observation);
      if (observation.type === 'outcome-fenced') counts.fenced += 1;
      if (observation.type === 'outcome-stale') counts.stale += 1;
      if (observation.type === 'lease-expired') counts.leasesExpired += 1;
    },
    ended: ends.of,
    kill() {
      counts.crashes += 1;
      current?.die();
    },
    async replace() {
      await current?.bury();
      current = startProcess(lane, { works: true });
    },
    close: () => closing.disposeAsync(),
  };
  const outside = startProcess(lane, { works: false });
  current = startProcess(lane, { works: true });
  opened.defer(async () => {
    current?.die();
    await current?.bury();
  });
  const closing = opened.move();
  return lane;
}

function present(process: PathProcess | null): PathProcess {
  if (!process) throw new Error('the lane is not open yet');
  return process;
}

/** Postgres, the clock, the queue and the participants: what no crash of a process touches. */
async function openGround(redisUrl: string | null, opened: AsyncDisposableStack) {
  const { url, drop } = await createDatabase();
  opened.defer(drop);
  const plain = new pg.Pool({ connectionString: url, max: 2 });
  plain.on('error', () => undefined);
  opened.defer(() => plain.end());
  const clock = await installClock(plain);
  await clock.freeze();
  const target: QueueTarget = redisUrl === null ? { type: 'postgres', url } : { type: 'redis', url: redisUrl };
  await prepareQueue(target);
  const pool = await openPool({ url, maxConnections: 12 });
  opened.defer(() => pool.end());
  const queue = await openQueue(target, () => undefined);
  opened.defer(() => queue.close());
  const services = servicesOn(pool);
  const app = await buildApp({ logger: silentLog });
  opened.defer(() => app.close());
  const weather = { latencyMs: 0, failureRate: 0 };
  await app.register(paymentsPlugin, { service: services.payments, weather, random: () => 0.5 });
  await app.register(ordersPlugin, { service: services.orders, prefix: '/internal/orders' });
  await app.register(inventoryPlugin, { service: services.inventory });
  await app.ready();
  return { clock, target, pool, queue, services, participants: injectTransport(app) };
}

/** Each wake-up goes into the queue twice, as two jobs. */
function doubledWakeUps(queue: WakeUpQueue, counts: Counts): WakeUps {
  const add = (actorIds: readonly string[]): Promise<void> => {
    counts.wakeUps += actorIds.length;
    return queue.add(actorIds.flatMap((id) => [id, id]));
  };
  const options = { maxWaiting: 2_000, monotonicMs: () => performance.now(), onError: () => undefined };
  return wakeUps({ ...queue, add }, options);
}

function feedOf(moved: EventTarget): CommitFeed {
  return {
    subscribe(actorId, onCommit) {
      moved.addEventListener(actorId, onCommit);
      return () => moved.removeEventListener(actorId, onCommit);
    },
  };
}

function endings() {
  const ends = new Map<string, PromiseWithResolvers<void>>();
  const endOf = (id: string): PromiseWithResolvers<void> => {
    const end = ends.get(id) ?? Promise.withResolvers<void>();
    ends.set(id, end);
    return end;
  };
  return {
    see({ id, snapshot }: ActorRow): void {
      if (snapshot.status !== 'active') endOf(id).resolve();
    },
    of: (id: string): Promise<void> => endOf(id).promise,
  };
}

export interface Gate {
  close(): void;
  open(): void;
  passed(): Promise<void>;
}

function openGate(): Gate {
  let opening: PromiseWithResolvers<void> | null = null;
  return {
    close() {
      opening ??= Promise.withResolvers<void>();
    },
    open() {
      opening?.resolve();
      opening = null;
    },
    passed: () => opening?.promise ?? Promise.resolve(),
  };
}
