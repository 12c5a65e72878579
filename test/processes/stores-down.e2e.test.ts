/** Postgres or Redis dies under a running system, and is started again: what customers see, and that all goes on by itself. */
import { expect, it, onTestFinished } from 'vitest';
import { startEmbeddedPostgres } from '../../src/persistence/embedded-postgres.ts';
import { migrate } from '../../src/persistence/migrate.ts';
import { createDatabase } from '../support/database.ts';
import type { Member } from '../support/fleet.ts';
import { member } from '../support/member.ts';
import { startRedis } from '../support/redis.ts';
import { readRecords } from '../support/system-records.ts';
import { temporaryDataDir } from '../support/temporary-data-dir.ts';
import { eventually } from '../support/wait.ts';

const crowd = 40;
/** Less than anybody waits for a connection, an answer or an authorization: it is no timeout that answers. */
const atOnceMs = 2_500;

interface Seen {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly tookMs: number;
}

function placeAll(edge: Member, productId: string, name: string): Promise<Seen[]> {
  const placing = Array.from({ length: crowd }, async (_, n): Promise<Seen> => {
    const sentAtMs = performance.now();
    const answer = await edge.shop.place({ items: [{ productId, quantity: 1 }], key: `${name}-${n}` });
    return {
      status: answer.status,
      retryAfter: answer.headers['retry-after'],
      tookMs: performance.now() - sentAtMs,
    };
  });
  return Promise.all(placing);
}

const statusOf = async (one: Member, path: string): Promise<number> =>
  (await one.shop.send({ method: 'GET', path })).status;

it('Postgres is down: 503 with Retry-After at once, for placing and for reading; when it is back, so is every role', async () => {
  const dataDir = await temporaryDataDir();
  onTestFinished(dataDir.remove);
  const settings = { dataDir: dataDir.path, fsync: false };
  const server = await startEmbeddedPostgres(settings);
  await migrate(server.url);
  const redis = await startRedis();
  if (redis) onTestFinished(redis.stop);
  const base = { DATABASE_URL: server.url, REDIS_URL: redis?.url, LOG_LEVEL: 'warn' };
  const [edge, worker] = await Promise.all([member('edge,orders,inventory,payments', base), member('worker', base)]);
  const productId = await edge.shop.product({ stock: 1_000 });
  const before = await edge.shop.placed({ items: [{ productId, quantity: 1 }] });

  process.kill(server.pid, 'SIGQUIT');
  const gone = async (): Promise<boolean> => (await statusOf(edge, '/readyz')) === 503;
  await eventually(gone, { what: 'an edge that is not ready' });
  for (const name of ['down', 'still-down']) {
    const answers = await placeAll(edge, productId, name);
    expect(answers.map(({ status, retryAfter }) => [status, retryAfter])).toEqual(answers.map(() => [503, '1']));
    expect(Math.max(...answers.map(({ tookMs }) => tookMs))).toBeLessThan(atOnceMs);
  }
  const read = await edge.shop.send({ method: 'GET', path: `/orders/${before}` });
  expect([read.status, read.headers['retry-after']]).toEqual([503, '1']);
  expect([await statusOf(edge, '/healthz'), await statusOf(worker, '/healthz')]).toEqual([200, 200]);

  await startEmbeddedPostgres({ ...settings, port: server.port });
  const ready = async (one: Member): Promise<boolean> => (await statusOf(one, '/readyz')) === 200;
  for (const one of [edge, worker]) await eventually(() => ready(one), { what: `${one.roles} to be ready again` });
  // Under the keys that were refused.
  expect((await placeAll(edge, productId, 'down')).map(({ status }) => status)).toEqual(
    Array.from({ length: crowd }, () => 202),
  );
  const records = readRecords(server.url);
  onTestFinished(() => records.close());
  await records.finished();
  expect(await records.statuses()).toEqual({ COMPLETED: crowd + 1 });
  expect(await records.findings()).toEqual([]);
}, 300_000);

it('Redis is down: the edge stays ready and accepts; the orders finish when an empty one is back', async ({ skip }) => {
  const redis = await startRedis();
  if (!redis) return skip('no redis-server on this machine');
  onTestFinished(redis.stop);
  const database = await createDatabase();
  onTestFinished(database.drop);
  const base = { DATABASE_URL: database.url, REDIS_URL: redis.url, LOG_LEVEL: 'warn' };
  const [edge, worker] = await Promise.all([member('edge,orders,inventory,payments', base), member('worker', base)]);
  const productId = await edge.shop.product({ stock: 1_000 });
  const records = readRecords(database.url);
  onTestFinished(() => records.close());

  await redis.stop();
  const gone = async (): Promise<boolean> => (await statusOf(worker, '/readyz')) === 503;
  await eventually(gone, { what: 'a worker that is not ready' });
  expect((await placeAll(edge, productId, 'down')).map(({ status }) => status)).toEqual(
    Array.from({ length: crowd }, () => 202),
  );
  expect(await statusOf(edge, '/readyz')).toBe(200);
  expect(await records.statuses()).toEqual({ AUTHORIZED: crowd });

  const back = await startRedis({ port: redis.port });
  if (!back) throw new Error('no Redis');
  onTestFinished(back.stop);
  await records.finished();
  expect(await records.statuses()).toEqual({ COMPLETED: crowd });
  expect(await records.findings()).toEqual([]);
}, 300_000);
