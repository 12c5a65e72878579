/** Where engines are measured: a Postgres with fsync on, a database and a Redis of its own for each run. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../../src/persistence/embedded-postgres.ts';
import { withClient } from '../../src/persistence/with-client.ts';
import { reaper } from '../../test/support/reaper.ts';
import { startRedis } from '../../test/support/redis.ts';
import { temporaryDataDir } from '../../test/support/temporary-data-dir.ts';
import { createTables } from '../business/schema.ts';
import type { Engine, EngineSettings, QueueBackend } from './engine.ts';

export interface Lab extends AsyncDisposable {
  readonly postgresPid: number;
  /** A fresh database with the tables of the saga and of the engine, and whatever servers it wants. */
  open(engine: Engine, tuning?: Tuning): Promise<Bench>;
}

export type Tuning = Partial<Pick<EngineSettings, 'concurrency' | 'maxBatch'>>;

/** One engine, ready to be started. */
export interface Bench extends AsyncDisposable {
  readonly settings: EngineSettings;
  /** Everything that works beside the engine's own processes: Postgres, and Redis or a server of its own if it has one. */
  readonly pids: Readonly<Record<string, number>>;
}

export class NoRedis extends Error {
  override readonly name = 'NoRedis';
}

/** @throws NoRedis (`open`) when the machine has none and the engine wants one */
export async function openLab(backend: QueueBackend): Promise<Lab> {
  await using opened = new AsyncDisposableStack();
  const dataDir = await temporaryDataDir();
  opened.defer(() => dataDir.remove());
  const postgres = await startEmbeddedPostgres({ dataDir: dataDir.path, fsync: true });
  opened.defer(() => postgres.stop());
  const closing = opened.move();
  let databases = 0;
  return {
    postgresPid: postgres.pid,
    async open(engine, tuning = {}) {
      await using parts = new AsyncDisposableStack();
      const database = `bench_${++databases}`;
      const url = new URL(postgres.url);
      url.pathname = `/${database}`;
      await onServer(postgres.url, `create database ${database}`);
      parts.defer(() => onServer(postgres.url, `drop database ${database} with (force)`));
      await createTables(url.toString());
      const redis = wantsRedis(engine, backend) ? await startRedis({ appendFsync: 'everysec' }) : null;
      if (!redis && wantsRedis(engine, backend)) throw new NoRedis('no redis-server on the PATH');
      if (redis) parts.defer(() => redis.stop());
      const directory = await mkdtemp(join(tmpdir(), 'waybill-bench-'));
      parts.defer(reaper().watchDataDir(directory));
      const settings: EngineSettings = {
        databaseUrl: url.toString(),
        redisUrl: redis?.url ?? null,
        directory,
        concurrency: tuning.concurrency ?? null,
        maxBatch: tuning.maxBatch ?? null,
      };
      const servers = (await engine.servers?.(settings)) ?? [];
      for (const server of servers) parts.defer(() => server.stop());
      await engine.setup?.(settings);
      await onServer(postgres.url, 'checkpoint');
      const closingParts = parts.move();
      const pids = {
        postgres: postgres.pid,
        ...(redis ? { redis: redis.pid } : {}),
        ...Object.fromEntries(servers.map(({ name, pid }) => [name, pid])),
      };
      return { settings, pids, [Symbol.asyncDispose]: () => closingParts.disposeAsync() };
    },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}

const wantsRedis = ({ redis }: Engine, backend: QueueBackend): boolean =>
  redis === 'always' || (redis === 'with-backend' && backend === 'redis');

async function onServer(url: string, statement: string): Promise<void> {
  await withClient(url, (client) => client.query(statement));
}
