/** The only file that knows all rooms: from a configuration to the parts of one process, wired. */
import { hostname } from 'node:os';
import { metrics as otelMetrics } from '@opentelemetry/api';
import type { Logger } from 'pino';
import {
  actorMachine,
  type ActorMachine,
  type ActorSystem,
  createActorSystem,
  migrationPaths,
  type Observer,
  type RemoteEffect,
  type WakeUps,
} from './actors/index.ts';
import { audit, type AuditReport } from './audit/audit.ts';
import { runAudits } from './audit/run-audits.ts';
import { type Config, type Role, roles as allRoles } from './config.ts';
import { type CrashPoints, crashPoints, dieAt, killThisProcess, type Pass } from './crash-points/crash-points.ts';
import { inventoryParticipant, remoteCatalog, remoteInventory } from './effects/inventory.ts';
import { type Breaker, type BreakerOptions, createBreaker, guarded } from './effects/breaker.ts';
import { likelyAnswersOf } from './effects/likely-answers.ts';
import { noticeEffects } from './effects/notices.ts';
import { ordersParticipant, remoteOrders } from './effects/orders.ts';
import { paymentEffects } from './effects/payments.ts';
import { fetchTransport, injectTransport, type Transport } from './effects/transport.ts';
import type { DemoPorts } from './console/demo.ts';
import { createDemoWorker, type DemoWorker } from './console/demo-worker.ts';
import { runHeartbeat } from './console/heartbeat.ts';
import { keepAudit } from './console/kept-audit.ts';
import consolePlugin from './console/plugin.ts';
import { createVerdicts, type Verdicts } from './console/verdicts.ts';
import actorRoutes from './http/actor-routes.ts';
import { type App, buildApp } from './http/app.ts';
import { answeredNotModified } from './http/conditional.ts';
import apiDocs from './http/docs.ts';
import { drain } from './http/drain.ts';
import health, { type ReadinessCheck } from './http/health.ts';
import inspectRoutes from './http/inspect-routes.ts';
import machineRoutes from './http/machine-routes.ts';
import previewRoute from './http/preview-route.ts';
import { createReadiness, type Readiness } from './http/readiness.ts';
import { streamEvents } from './http/sse.ts';
import { createInspector, type Inspector } from './inspector/index.ts';
import { machines, noticeIdOf } from './machines/index.ts';
import { migrations } from './machines/migrations.ts';
import { actorStore } from './persistence/actor-store.ts';
import { commitFeed, type ListeningFeed } from './persistence/commit-feed.ts';
import { countByState, operationCompanion, storeClock } from './persistence/operations.ts';
import { readFigures } from './persistence/figures.ts';
import { outbox } from './persistence/outbox.ts';
import type { Dropped } from './persistence/ended-actors.ts';
import { type DatabasePool, openPool, type Tx } from './persistence/pool.ts';
import { readPostgresFigures } from './persistence/postgres-figures.ts';
import { type Retention, retention, runRetention } from './persistence/retention.ts';
import { sql } from './persistence/sql.ts';
import { logsOf, tracePositions } from './persistence/trace-log.ts';
import { processPorts } from './process-ports.ts';
import { openQueue, type QueueTarget, type WakeUpConsumer, type WakeUpQueue } from './queue/backend.ts';
import { relay } from './queue/relay.ts';
import { type PublishedWakeUps, wakeUps } from './queue/wake-ups.ts';
import { startWorker } from './queue/worker.ts';
import { createReconciliation, type Reconciliation } from './reconciliation/service.ts';
import inventoryPlugin from './services/inventory/plugin.ts';
import { stockTotals } from './services/inventory/queries.ts';
import { createInventory } from './services/inventory/service.ts';
import { runSweeper } from './services/inventory/sweeper.ts';
import { acceptCompanion } from './services/ledger/accept.ts';
import { markHistoryDropped } from './services/ledger/drop-history.ts';
import { ledgerFace } from './services/ledger/face.ts';
import { placingBound } from './services/ledger/placing-bound.ts';
import ledgerPlugin from './services/ledger/plugin.ts';
import { orderParkingProjection, orderProjection } from './services/ledger/projection.ts';
import { createLedger, type Ledger } from './services/ledger/service.ts';
import { deleteLetters } from './services/notices/queries.ts';
import { createNotices } from './services/notices/service.ts';
import ordersPlugin from './services/orders/plugin.ts';
import { createOrders } from './services/orders/service.ts';
import paymentsPlugin, { type GatewayWeather } from './services/payments/plugin.ts';
import { paymentService } from './services/payments/service.ts';
import { auditObserver } from './telemetry/audit-observer.ts';
import { breakerObserver } from './telemetry/breaker-observer.ts';
import { chartFacts } from './telemetry/chart-facts.ts';
import { droppedRows } from './telemetry/dropped-rows.ts';
import { meteredEffects, meteredOutbox } from './telemetry/metered-ports.ts';
import type { Metrics } from './telemetry/metrics.ts';
import { isGoodEnd, orderMilestones } from './telemetry/milestones.ts';
import { runtimeObserver } from './telemetry/observer.ts';
import { processGauges } from './telemetry/process-gauges.ts';
import { processIdentity } from './telemetry/process-identity.ts';
import { reconciliationObserver } from './telemetry/reconciliation-observer.ts';
import { systemGauges } from './telemetry/system-gauges.ts';
import { noTracing, type Tracing } from './telemetry/tracing/tracing.ts';
import { version } from './version.ts';

/** One process of Waybill. Nothing listens and nothing works until it is told to. */
export interface Waybill {
  readonly app: App;
  readonly pool: DatabasePool;
  readonly system: ActorSystem;
  readonly ledger: Ledger;
  readonly inspector: Inspector;
  readonly reconciliation: Reconciliation;
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
  /** Told of every crash point that is passed, in place of CRASH_AT. */
  readonly onCrashPoint?: Pass;
}

// Group commit needs few connections: reads, the edge's own statements and one lane share them.
const poolSize = 12;
/** Steps per commit: beyond this a batch holds its locks for too long. */
const maxBatch = 256;
/** Commits at a time: one, and others past it while a lock holds it up. */
const lanes = 4;
/** Actors a worker moves at a time. They share commits, so many are cheap; memory bounds them. */
const workerConcurrency = 200;
/** Wake-ups that may wait in the queue. */
const maxWaitingJobs = 2_000;
const sweepIntervalMs = 5_000;
/** A pass that finds nothing costs one look at an index. */
const retentionIntervalMs = 600_000;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** An invariant that looks through tens of millions of rows takes some minutes. */
const auditStatementMs = 1_800_000;

export const actorMachines = (): ActorMachine[] =>
  machines.map(({ machine, version }) => actorMachine(machine, version));

/** BullMQ on Redis if there is one, else in the same Postgres. */
export function queueTarget(config: Config, databaseUrl: string): QueueTarget {
  return config.redisUrl === null ? { type: 'postgres', url: databaseUrl } : { type: 'redis', url: config.redisUrl };
}

export async function compose(config: Config, surroundings: Surroundings): Promise<Waybill> {
  const { databaseUrl, log, metrics } = surroundings;
  // Closes in the opposite order what was opened; also when a later part cannot be.
  await using opened = new AsyncDisposableStack();
  const onError = (error: Error): void => log.warn({ err: error }, error.message);
  const pool = await openPool({ url: databaseUrl, maxConnections: poolSize, onError });
  opened.defer(() => pool.end());
  const tracing = await openTracing(config, pool, log);
  opened.defer(() => tracing.shutdown());
  const target = queueTarget(config, databaseUrl);
  const queue = await openQueue(target, onError);
  opened.defer(() => queue.close().catch(onError));
  const feed = await commitFeed(databaseUrl, onError);
  opened.defer(() => feed.stop());
  const publisher = wakeUps(queue, {
    maxWaiting: maxWaitingJobs,
    monotonicMs: processPorts.monotonicMs,
    onError,
    tracing: tracing.wakeUps,
  });
  const points = crashPoints(surroundings.onCrashPoint ?? (config.crashAt && dieAt(config.crashAt, killThisProcess)));
  opened.defer(() => points.close());
  const services = createServices(pool);
  const weather = { latencyMs: config.mockLatencyMs, failureRate: config.mockFailureRate };
  const transports = await openTransports(config, services, weather, log, tracing);
  opened.defer(() => transports.close());
  const meter = otelMetrics.getMeter('waybill');
  const facts = chartFacts(actorMachines());
  const observer = tracing.observer(runtimeObserver(meter, log, facts));
  const breakers = createBreakers(breakerObserver(meter, log));
  const system = createSystem(config, {
    pool,
    feed,
    publisher,
    observer,
    services,
    transports,
    log,
    points,
    tracing,
    breakers,
  });
  opened.defer(() => system.idle());
  const placing = placingBound(publisher.backlog);
  const ledger = createLedger({
    pool,
    system,
    catalog: transports.inventory ? remoteCatalog(transports.inventory) : services.inventory,
    edgeBudgetMs: config.edgeBudgetMs,
    onAccepted: placing.accepted,
    newId: processPorts.newId,
    process: processPorts,
  });
  const inspector = createInspector({ system, feed, process: processPorts });
  const reconciliation = createReconciliation({
    pool,
    gateway: transports.payments,
    actors: actorStore(pool),
    observer: reconciliationObserver(otelMetrics.getMeter('waybill'), log, processPorts.monotonicMs),
    process: processPorts,
  });
  const work = background(config, {
    pool,
    breakers,
    databaseUrl,
    target,
    publisher,
    system,
    services,
    reconciliation,
    onError,
    log,
    points,
    tracing,
  });
  opened.defer(() => work.stop());
  const checks = readinessChecks(config, pool, queue);
  const readiness = createReadiness((failing) =>
    failing.length === 0 ? log.info('ready again') : log.warn({ failing }, 'not ready'),
  );
  processGauges(meter, {
    places: () => pool.places(),
    backlog: publisher.backlog,
    breakers: Object.values(breakers),
    checks: checks.map(({ name }) => name),
    failing: readiness.failing,
  });
  systemGauges(meter, {
    read: async (stuckAfter) => ({
      ...(await readFigures(pool, stuckAfter)),
      stock: await stockTotals(pool),
      postgres: await readPostgresFigures(pool),
    }),
    facts,
    monotonicMs: processPorts.monotonicMs,
    onError,
  });
  const app = await buildApp({ logger: log });
  // Only who is behind a load balancer has somebody to tell.
  opened.defer(() => drain(app, { lameDuckMs: servesRequests(config) ? config.drainDelayMs : 0 }));
  const worker = createDemoWorker({
    environment: () => demoEnvironment(config, databaseUrl, app),
    rest: work.rest,
    resume: work.resume,
    onError,
  });
  opened.defer(() => worker.close());
  const verdicts = createVerdicts({ onError });
  opened.defer(() => verdicts.close());
  await registerRoutes(app, config, {
    services,
    weather,
    worker,
    verdicts,
    feed,
    publisher,
    target,
    gateway: transports.payments,
    onError,
    system,
    ledger,
    inspector,
    pool,
    metrics,
    checks,
    readiness,
    breakers,
    maxPlacing: placing.now,
    points,
  });
  const closing = opened.move();
  return {
    app,
    pool,
    system,
    ledger,
    inspector,
    reconciliation,
    listen: () => app.listen({ host: config.host, port: config.port }),
    work: work.start,
    close: () => closing.disposeAsync(),
  };
}

/** The SDK is loaded only where its spans are sent somewhere. */
async function openTracing(config: Config, pool: DatabasePool, log: Logger): Promise<Tracing> {
  if (config.otlpEndpoint === null) return noTracing;
  const { startTracing } = await import('./telemetry/tracing/start-tracing.ts');
  return startTracing({
    endpoint: config.otlpEndpoint,
    share: config.tracesShare,
    identity: processIdentity({ name: config.otelServiceName, role: roleName(config) }),
    positionsOf: (actorIds) => tracePositions(pool, actorIds),
    sagas: {
      readLogs: (actorIds) => logsOf(pool, actorIds),
      tagsOf: chartFacts(actorMachines()).tagsOf,
      isGoodEnd: (machine, path) => isGoodEnd(orderMilestones, machine, path),
      delay: processPorts.delay,
      onLost: (sagas, error) => log.warn({ err: error, sagas }, 'traces of sagas lost'),
    },
  });
}

const serves = (config: Config, ...any: Role[]): boolean => any.some((role) => config.roles.includes(role));

const servesRequests = (config: Config): boolean =>
  serves(config, 'edge', 'orders', 'inventory', 'payments', 'console');

function createServices(pool: DatabasePool) {
  return {
    orders: createOrders({ pool }),
    inventory: createInventory({ pool, newId: processPorts.newId }),
    payments: paymentService({ pool, newId: processPorts.newId }),
    notices: createNotices({ pool }),
  };
}

type Services = ReturnType<typeof createServices>;

const paymentsOptions = (service: Services['payments'], weather: GatewayWeather) => ({
  service,
  weather,
  random: processPorts.random,
});

/** How each participant is reached: over HTTP where a URL is given; payments without one through a plugin that does not listen. */
async function openTransports(
  config: Config,
  services: Services,
  weather: GatewayWeather,
  log: Logger,
  tracing: Tracing,
) {
  let gateway: App | null = null;
  let payments: Transport;
  if (config.paymentsUrl === null) {
    gateway = await buildApp({ logger: log });
    await gateway.register(paymentsPlugin, paymentsOptions(services.payments, weather));
    payments = injectTransport(gateway);
  } else payments = fetchTransport(config.paymentsUrl);
  return {
    payments: tracing.transport('payments', payments),
    orders: config.ordersUrl === null ? null : tracing.transport('orders', fetchTransport(config.ordersUrl)),
    inventory:
      config.inventoryUrl === null ? null : tracing.transport('inventory', fetchTransport(config.inventoryUrl)),
    close: async () => {
      await gateway?.close();
    },
  };
}

/** One per participant that may run elsewhere; of one that does not, it stays closed. */
function createBreakers(onChange: BreakerOptions['onChange']) {
  const { monotonicMs, random } = processPorts;
  const breaker = (name: string): Breaker => createBreaker({ name, monotonicMs, random, onChange });
  return { payments: breaker('payments'), orders: breaker('orders'), inventory: breaker('inventory') };
}

type Breakers = ReturnType<typeof createBreakers>;

interface SystemParts {
  readonly pool: DatabasePool;
  readonly feed: ListeningFeed;
  readonly publisher: WakeUps;
  readonly observer: Observer;
  readonly services: Services;
  readonly transports: Awaited<ReturnType<typeof openTransports>>;
  readonly log: Logger;
  readonly points: CrashPoints;
  readonly tracing: Tracing;
  readonly breakers: Breakers;
}

function createSystem(config: Config, parts: SystemParts): ActorSystem {
  const { pool, services, transports, points } = parts;
  const face = ledgerFace(pool);
  const { payments, orders, inventory } = parts.breakers;
  const payment = paymentEffects({
    transport: transports.payments,
    tokenOf: (orderId) => face.paymentTokenOf(orderId),
  });
  const remoteEffects: RemoteEffect[] = [
    ...guarded(payment, payments),
    ...noticeEffects({ notices: services.notices, emailOf: (orderId) => face.emailOf(orderId), log: parts.log }),
    ...(transports.orders ? guarded(remoteOrders(transports.orders), orders) : []),
    ...(transports.inventory ? guarded(remoteInventory(transports.inventory), inventory) : []),
  ];
  return createActorSystem<Tx>({
    machines: actorMachines(),
    migrations,
    // In lock order; the same-transaction forms of what is not called over HTTP.
    participants: [
      ...(transports.orders ? [] : [ordersParticipant(services.orders)]),
      ...(transports.inventory ? [] : [inventoryParticipant(services.inventory)]),
    ],
    remoteEffects: parts.tracing.effects(
      meteredEffects(otelMetrics.getMeter('waybill'), points.effects(remoteEffects), processPorts.monotonicMs),
    ),
    companions: [acceptCompanion, operationCompanion],
    projections: { order: orderProjection },
    parkingProjections: { order: orderParkingProjection },
    store: points.store(actorStore(pool)),
    wakeUps: parts.publisher,
    feed: parts.feed,
    observer: parts.observer,
    process: processPorts,
    limits: { leaseMarginMs: config.leaseMarginMs, redeliveryMs: config.redeliveryMs, maxBatch, lanes },
  });
}

/** Without the queue orders are taken all the same, and go on when it is back; only who lives on wake-ups is not ready. */
function readinessChecks(config: Config, pool: DatabasePool, queue: WakeUpQueue): ReadinessCheck[] {
  const postgres = { name: 'postgres', check: async () => void (await pool.query(sql.typeAlias('void')`select 1`)) };
  if (servesRequests(config)) return [postgres];
  return [postgres, { name: 'queue', check: async () => void (await queue.waiting()) }];
}

interface RouteParts {
  readonly services: Services;
  readonly weather: GatewayWeather;
  readonly worker: DemoWorker;
  readonly verdicts: Verdicts;
  readonly feed: ListeningFeed;
  readonly publisher: PublishedWakeUps;
  readonly target: QueueTarget;
  readonly gateway: Transport;
  readonly onError: (error: Error) => void;
  readonly system: ActorSystem;
  readonly ledger: Ledger;
  readonly inspector: Inspector;
  readonly pool: DatabasePool;
  readonly metrics: Metrics;
  readonly checks: readonly ReadinessCheck[];
  readonly readiness: Readiness;
  readonly breakers: Breakers;
  readonly maxPlacing: () => number;
  readonly points: CrashPoints;
}

/** A worker or a relay serves health and metrics, nothing else. */
async function registerRoutes(app: App, config: Config, parts: RouteParts): Promise<void> {
  const { services, weather, system, ledger, pool, metrics } = parts;
  await app.register(health, {
    checks: parts.checks,
    readiness: parts.readiness,
    breakers: () => Object.fromEntries(Object.values(parts.breakers).map(({ name, state }) => [name, state()])),
    metrics: () => metrics.render(),
  });
  const { beforeAnswer } = parts.points;
  if (beforeAnswer)
    app.addHook('onSend', async ({ method, url }) => {
      if (method === 'POST' && url === '/orders') beforeAnswer();
    });
  // The console works alone too: it reads and operates what the edge has accepted, and accepts nothing itself.
  if (serves(config, 'edge', 'console')) {
    await app.register(ledgerPlugin, {
      service: ledger,
      maxPlacing: serves(config, 'edge') ? parts.maxPlacing : null,
      streamEvents,
      answeredNotModified,
    });
    await app.register(actorRoutes, { system });
    await app.register(previewRoute, { system, clock: () => storeClock(pool), likelyAnswersOf });
    await app.register(machineRoutes, {
      machines: system.machines,
      countByState: (machine) => countByState(pool, machine),
    });
    await app.register(inspectRoutes, { inspector: parts.inspector, origins: config.inspectOrigins });
  }
  if (serves(config, 'console')) await app.register(consolePlugin, consoleOptions(config, parts));
  if (serves(config, 'inventory')) await app.register(inventoryPlugin, { service: services.inventory });
  if (serves(config, 'payments')) await app.register(paymentsPlugin, paymentsOptions(services.payments, weather));
  if (serves(config, 'orders')) {
    await app.register(ordersPlugin, { service: services.orders, prefix: '/internal/orders' });
    // Where the edge does not take the path: the original demo's address of this service.
    if (!serves(config, 'edge', 'console'))
      await app.register(ordersPlugin, { service: services.orders, prefix: '/orders', hidden: true });
  }
  if (serves(config, 'edge', 'inventory', 'payments', 'orders')) await app.register(apiDocs);
}

function consoleOptions(config: Config, parts: RouteParts) {
  const { system, target, publisher, services, ledger } = parts;
  const demo: DemoPorts = {
    ledger,
    inventory: services.inventory,
    weather: parts.weather,
    worker: parts.worker,
    newId: processPorts.newId,
  };
  // What the demo corner changes has to be this process's own.
  const isOwn = config.paymentsUrl === null && config.inventoryUrl === null;
  return {
    pool: parts.pool,
    system,
    ledger,
    feed: parts.feed,
    gateway: parts.gateway,
    queue: { backend: target.type, waiting: () => publisher.backlog() },
    verdicts: parts.verdicts,
    migrationOf: migrationPaths(system.machines, migrations),
    noticeIdOf,
    likelyAnswersOf,
    demo: config.demoCorner && isOwn ? demo : null,
    monotonicMs: processPorts.monotonicMs,
    delay: processPorts.delay,
    onError: parts.onError,
  };
}

/** The demo's worker works on the same stores, and calls this process's gateway, so that its weather counts for it too. */
function demoEnvironment(config: Config, databaseUrl: string, app: App): Record<string, string> {
  const address = app.server.address();
  const isOpen = serves(config, 'payments') && typeof address === 'object' && address !== null;
  return {
    DATABASE_URL: databaseUrl,
    HOST: '127.0.0.1',
    LOG_LEVEL: 'silent',
    CRASH_AT: '',
    ...(isOpen ? { PAYMENTS_URL: `http://127.0.0.1:${address.port}` } : {}),
    ...(config.redisUrl === null ? {} : { REDIS_URL: config.redisUrl }),
  };
}

interface WorkParts {
  readonly pool: DatabasePool;
  readonly databaseUrl: string;
  readonly target: QueueTarget;
  readonly publisher: WakeUps;
  readonly system: ActorSystem;
  readonly services: Services;
  readonly reconciliation: Reconciliation;
  readonly onError: (error: Error) => void;
  readonly log: Logger;
  readonly points: CrashPoints;
  readonly tracing: Tracing;
  readonly breakers: Breakers;
}

/** What goes on without being asked. Every worker relays too, so an edge and a worker alone miss nothing. */
function background(config: Config, parts: WorkParts) {
  const { pool, databaseUrl, target, publisher, services, reconciliation, onError, points } = parts;
  const jobs = parts.tracing.jobs(points.jobs(parts.system));
  const stopping = new AbortController();
  const loops: Promise<void>[] = [];
  let consumer: WakeUpConsumer | null = null;
  const { delay } = processPorts;
  const resume = (): void => {
    if (serves(config, 'worker') && !stopping.signal.aborted)
      consumer ??= startWorker({ target, jobs, concurrency: workerConcurrency, onError });
  };
  const onFault = (error: unknown): void => onError(error instanceof Error ? error : new Error(String(error)));
  const rest = async (): Promise<void> => {
    const resting = consumer;
    consumer = null;
    await resting?.close();
  };
  return {
    /** Takes wake-ups, and leaves them to others: for who lets another worker have them. */
    resume,
    rest,
    start(): void {
      resume();
      if (config.roles.length > 0)
        loops.push(runHeartbeat({ pool, self: self(config, parts.breakers), signal: stopping.signal, delay, onFault }));
      if (serves(config, 'worker', 'relay')) {
        const { redeliveryMs } = config;
        loops.push(
          relay({
            outbox: meteredOutbox(
              otelMetrics.getMeter('waybill'),
              points.outbox(outbox(pool)),
              processPorts.monotonicMs,
            ),
            wakeUps: points.wakeUps(publisher),
            redeliveryMs,
            delay,
            onError,
          }).run(stopping.signal),
        );
      }
      if (serves(config, 'worker')) loops.push(reconciliation.run(stopping.signal));
      if (serves(config, 'worker') && config.retentionDays > 0) {
        const onDropped = droppedRows(otelMetrics.getMeter('waybill'));
        loops.push(
          runRetention({
            retention: createRetention(pool, databaseUrl, onDropped),
            olderThanDays: config.retentionDays,
            intervalMs: retentionIntervalMs,
            signal: stopping.signal,
            delay,
            onFault,
          }),
        );
      }
      if (serves(config, 'worker') && config.auditHours > 0) {
        loops.push(
          runAudits({
            runOnce: () => auditOnce(databaseUrl, onError),
            intervalMs: config.auditHours * hourMs,
            signal: stopping.signal,
            delay,
            onReport: auditObserver(otelMetrics.getMeter('waybill'), parts.log, processPorts.monotonicMs),
            onFault,
          }),
        );
      }
      if (serves(config, 'inventory')) {
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
      await rest();
    },
  };
}

const self = (config: Config, breakers: Breakers) => ({
  id: processPorts.newId(),
  roles: config.roles,
  version,
  host: hostname(),
  pid: process.pid,
  breakers: () =>
    Object.fromEntries(
      Object.values(breakers)
        .map(({ name, state }) => [name, state()])
        .filter(([, state]) => state !== 'closed'),
    ),
});

/** On a connection of its own, whose statements may take long, and kept for the console; replays what ended in the last day, or has not ended. */
async function auditOnce(url: string, onError: (error: Error) => void): Promise<AuditReport> {
  const pool = await openPool({ url, maxConnections: 1, statementTimeoutMs: auditStatementMs, onError });
  try {
    const logsSinceMs = (await storeClock(pool)) - dayMs;
    const report = await audit(pool, { machines: actorMachines(), migrations, live: true, logsSinceMs });
    await keepAudit(pool, report, true);
    return report;
  } finally {
    await pool.end();
  }
}

/** Drops actors that ended long ago; with that of an order its notice, and the entry in the ledger says so. */
export function createRetention(
  pool: DatabasePool,
  databaseUrl: string,
  onDropped?: (dropped: Dropped) => void,
): Retention {
  const { monotonicMs, delay } = processPorts;
  return retention({
    pool,
    databaseUrl,
    async alongside(tx, actors) {
      const orderIds = actors.filter(({ machine }) => machine === 'order').map(({ id }) => id);
      await markHistoryDropped(tx, orderIds);
      return { notices: await deleteLetters(tx, orderIds) };
    },
    monotonicMs,
    delay,
    ...(onDropped ? { onDropped } : {}),
  });
}

/** What a process calls itself in logs and traces. */
export const roleName = (config: Config): string => (hasAllRoles(config) ? 'all' : config.roles.join(','));

export const hasAllRoles = (config: Config): boolean => config.roles.length === allRoles.length;
