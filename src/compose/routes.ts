/** What each role serves over HTTP. */
import { type ActorSystem, migrationPaths } from '../actors/index.ts';
import type { Config } from '../config.ts';
import type { DemoWorker } from '../console/demo-worker.ts';
import type { DemoPorts } from '../console/demo.ts';
import consolePlugin from '../console/plugin.ts';
import type { Verdicts } from '../console/verdicts.ts';
import type { CrashPoints } from '../crash-points/crash-points.ts';
import { likelyAnswersOf } from '../effects/likely-answers.ts';
import type { Transport } from '../effects/transport.ts';
import actorRoutes from '../http/actor-routes.ts';
import type { App } from '../http/app.ts';
import { answeredNotModified } from '../http/conditional.ts';
import apiDocs from '../http/docs.ts';
import health, { type ReadinessCheck } from '../http/health.ts';
import inspectRoutes from '../http/inspect-routes.ts';
import machineRoutes from '../http/machine-routes.ts';
import previewRoute from '../http/preview-route.ts';
import type { Readiness } from '../http/readiness.ts';
import { streamEvents } from '../http/sse.ts';
import type { Inspector } from '../inspector/index.ts';
import { noticeIdOf } from '../machines/index.ts';
import { migrations } from '../machines/migrations.ts';
import type { ListeningFeed } from '../persistence/commit-feed.ts';
import { countByState, storeClock } from '../persistence/operations.ts';
import type { DatabasePool } from '../persistence/pool.ts';
import { sql } from '../persistence/sql.ts';
import { processPorts } from '../process-ports.ts';
import type { QueueTarget, WakeUpQueue } from '../queue/backend.ts';
import type { PublishedWakeUps } from '../queue/wake-ups.ts';
import inventoryPlugin from '../services/inventory/plugin.ts';
import ledgerPlugin from '../services/ledger/plugin.ts';
import type { Ledger } from '../services/ledger/service.ts';
import ordersPlugin from '../services/orders/plugin.ts';
import paymentsPlugin, { type GatewayWeather } from '../services/payments/plugin.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { type Breakers, type Services, paymentsOptions } from './participants.ts';
import { serves, servesRequests } from './roles.ts';

/** Without the queue orders are taken all the same, and go on when it is back; only who lives on wake-ups is not ready. */
export function readinessChecks(config: Config, pool: DatabasePool, queue: WakeUpQueue): ReadinessCheck[] {
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
export async function registerRoutes(app: App, config: Config, parts: RouteParts): Promise<void> {
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
export function demoEnvironment(config: Config, databaseUrl: string, app: App): Record<string, string> {
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
