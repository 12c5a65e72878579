/** `waybill start`: brings one process up, tells what listens where, and takes it down again in order. */
import { actorMachines, compose, hasAllRoles, queueTarget, roleName, type Waybill } from '../compose.ts';
import type { Config } from '../config.ts';
import { awaitMigrated, migrate } from '../persistence/migrate.ts';
import { processPorts } from '../process-ports.ts';
import { reachQueue } from '../queue/reach.ts';
import { createLogger } from '../telemetry/log.ts';
import { type Metrics, startMetrics } from '../telemetry/metrics.ts';
import { processIdentity } from '../telemetry/process-identity.ts';
import { exitCodes, type ExitCode, type Invocation } from './invocation.ts';
import { stopSignal } from './stop-signal.ts';
import { type Database, openDatabase } from './database.ts';
import { welcome } from './welcome.ts';

/** Whoever migrates may be waiting for the database too. */
const migrationWaitMs = 600_000;
/** A drain that takes longer is cut off: orchestrators kill after 30 s, and everything here survives a kill. */
const maxDrainMs = 25_000;
/** For what has been printed to get out. */
const lingerMs = 500;

/** Runs until SIGINT or SIGTERM; a second signal, more than a moment later, does not wait. */
export async function start({ config, print, json }: Invocation): Promise<ExitCode> {
  const stopping = stopSignal();
  const log = createLogger({
    level: config.logLevel,
    pretty: true,
    role: roleName(config),
  });
  const say = (line: string): void => log.info(line);
  let database: Database | null = null;
  let waybill: Waybill | null = null;
  let metrics: Metrics | null = null;
  try {
    database = await openDatabase(config, { log: say, signal: stopping.signal, join: false });
    await prepare(config, database, say, stopping.signal);
    metrics = await openMetrics(config);
    waybill = await compose(config, { databaseUrl: database.url, log, metrics });
    const url = await waybill.listen();
    waybill.work();
    print(
      json
        ? JSON.stringify({ url, roles: config.roles, database: database.name })
        : welcome({ config, url, database: database.name, machines: actorMachines() }),
    );
    await stopping.requested;
    log.info('draining');
    return exitCodes.done;
  } catch (error) {
    // Asked to stop while it waited for a dependency: that is no failure.
    if (stopping.signal.aborted) return exitCodes.done;
    throw error;
  } finally {
    const overdue = setTimeout(() => process.exit(exitCodes.problem), maxDrainMs);
    await waybill?.close();
    // What was counted last is sent too, if somebody takes it.
    await metrics?.shutdown();
    await database?.close();
    clearTimeout(overdue);
    // What still tries to reach a server that is away does not keep the process.
    setTimeout(() => process.exit(), lingerMs).unref();
    stopping.release();
  }
}

/** For `/metrics`; sent to a collector as well where there is one. */
async function openMetrics(config: Config): Promise<Metrics> {
  if (config.otlpEndpoint === null || !config.pushesMetrics) return startMetrics();
  const { pushedMetrics } = await import('../telemetry/pushed-metrics.ts');
  const identity = processIdentity({ name: config.otelServiceName, role: roleName(config) });
  return startMetrics(pushedMetrics(config.otlpEndpoint, identity));
}

/** A process of all roles, or one with a database of its own, brings the schema up to date; others wait for it. */
async function prepare(
  config: Config,
  database: Database,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  if (database.embedded || hasAllRoles(config)) await migrate(database.url, { log });
  else await awaitMigrated(database.url, { timeoutMs: migrationWaitMs, log, signal });
  await reachQueue(queueTarget(config, database.url), { log, delay: processPorts.delay, signal });
}
