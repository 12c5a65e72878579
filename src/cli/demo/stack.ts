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

/** Shorter than a server's own, so that nobody watches a wait that shows nothing. */
const quickly = { LEASE_MARGIN_MS: '1000', REDELIVERY_MS: '1000', EDGE_BUDGET_MS: '3000' };
const roles = 'edge,orders,inventory,payments,relay';

/** A directory that nobody else has, and a stack that has not begun. @param interrupted ends every wait */
export async function createStack(config: Config, interrupted: AbortSignal): Promise<DemoStack> {
  const directory = await mkdtemp(join(tmpdir(), 'waybill-demo-'));
  // For root, Postgres runs as somebody else, who has to get in.
  await chmod(directory, 0o755);
  return new DemoStack({ ...config, databaseUrl: null, redisUrl: null, dataDir: directory }, interrupted);
}

export class DemoStack {
  /** Aborted when a process of the stack ends that should not have, or by an interrupt. */
  readonly signal: AbortSignal;
  readonly #config: Config;
  readonly #lost = new AbortController();
  readonly #killers: (() => Promise<void>)[] = [];
  #database: Database | null = null;
  #pool: DatabasePool | null = null;
  #services: Child | null = null;
  #worker: Child | null = null;

  constructor(config: Config, interrupted: AbortSignal) {
    this.#config = config;
    this.signal = AbortSignal.any([interrupted, this.#lost.signal]);
  }

  get directory(): string {
    return this.#config.dataDir;
  }

  get pool(): DatabasePool {
    return there(this.#pool);
  }

  /** PostgreSQL with the schema of this build and the queue's. */
  async openDatabase(): Promise<void> {
    this.#database = await openDatabase(this.#config, { log: () => {}, join: false });
    this.signal.throwIfAborted();
    const { url } = this.#database;
    await migrate(url);
    await reachQueue(queueTarget(this.#config, url), {
      log: () => {},
      delay: processPorts.delay,
      signal: this.signal,
    });
    this.#pool = await openPool({ url, maxConnections: 3, readsWholeTables: true });
  }

  /** Everything but the worker. @returns its URL */
  async startServices(): Promise<string> {
    this.#services = await this.#start('services', roles, {});
    return this.#services.url;
  }

  /** @returns its pid */
  async startWorker(): Promise<number> {
    this.#worker = await this.#start('worker', 'worker', { PAYMENTS_URL: there(this.#services).url });
    return this.#worker.pid;
  }

  /** SIGKILL. @returns the pid of the dead */
  async killWorker(): Promise<number> {
    const { pid, kill } = there(this.#worker);
    await kill();
    return pid;
  }

  /** Lets every process come to its end. */
  async drain(): Promise<void> {
    // The worker first: what it has under way it asks of the others.
    await this.#worker?.drain();
    await this.#services?.drain();
  }

  /** Ends everything, however far it has come, and removes the directory unless it is to be kept. */
  async close({ keep }: { readonly keep: boolean }): Promise<void> {
    await Promise.all(this.#killers.map((kill) => kill()));
    await this.#pool?.end();
    await this.#database?.close();
    if (!keep) await removeDataDir(this.directory);
  }

  #start(name: string, role: string, more: Readonly<Record<string, string>>): Promise<Child> {
    this.signal.throwIfAborted();
    return startChild(
      {
        name,
        roles: role,
        env: { ...environment(this.directory, there(this.#database).url), ...more },
        logFile: join(this.directory, `${name}.log`),
        signal: this.signal,
        onLost: (error) => this.#lost.abort(error),
      },
      ({ kill }) => this.#killers.push(kill),
    );
  }
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
