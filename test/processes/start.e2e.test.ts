/** `waybill start` as somebody types it: on embedded defaults, after a crash, beside another, with wrong settings. */
import { rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freePort, livePostmaster } from '../../src/persistence/postgres-cluster.ts';
import { startEmbeddedPostgres } from '../../src/persistence/embedded-postgres.ts';
import { createDatabase } from '../support/database.ts';
import { type SpawnOptions, spawnWaybill, type WaybillProcess } from '../support/process.ts';
import { startRedis } from '../support/redis.ts';
import { openShop, overHttp, type Shop } from '../support/shop.ts';
import { temporaryDataDir } from '../support/temporary-data-dir.ts';

function start(env: SpawnOptions['env'], args: readonly string[] = []): WaybillProcess {
  const started = spawnWaybill({ args: ['start', '--port', '0', ...args], env: { ...env } });
  onTestFinished(() => started.kill('SIGKILL'));
  return started;
}

async function up(started: WaybillProcess): Promise<Shop> {
  const [, url = ''] = await started.line(/Waybill is up at (\S+)/);
  return openShop(overHttp(url));
}

async function dataDir(): Promise<string> {
  const { path, remove } = await temporaryDataDir();
  onTestFinished(remove);
  return path;
}

/** What went to standard error or output besides the log. */
const lines = (ended: WaybillProcess): string[] =>
  ended
    .output()
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('{'));

/** Ends by itself, unsuccessfully, with this one line. */
async function expectRefusal(started: WaybillProcess, code: number, line: RegExp): Promise<void> {
  expect([await started.exited, lines(started)]).toEqual([{ code, signal: null }, [expect.stringMatching(line)]]);
}

const placed = async (shop: Shop, productId: string): Promise<string> =>
  shop.placed({ items: [{ productId, quantity: 1 }] });

describe('on embedded defaults', () => {
  it('says what is where, finds its data again, and leaves no server behind', async () => {
    const DATA_DIR = await dataDir();
    const first = start({ DATA_DIR });
    const shop = await up(first);
    expect(first.output()).toMatch(/roles +all\n.*data +PostgreSQL 18 in .*; BullMQ on Postgres\n/);
    const productId = await shop.product({ stock: 5 });
    const id = await placed(shop, productId);
    await shop.until(id, 'COMPLETED');
    await first.kill('SIGTERM');
    expect(await first.exited).toEqual({ code: 0, signal: null });
    expect(await livePostmaster({ dir: join(DATA_DIR, 'postgres') })).toBeNull();

    const second = start({ DATA_DIR });
    const again = await up(second);
    expect((await again.find(id)).status).toBe('COMPLETED');
    await second.kill('SIGINT');
    expect(await second.exited).toEqual({ code: 0, signal: null });
    expect(await livePostmaster({ dir: join(DATA_DIR, 'postgres') })).toBeNull();
  });

  it('SIGTERM to npm start drains too, though the shell between them dies of it and passes nothing on', async () => {
    const DATA_DIR = await dataDir();
    const npm = spawnWaybill({ command: ['npm', 'start', '--'], args: ['--port', '0'], env: { DATA_DIR } });
    onTestFinished(() => npm.kill('SIGKILL'));
    await up(npm);
    // Its output closes when the last process that writes to it has ended.
    await npm.kill('SIGTERM');
    expect(await livePostmaster({ dir: join(DATA_DIR, 'postgres') })).toBeNull();
  });

  it('one Ctrl-C that arrives twice, by the terminal and by npm or a watcher, drains as one', async () => {
    const DATA_DIR = await dataDir();
    const first = start({ DATA_DIR });
    await up(first);
    process.kill(first.pid, 'SIGINT');
    process.kill(first.pid, 'SIGTERM');
    expect(await first.exited).toEqual({ code: 0, signal: null });
    expect(await livePostmaster({ dir: join(DATA_DIR, 'postgres') })).toBeNull();
  });

  it('after kill -9 it adopts the server that is still running, and finishes what was on its way', async () => {
    const DATA_DIR = await dataDir();
    // Long leases: what the dead process has begun is taken up when they end.
    const env = { DATA_DIR, LEASE_MARGIN_MS: '500', REDELIVERY_MS: '500', MOCK_LATENCY_MS: '300' };
    const first = start(env);
    const shop = await up(first);
    const productId = await shop.product({ stock: 50 });
    const ids = await Promise.all(Array.from({ length: 20 }, () => placed(shop, productId)));
    await first.kill('SIGKILL');
    const left = await livePostmaster({ dir: join(DATA_DIR, 'postgres') });
    expect(left).not.toBeNull();

    const second = start(env);
    const again = await up(second);
    expect((await livePostmaster({ dir: join(DATA_DIR, 'postgres') }))?.pid).toBe(left?.pid);
    const seen = await Promise.all(ids.map(async (id) => (await again.find(id)).status));
    expect(seen.filter((status) => status !== 'COMPLETED').length, 'on their way at the kill').toBeGreaterThan(0);
    for (const id of ids) await again.until(id, 'COMPLETED', { timeoutMs: 20_000 });
    await second.kill('SIGTERM');
    expect(await second.exited).toEqual({ code: 0, signal: null });
    expect(await livePostmaster({ dir: join(DATA_DIR, 'postgres') })).toBeNull();
  });

  it('a second instance on one data directory is refused, and the first goes on', async () => {
    const DATA_DIR = await dataDir();
    const first = start({ DATA_DIR });
    const shop = await up(first);
    await expectRefusal(start({ DATA_DIR }), 1, new RegExp(`^waybill: ${DATA_DIR} is in use by process ${first.pid}`));
    await shop.product();
  });
});

describe('a setting that is wrong is named in one line', () => {
  it.each([
    [{ ROLE: 'nonsense' }, /^waybill: ROLE is "nonsense", expected a list of all, edge, /],
    [{ MOCK_FAILURE_RATE: '2' }, /^waybill: MOCK_FAILURE_RATE is "2", expected a number from 0 to 1$/],
    [{ DATABASE_URL: 'mysql://somewhere' }, /^waybill: DATABASE_URL is not a URL that starts with postgres:/],
    [{ REDIS_URL: 'localhost:6379' }, /^waybill: REDIS_URL is not a URL that starts with redis:/],
  ])('%o', async (env, line) => {
    await expectRefusal(start(env), 2, line);
  });

  it('--role nonsense', async () => {
    const started = start({}, ['--role', 'nonsense']);
    expect((await started.exited).code).toBe(2);
    expect(started.output()).toContain('--role is "nonsense", expected a list of all, edge, ');
  });

  it('DATABASE_URL with a wrong password, or without that database', async () => {
    const { url, drop } = await createDatabase();
    onTestFinished(drop);
    const wrongPassword = new URL(url);
    wrongPassword.password = 'wrong';
    const wrongName = new URL(url);
    wrongName.pathname = '/nowhere';
    const host = wrongName.host.replaceAll('.', '\\.');
    await Promise.all([
      expectRefusal(
        start({ DATABASE_URL: wrongPassword.toString() }),
        1,
        new RegExp(`^waybill: DATABASE_URL: ${host}/\\w+ refuses us: .*password authentication failed`),
      ),
      expectRefusal(
        start({ DATABASE_URL: wrongName.toString() }),
        1,
        new RegExp(`^waybill: DATABASE_URL: ${host}/nowhere refuses us: .*"nowhere" does not exist`),
      ),
    ]);
  });

  it('REDIS_URL with a wrong password, or of a Redis that may evict', async ({ skip }) => {
    const redis = await startRedis();
    if (!redis) return skip('no redis-server on this machine');
    onTestFinished(redis.stop);
    const { url, drop } = await createDatabase();
    onTestFinished(drop);
    const admin = new Redis(redis.url);
    await admin.config('SET', 'requirepass', 'secret');
    const env = (password: string) => ({
      DATABASE_URL: url,
      REDIS_URL: redis.url.replace('redis://', `redis://:${password}@`),
    });
    await expectRefusal(start(env('wrong')), 1, /^waybill: REDIS_URL: 127\.0\.0\.1:\d+ refuses us: .*WRONGPASS/);
    await expectRefusal(start({ DATABASE_URL: url, REDIS_URL: redis.url }), 1, /^waybill: REDIS_URL: .*NOAUTH/);
    await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
    admin.disconnect();
    await expectRefusal(
      start(env('secret')),
      1,
      /^waybill: REDIS_URL: its maxmemory-policy is allkeys-lru, but must be noeviction$/,
    );
  });

  it('PORT that somebody listens on', async () => {
    const { url, drop } = await createDatabase();
    onTestFinished(drop);
    const { server, port } = await listening();
    onTestFinished(async () => void server.close());
    const started = spawnWaybill({ args: ['start'], env: { DATABASE_URL: url, PORT: String(port) } });
    await expectRefusal(started, 1, new RegExp(`^waybill: PORT: .*EADDRINUSE.*${port}`));
  });

  it('DATA_DIR that is a file', async () => {
    const DATA_DIR = join(await dataDir(), 'file');
    await writeFile(DATA_DIR, '');
    onTestFinished(() => rm(DATA_DIR));
    await expectRefusal(start({ DATA_DIR }), 1, /^waybill: DATA_DIR \S+ cannot be used: EEXIST: /);
  });
});

describe('a dependency that is late is waited for, with a line that says so', () => {
  it('Postgres', async () => {
    const path = await dataDir();
    const port = await freePort();
    const server = await startEmbeddedPostgres({ dataDir: path, fsync: false, port });
    const { url: DATABASE_URL } = server;
    await server.stop();
    const started = start({ DATABASE_URL });
    await started.line(/waiting for Postgres at 127\.0\.0\.1:\d+\/waybill \(DATABASE_URL\): .*ECONNREFUSED/);
    await startEmbeddedPostgres({ dataDir: path, fsync: false, port });
    await up(started);
    await started.kill('SIGTERM');
    expect(await started.exited).toEqual({ code: 0, signal: null });
  });

  it('Redis', async ({ skip }) => {
    const probe = await startRedis();
    if (!probe) return skip('no redis-server on this machine');
    await probe.stop();
    const { url, drop } = await createDatabase();
    onTestFinished(drop);
    const started = start({ DATABASE_URL: url, REDIS_URL: probe.url });
    await started.line(/waiting for Redis at 127\.0\.0\.1:\d+ \(REDIS_URL\): /);
    const redis = await startRedis({ port: probe.port });
    onTestFinished(async () => redis?.stop());
    await up(started);
  });

  it('a host that nobody knows, until it is told to stop', async () => {
    const started = start({ DATABASE_URL: 'postgres://somebody:secret-word@nowhere.invalid:5432/waybill' });
    await started.line(/waiting for Postgres at nowhere\.invalid:5432\/waybill \(DATABASE_URL\): /);
    await started.kill('SIGTERM');
    expect(await started.exited).toEqual({ code: 0, signal: null });
    expect(started.output()).not.toContain('secret-word');
  });

  it('the migrations, by a role that leaves them to others', async () => {
    const { url, drop } = await createDatabase({ migrated: false });
    onTestFinished(drop);
    const worker = start({ DATABASE_URL: url }, ['--role', 'worker']);
    await worker.line(/waiting: the database lacks \d+ of \d+ migrations/);
    const migrating = spawnWaybill({ args: ['migrate'], env: { DATABASE_URL: url } });
    expect(await migrating.exited).toEqual({ code: 0, signal: null });
    await up(worker);
  });
});

function listening(): Promise<{ server: Server; port: number }> {
  return new Promise((resolve, reject) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (typeof address === 'object' && address) resolve({ server, port: address.port });
      else reject(new Error('it does not listen'));
    });
  });
}
