/** A stack of its own to put load on: Postgres with fsync on, a queue, an edge and a worker as processes. */
import { startEmbeddedPostgres } from '../../src/persistence/embedded-postgres.ts';
import { migrate } from '../../src/persistence/migrate.ts';
import { type DatabasePool, openPool } from '../../src/persistence/pool.ts';
import { startRedis } from '../../test/support/redis.ts';
import { temporaryDataDir } from '../../test/support/temporary-data-dir.ts';
import type { QueueBackend } from '../engines/engine.ts';
import { startProcess } from './processes.ts';

export type { QueueBackend };

export interface BenchStack {
  readonly edgeUrl: string;
  readonly databaseUrl: string;
  readonly pool: DatabasePool;
  /** Everything that works on orders, by name: edge, worker, Postgres, Redis. */
  readonly processes: Readonly<Record<string, number>>;
  /** Of all of them. */
  readonly pids: readonly number[];
  close(): Promise<void>;
}

export interface StackOptions {
  readonly profileTo?: string | null;
  /** Roles of the edge, besides its own. */
  readonly alsoServes?: readonly string[];
}

/** @returns null where there is no Redis to be had */
export async function openStack(
  backend: QueueBackend,
  { profileTo = null, alsoServes = [] }: StackOptions = {},
): Promise<BenchStack | null> {
  await using opened = new AsyncDisposableStack();
  const dataDir = await temporaryDataDir();
  opened.defer(() => dataDir.remove());
  const postgres = await startEmbeddedPostgres({ dataDir: dataDir.path, fsync: true });
  opened.defer(() => postgres.stop());
  const redis = backend === 'redis' ? await startRedis() : null;
  if (backend === 'redis' && !redis) return null;
  if (redis) opened.defer(() => redis.stop());
  await migrate(postgres.url);
  const env = { DATABASE_URL: postgres.url, REDIS_URL: redis?.url ?? '', MOCK_FAILURE_RATE: '0', LOG_LEVEL: 'warn' };
  const role = ['edge', 'orders', 'inventory', 'payments', ...alsoServes].join(',');
  const edge = await startProcess({ role, name: 'edge', env, profileTo });
  opened.defer(() => edge.stop());
  const worker = await startProcess({ role: 'worker', name: 'worker', env, profileTo });
  opened.defer(() => worker.stop());
  const pool = await openPool({ url: postgres.url, maxConnections: 4, readsWholeTables: true });
  opened.defer(() => pool.end());
  const closing = opened.move();
  const processes = {
    postgres: postgres.pid,
    edge: edge.pid,
    worker: worker.pid,
    ...(redis ? { redis: redis.pid } : {}),
  };
  return {
    edgeUrl: edge.url,
    databaseUrl: postgres.url,
    pool,
    processes,
    pids: Object.values(processes),
    close: () => closing.disposeAsync(),
  };
}
