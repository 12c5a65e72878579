/** The demo's own stack: a PostgreSQL in a temporary directory, and the roles as processes of their own. */
import { chmod, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { queueTarget } from '../../compose.ts';
import type { Config } from '../../config.ts';
import { migrate } from '../../persistence/migrate.ts';
import { type DatabasePool, openPool } from '../../persistence/pool.ts';
import { processPorts } from '../../process-ports.ts';
import { reachQueue } from '../../queue/reach.ts';
import { type Database, openDatabase } from '../database.ts';
import { type Child, startChild } from './child.ts';

export interface DemoStack {
  readonly directory: string;
  /** Aborted when a process of the stack ends that should not have, or with `signal`. */
  readonly signal: AbortSignal;
  pool(): DatabasePool;
  openDatabase(): Promise<void>;
  /** Everything but the worker. @returns its URL */
  startServices(): Promise<string>;
  /** @returns its pid */
  startWorker(): Promise<number>;
  /** SIGKILL. @returns the pid of the dead */
  killWorker(): Promise<number>;
  /** Lets every process drain. */
  drain(): Promise<void>;
  /** Ends everything, however far it has come, and removes the directory unless it is to be kept. Never fails halfway. */
  close(options: { readonly keep: boolean }): Promise<void>;
}

/** Shorter than a server's own, so that nobody watches a wait that shows nothing. */
const quickly = { LEASE_MARGIN_MS: '1000', REDELIVERY_MS: '1000', EDGE_BUDGET_MS: '3000' };
const roles = 'edge,orders,inventory,payments,relay';

/** @param interrupted ends every wait */
export async function createStack(config: Config, interrupted: AbortSignal): Promise<DemoStack> {
  const directory = await mkdtemp(join(tmpdir(), 'waybill-demo-'));
  // For root, Postgres runs as somebody else, who has to get in.
  await chmod(directory, 0o755);
  const lost = new AbortController();
  const signal = AbortSignal.any([interrupted, lost.signal]);
  const own: Config = { ...config, databaseUrl: null, redisUrl: null, dataDir: directory };
  const killers: (() => Promise<void>)[] = [];
  let database: Database | null = null;
  let pool: DatabasePool | null = null;
  let services: Child | null = null;
  let worker: Child | null = null;

  const start = (name: string, role: string, more: Readonly<Record<string, string>>): Promise<Child> => {
    signal.throwIfAborted();
    const env = { ...environment(directory, there(database).url), ...more };
    const onLost = (error: Error): void => lost.abort(error);
    const logFile = join(directory, `${name}.log`);
    return startChild({ name, roles: role, env, logFile, signal, onLost }, ({ kill }) => killers.push(kill));
  };

  return {
    directory,
    signal,
    pool: () => there(pool),
    async openDatabase() {
      database = await openDatabase(own, { log: () => {}, join: false });
      signal.throwIfAborted();
      await migrate(database.url);
      await reachQueue(queueTarget(own, database.url), { log: () => {}, delay: processPorts.delay, signal });
      pool = await openPool({ url: database.url, maxConnections: 3 });
    },
    async startServices() {
      services = await start('services', roles, {});
      return services.url;
    },
    async startWorker() {
      worker = await start('worker', 'worker', { PAYMENTS_URL: there(services).url });
      return worker.pid;
    },
    async killWorker() {
      const { pid, kill } = there(worker);
      await kill();
      return pid;
    },
    async drain() {
      // The worker first: what it has under way it asks of the others.
      await worker?.drain();
      await services?.drain();
    },
    async close({ keep }) {
      await Promise.all(killers.map((kill) => kill()));
      await pool?.end();
      await database?.close();
      if (!keep) await removeDataDir(directory);
    },
  };
}

/** This process's own environment, less whatever would make the children part of another system. */
function environment(directory: string, databaseUrl: string): Record<string, string | undefined> {
  return {
    DATABASE_URL: databaseUrl,
    REDIS_URL: undefined,
    DATA_DIR: directory,
    ROLE: undefined,
    PORT: undefined,
    HOST: '127.0.0.1',
    PAYMENTS_URL: undefined,
    ORDERS_URL: undefined,
    INVENTORY_URL: undefined,
    OTEL_EXPORTER_OTLP_ENDPOINT: undefined,
    LOG_LEVEL: 'info',
    // Faults come by the orders' tokens alone: each order's end is known beforehand.
    MOCK_FAILURE_RATE: '0',
    MOCK_LATENCY_MS: '20',
    ...quickly,
  };
}

/** Root's cluster may be elsewhere, with a link to it from here. */
async function removeDataDir(directory: string): Promise<void> {
  const cluster = await realpath(join(directory, 'postgres')).catch(() => null);
  if (cluster !== null && relative(await realpath(directory), cluster).startsWith('..'))
    await rm(dirname(cluster), { recursive: true, force: true });
  await rm(directory, { recursive: true, force: true });
}

function there<T>(value: T | null): T {
  if (value === null) throw new Error('the stack is not that far yet');
  return value;
}
