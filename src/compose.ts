/** The only file that knows all rooms: from a configuration to the parts of one process, wired. */
import { metrics as otelMetrics } from '@opentelemetry/api';
import type { Logger } from 'pino';
import type { ActorSystem } from './actors/index.ts';
import { background } from './compose/background.ts';
import { actorMachines } from './compose/machines.ts';
import { createBreakers, createServices, openTransports } from './compose/participants.ts';
import { servesRequests } from './compose/roles.ts';
import { demoEnvironment, readinessChecks, registerRoutes } from './compose/routes.ts';
import { createSystem } from './compose/system.ts';
import { openTracing } from './compose/tracing.ts';
import type { Config } from './config.ts';
import { createDemoWorker } from './console/demo-worker.ts';
import { createVerdicts } from './console/verdicts.ts';
import { type Pass, crashPoints, dieAt, killThisProcess } from './crash-points/crash-points.ts';
import { remoteCatalog } from './effects/inventory.ts';
import { type App, buildApp } from './http/app.ts';
import { drain } from './http/drain.ts';
import { createReadiness } from './http/readiness.ts';
import { type Inspector, createInspector } from './inspector/index.ts';
import { actorStore } from './persistence/actor-store.ts';
import { commitFeed } from './persistence/commit-feed.ts';
import { readFigures } from './persistence/figures.ts';
import { type DatabasePool, openPool } from './persistence/pool.ts';
import { readPostgresFigures } from './persistence/postgres-figures.ts';
import { processPorts } from './process-ports.ts';
import { type QueueTarget, openQueue } from './queue/backend.ts';
import { wakeUps } from './queue/wake-ups.ts';
import { type Reconciliation, createReconciliation } from './reconciliation/service.ts';
import { stockTotals } from './services/inventory/queries.ts';
import { placingBound } from './services/ledger/placing-bound.ts';
import { type Ledger, createLedger } from './services/ledger/service.ts';
import { breakerObserver } from './telemetry/breaker-observer.ts';
import { chartFacts } from './telemetry/chart-facts.ts';
import type { Metrics } from './telemetry/metrics.ts';
import { runtimeObserver } from './telemetry/observer.ts';
import { processGauges } from './telemetry/process-gauges.ts';
import { reconciliationObserver } from './telemetry/reconciliation-observer.ts';
import { systemGauges } from './telemetry/system-gauges.ts';

export { actorMachines } from './compose/machines.ts';
export { createRetention } from './compose/retention.ts';
export { hasAllRoles, roleName } from './compose/roles.ts';

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
  /** What circuit breakers go by, in place of the process's own clock: for who moves the store's. */
  readonly breakerClockMs?: () => number;
}

// Group commit needs few connections: reads, the edge's own statements and one lane share them.
const poolSize = 12;

/** Wake-ups that may wait in the queue. */
const maxWaitingJobs = 2_000;

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
  const services = createServices(pool, log);
  const weather = { latencyMs: config.mockLatencyMs, failureRate: config.mockFailureRate };
  const transports = await openTransports(config, services, weather, log, tracing);
  opened.defer(() => transports.close());
  const meter = otelMetrics.getMeter('waybill');
  const facts = chartFacts(actorMachines());
  const observer = tracing.observer(runtimeObserver(meter, log, facts));
  const breakers = createBreakers(breakerObserver(meter, log), surroundings.breakerClockMs ?? processPorts.monotonicMs);
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
