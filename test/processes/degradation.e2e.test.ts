/** What a customer sees while a server hangs: a 503 to repeat where nothing can be promised, and else nothing at all. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { createDatabase } from '../support/database.ts';
import type { Member } from '../support/fleet.ts';
import { member } from '../support/member.ts';
import { startRedis } from '../support/redis.ts';
import { readRecords } from '../support/system-records.ts';
import { tcpValve } from '../support/tcp-valve.ts';
import { eventually } from '../support/wait.ts';

/** Longer than an order's first two waits. */
const outageMs = 6_000;
const keys = Array.from({ length: 40 }, (_, n) => `hang-${n}`);

/** @returns status and Retry-After of every answer; a request that hangs fails the test */
async function placeAll(edge: Member, productId: string): Promise<readonly (number | string | undefined)[][]> {
  const placing = keys.map((key) => edge.shop.place({ items: [{ productId, quantity: 1 }], key }));
  return (await Promise.all(placing)).map(({ status, headers }) => [status, headers['retry-after']]);
}

it('Postgres hangs: every request is answered 503 with Retry-After; when it goes on, so does every role by itself', async () => {
  const database = await createDatabase();
  onTestFinished(database.drop);
  const valve = await tcpValve(database.url);
  onTestFinished(valve.close);
  const redis = await startRedis();
  if (redis) onTestFinished(redis.stop);
  const base = { DATABASE_URL: valve.url, REDIS_URL: redis?.url };
  const edge = await member('edge,orders,inventory,payments', base);
  const worker = await member('worker', { ...base, PAYMENTS_URL: edge.url });
  const productId = await edge.shop.product({ stock: 1_000 });
  valve.shut();
  const refused = keys.map(() => [503, '1']);
  // Those that find it out, and those that come when it is known.
  expect(await placeAll(edge, productId)).toEqual(refused);
  expect(await placeAll(edge, productId)).toEqual(refused);
  expect((await edge.shop.send({ method: 'GET', path: '/healthz' })).status).toBe(200);
  expect((await edge.shop.send({ method: 'GET', path: '/readyz' })).status).toBe(503);
  valve.open();
  const ready = async (): Promise<boolean> => (await edge.shop.send({ method: 'GET', path: '/readyz' })).status === 200;
  await eventually(ready, { what: 'the edge to be ready again', timeoutMs: 30_000 });
  expect((await placeAll(edge, productId)).map(([status]) => status)).toEqual(keys.map(() => 202));
  const records = readRecords(database.url);
  onTestFinished(() => records.close());
  await records.finished();
  expect(await records.statuses()).toEqual({ COMPLETED: keys.length });
  expect(await worker.counted('actor_transitions_total')).toBeGreaterThan(0);
});

it('Redis hangs: the edge stays ready and accepts; a worker that is told to stop meanwhile does; all orders complete after', async ({
  skip,
}) => {
  const redis = await startRedis();
  if (!redis) return skip('no redis-server on this machine');
  onTestFinished(redis.stop);
  const database = await createDatabase();
  onTestFinished(database.drop);
  const valve = await tcpValve(redis.url);
  onTestFinished(valve.close);
  const base = { DATABASE_URL: database.url, REDIS_URL: valve.url };
  const edge = await member('edge,orders,inventory,payments', base);
  const worker = await member('worker', { ...base, PAYMENTS_URL: edge.url });
  const productId = await edge.shop.product({ stock: 1_000 });
  valve.shut();
  expect((await placeAll(edge, productId)).map(([status]) => status)).toEqual(keys.map(() => 202));
  expect((await edge.shop.send({ method: 'GET', path: '/readyz' })).status).toBe(200);
  await worker.kill('SIGTERM');
  expect(await worker.process().exited).toEqual({ code: 0, signal: null });
  valve.open();
  await worker.restart();
  const records = readRecords(database.url);
  onTestFinished(() => records.close());
  await records.finished();
  expect(await records.statuses()).toEqual({ COMPLETED: keys.length });
});

it('the gateway is away: its breaker opens, the worker stays ready, and orders wait in place of burning their attempts', async () => {
  const database = await createDatabase();
  onTestFinished(database.drop);
  const redis = await startRedis();
  if (redis) onTestFinished(redis.stop);
  const base = { DATABASE_URL: database.url, REDIS_URL: redis?.url };
  const gateway = await member('payments', base);
  const remote = { ...base, PAYMENTS_URL: gateway.url };
  const edge = await member('edge,orders,inventory', remote);
  const productId = await edge.shop.product({ stock: 1_000 });
  expect((await placeAll(edge, productId)).map(([status]) => status)).toEqual(keys.map(() => 202));
  await gateway.kill();
  const worker = await member('worker', remote);
  const breaker = async (): Promise<string | undefined> => {
    const { status, json } = await worker.shop.send({ method: 'GET', path: '/readyz' });
    expect(status).toBe(200);
    return json<{ breakers: Record<string, string> }>().breakers['payments'];
  };
  await eventually(async () => (await breaker()) === 'open', { what: 'the breaker to open' });
  // Each order would have come again three times by now.
  await sleep(outageMs);
  expect(await worker.counted('effect_attempt_duration_seconds_count')).toBeLessThan(1.5 * keys.length);
  await gateway.restart();
  const records = readRecords(database.url);
  onTestFinished(() => records.close());
  await records.finished();
  expect(await records.statuses()).toEqual({ COMPLETED: keys.length });
  expect(await breaker()).toBe('closed');
});
