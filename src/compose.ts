/** The only file that knows all rooms: from a configuration to the parts of one process, wired. */
import { metrics as otelMetrics } from '@opentelemetry/api';
import type { Logger } from 'pino';
import {
  actorMachine,
  type ActorMachine,
  type ActorSystem,
  createActorSystem,
  type Observer,
  type RemoteEffect,
  type WakeUps,
} from './actors/index.ts';
import { type Config, type Role, roles as allRoles } from './config.ts';
import { inventoryParticipant, remoteCatalog, remoteInventory } from './effects/inventory.ts';
import { likelyAnswersOf } from './effects/likely-answers.ts';
import { noticeEffects } from './effects/notices.ts';
import { ordersParticipant, remoteOrders } from './effects/orders.ts';
import { paymentEffects } from './effects/payments.ts';
import { fetchTransport, injectTransport, type Transport } from './effects/transport.ts';
import actorRoutes from './http/actor-routes.ts';
import { type App, buildApp } from './http/app.ts';
import { answeredNotModified } from './http/conditional.ts';
import apiDocs from './http/docs.ts';
import { drain } from './http/drain.ts';
import health, { type ReadinessCheck } from './http/health.ts';
import inspectRoutes from './http/inspect-routes.ts';
import machineRoutes from './http/machine-routes.ts';
import previewRoute from './http/preview-route.ts';
import { streamEvents } from './http/sse.ts';
import { createInspector, type Inspector } from './inspector/index.ts';
import { machines } from './machines/index.ts';
import { migrations } from './machines/migrations.ts';
import { actorStore } from './persistence/actor-store.ts';
import { commitFeed, type ListeningFeed } from './persistence/commit-feed.ts';
import { countByState, operationCompanion, storeClock } from './persistence/operations.ts';
import { outbox } from './persistence/outbox.ts';
import { type DatabasePool, openPool, type Tx } from './persistence/pool.ts';
import { sql } from './persistence/sql.ts';
import { processPorts } from './process-ports.ts';
import { openQueue, type QueueTarget, type WakeUpConsumer, type WakeUpQueue } from './queue/backend.ts';
import { relay } from './queue/relay.ts';
import { wakeUps } from './queue/wake-ups.ts';
import { startWorker } from './queue/worker.ts';
import inventoryPlugin from './services/inventory/plugin.ts';
import { createInventory } from './services/inventory/service.ts';
import { runSweeper } from './services/inventory/sweeper.ts';
import { acceptCompanion } from './services/ledger/accept.ts';
import { ledgerFace } from './services/ledger/face.ts';
import ledgerPlugin from './services/ledger/plugin.ts';
import { orderParkingProjection, orderProjection } from './services/ledger/projection.ts';
import { createLedger, type Ledger } from './services/ledger/service.ts';
import { createNotices } from './services/notices/service.ts';
import ordersPlugin from './services/orders/plugin.ts';
import { createOrders } from './services/orders/service.ts';
import paymentsPlugin from './services/payments/plugin.ts';
import { paymentService } from './services/payments/service.ts';
import type { Metrics } from './telemetry/metrics.ts';
import { runtimeObserver } from './telemetry/observer.ts';

/** One process of Waybill. Nothing listens and nothing works until it is told to. */
export interface Waybill {
  readonly app: App;
  readonly pool: DatabasePool;
  readonly system: ActorSystem;
  readonly ledger: Ledger;
  readonly inspector: Inspector;
  /** @returns the URL it listens on */
  listen(): Promise<string>;
  /** Starts what the roles do by themselves: workers, relay, sweeper. */
  work(): void;
  /** Drains: takes nothing new, lets what is under way end, then closes everything it opened. */
  close(): Promise<void>;
}

export interface Surroundings {
  readonly databaseUrl: string;
  readonly log: Logger;
  readonly metrics: Metrics;
}

// Group commit needs few connections: reads, the edge's own statements and one lane share them.
const poolSize = 12;
/** Steps per commit: beyond this a batch holds its locks for too long. */
const maxBatch = 256;
/** Actors a worker moves at a time. They share commits, so many are cheap; memory bounds them. */
const workerConcurrency = 200;
/** Wake-ups that may wait in the queue. */
const maxWaitingJobs = 2_000;
const sweepIntervalMs = 5_000;

export const actorMachines = (): ActorMachine[] =>
  machines.map(({ machine, version }) => actorMachine(machine, version));

/** BullMQ on Redis if there is one, else in the same Postgres. */
export function queueTarget(config: Config, databaseUrl: string): QueueTarget {
  return config.redisUrl === null ? { type: 'postgres', url: databaseUrl } : { type: 'redis', url: config.redisUrl };
}

export async function compose(config: Config, { databaseUrl, log, metrics }: Surroundings): Promise<Waybill> {
  // Closes in the opposite order what was opened; also when a later part cannot be.
  await using opened = new AsyncDisposableStack();
  const onError = (error: Error): void => log.warn({ err: error }, error.message);
  const pool = await openPool({ url: databaseUrl, maxConnections: poolSize, onError });
  opened.defer(() => pool.end());
  const target = queueTarget(config, databaseUrl);
  const queue = await openQueue(target, onError);
  opened.defer(() => queue.close().catch(onError));
  const feed = await commitFeed(databaseUrl, onError);
  opened.defer(() => feed.stop());
  const publisher = wakeUps(queue, { maxWaiting: maxWaitingJobs, monotonicMs: processPorts.monotonicMs, onError });
  const services = createServices(pool);
  const transports = await openTransports(config, services, log);
  opened.defer(() => transports.close());
  const observer = runtimeObserver(otelMetrics.getMeter('waybill'), log);
  const system = createSystem(config, { pool, feed, publisher, observer, services, transports, log });
  opened.defer(() => system.idle());
  const ledger = createLedger({
    pool,
    system,
    catalog: transports.inventory ? remoteCatalog(transports.inventory) : services.inventory,
    edgeBudgetMs: config.edgeBudgetMs,
    newId: processPorts.newId,
    process: processPorts,
  });
  const inspector = createInspector({ system, feed, process: processPorts });
  const work = background(config, { pool, target, publisher, system, services, onError });
  opened.defer(() => work.stop());
  const app = await buildApp({ logger: log });
  opened.defer(() => drain(app));
  await registerRoutes(app, config, {
    services,
    system,
    ledger,
    inspector,
    pool,
    metrics,
    checks: readinessChecks(pool, queue),
  });
  const closing = opened.move();
  return {
    app,
    pool,
    system,
    ledger,
    inspector,
    listen: () => app.listen({ host: config.host, port: config.port }),
    work: work.start,
    close: () => closing.disposeAsync(),
  };
}

const serves = (config: Config, ...any: Role[]): boolean => any.some((role) => config.roles.includes(role));

function createServices(pool: DatabasePool) {
  return {
    orders: createOrders({ pool }),
    inventory: createInventory({ pool, newId: processPorts.newId }),
    payments: paymentService({ pool, newId: processPorts.newId }),
    notices: createNotices({ pool }),
  };
}

type Services = ReturnType<typeof createServices>;

const paymentsOptions = (config: Config, service: Services['payments']) => ({
  service,
  latencyMs: config.mockLatencyMs,
  failureRate: config.mockFailureRate,
  random: processPorts.random,
});

/** How each participant is reached: over HTTP where a URL is given; payments without one through a plugin that does not listen. */
async function openTransports(config: Config, services: Services, log: Logger) {
  let gateway: App | null = null;
  let payments: Transport;
  if (config.paymentsUrl === null) {
    gateway = await buildApp({ logger: log });
    await gateway.register(paymentsPlugin, paymentsOptions(config, services.payments));
    payments = injectTransport(gateway);
  } else payments = fetchTransport(config.paymentsUrl);
  return {
    payments,
    orders: config.ordersUrl === null ? null : fetchTransport(config.ordersUrl),
    inventory: config.inventoryUrl === null ? null : fetchTransport(config.inventoryUrl),
    close: async () => {
      await gateway?.close();
    },
  };
}

interface SystemParts {
  readonly pool: DatabasePool;
  readonly feed: ListeningFeed;
  readonly publisher: WakeUps;
  readonly observer: Observer;
  readonly services: Services;
  readonly transports: Awaited<ReturnType<typeof openTransports>>;
  readonly log: Logger;
}

function createSystem(config: Config, parts: SystemParts): ActorSystem {
  const { pool, services, transports } = parts;
  const face = ledgerFace(pool);
  const remoteEffects: RemoteEffect[] = [
    ...paymentEffects({ transport: transports.payments, tokenOf: (orderId) => face.paymentTokenOf(orderId) }),
    ...noticeEffects({ notices: services.notices, emailOf: (orderId) => face.emailOf(orderId), log: parts.log }),
    ...(transports.orders ? remoteOrders(transports.orders) : []),
    ...(transports.inventory ? remoteInventory(transports.inventory) : []),
  ];
  return createActorSystem<Tx>({
    machines: actorMachines(),
    migrations,
    // In lock order; the same-transaction forms of what is not called over HTTP.
    participants: [
      ...(transports.orders ? [] : [ordersParticipant(services.orders)]),
      ...(transports.inventory ? [] : [inventoryParticipant(services.inventory)]),
    ],
    remoteEffects,
    companions: [acceptCompanion, operationCompanion],
    projections: { order: orderProjection },
    parkingProjections: { order: orderParkingProjection },
    store: actorStore(pool),
    wakeUps: parts.publisher,
    feed: parts.feed,
    observer: parts.observer,
    process: processPorts,
    limits: { leaseMarginMs: config.leaseMarginMs, redeliveryMs: config.redeliveryMs, maxBatch, lanes: 1 },
  });
}

function readinessChecks(pool: DatabasePool, queue: WakeUpQueue): ReadinessCheck[] {
  return [
    { name: 'postgres', check: async () => void (await pool.query(sql.typeAlias('void')`select 1`)) },
    { name: 'queue', check: async () => void (await queue.waiting()) },
  ];
}

interface RouteParts {
  readonly services: Services;
  readonly system: ActorSystem;
  readonly ledger: Ledger;
  readonly inspector: Inspector;
  readonly pool: DatabasePool;
  readonly metrics: Metrics;
  readonly checks: readonly ReadinessCheck[];
}

/** A worker or a relay serves health and metrics, nothing else. */
async function registerRoutes(app: App, config: Config, parts: RouteParts): Promise<void> {
  const { services, system, ledger, pool, metrics } = parts;
  await app.register(health, { checks: parts.checks, metrics: () => metrics.render() });
  if (serves(config, 'edge')) {
    await app.register(ledgerPlugin, { service: ledger, streamEvents, answeredNotModified });
    await app.register(actorRoutes, { system });
    await app.register(previewRoute, { system, clock: () => storeClock(pool), likelyAnswersOf });
    await app.register(machineRoutes, {
      machines: system.machines,
      countByState: (machine) => countByState(pool, machine),
    });
  }
  if (serves(config, 'edge', 'console'))
    await app.register(inspectRoutes, { inspector: parts.inspector, origins: config.inspectOrigins });
  if (serves(config, 'inventory')) await app.register(inventoryPlugin, { service: services.inventory });
  if (serves(config, 'payments')) await app.register(paymentsPlugin, paymentsOptions(config, services.payments));
  if (serves(config, 'orders')) {
    await app.register(ordersPlugin, { service: services.orders, prefix: '/internal/orders' });
    // Where the edge does not take the path: the original demo's address of this service.
    if (!serves(config, 'edge'))
      await app.register(ordersPlugin, { service: services.orders, prefix: '/orders', hidden: true });
  }
  if (serves(config, 'edge', 'inventory', 'payments', 'orders')) await app.register(apiDocs);
}

interface WorkParts {
  readonly pool: DatabasePool;
  readonly target: QueueTarget;
  readonly publisher: WakeUps;
  readonly system: ActorSystem;
  readonly services: Services;
  readonly onError: (error: Error) => void;
}

/** What goes on without being asked. Every worker relays too, so an edge and a worker alone miss nothing. */
function background(config: Config, { pool, target, publisher, system, services, onError }: WorkParts) {
  const stopping = new AbortController();
  const loops: Promise<void>[] = [];
  let consumer: WakeUpConsumer | null = null;
  const { delay } = processPorts;
  return {
    start(): void {
      if (serves(config, 'worker')) consumer = startWorker({ target, system, concurrency: workerConcurrency, onError });
      if (serves(config, 'worker', 'relay')) {
        const { redeliveryMs } = config;
        loops.push(
          relay({ outbox: outbox(pool), wakeUps: publisher, redeliveryMs, delay, onError }).run(stopping.signal),
        );
      }
      if (serves(config, 'inventory')) {
        const onFault = (error: unknown): void => onError(error instanceof Error ? error : new Error(String(error)));
        loops.push(
          runSweeper({
            inventory: services.inventory,
            intervalMs: sweepIntervalMs,
            signal: stopping.signal,
            delay,
            onFault,
          }),
        );
      }
    },
    async stop(): Promise<void> {
      stopping.abort();
      await Promise.all(loops);
      await consumer?.close();
    },
  };
}

export const hasAllRoles = (config: Config): boolean => config.roles.length === allRoles.length;
