/** More than the system can take: what cannot be worked on is refused at once and for now, what was accepted is finished. */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import { openQueue } from '../../src/queue/backend.ts';
import { createDatabase } from '../support/database.ts';
import type { Environment, Member } from '../support/fleet.ts';
import { member } from '../support/member.ts';
import { startRedis } from '../support/redis.ts';
import { rush } from '../support/rush.ts';
import { type HttpAnswer, overHttp } from '../support/shop.ts';
import { readRecords, type SystemRecords } from '../support/system-records.ts';
import { eventually } from '../support/wait.ts';

async function startStores(): Promise<{ readonly base: Environment; readonly records: SystemRecords }> {
  const database = await createDatabase();
  onTestFinished(database.drop);
  const redis = await startRedis();
  if (redis) onTestFinished(redis.stop);
  const records = readRecords(database.url);
  onTestFinished(() => records.close());
  return { base: { DATABASE_URL: database.url, REDIS_URL: redis?.url, LOG_LEVEL: 'warn' }, records };
}

const services = 'edge,orders,inventory,payments';
const crowd = 40;

function placeAll(edge: Member, productId: string, name: string): Promise<HttpAnswer[]> {
  const items = [{ productId, quantity: 1 }];
  return Promise.all(Array.from({ length: crowd }, (_, n) => edge.shop.place({ items, key: `${name}-${n}` })));
}

/** An order, or `<problem> <Retry-After>`; who is refused at the door is spread over several seconds. */
const inShort = (answer: HttpAnswer): string =>
  answer.status === 202
    ? 'accepted'
    : `${answer.json<{ error: string }>().error} ${answer.headers['retry-after']?.replace(/^[1-8]$/, '1–8')}`;

/** Nothing that is over leaves a trace: everybody who comes now is served. */
async function becomesNormal(edge: Member, productId: string): Promise<void> {
  let round = 0;
  const normal = async (): Promise<boolean> => {
    const answers = await placeAll(edge, productId, `normal-${round++}`);
    return answers.every(({ status }) => status === 202);
  };
  await eventually(normal, { what: 'a crowd that is served whole', timeoutMs: 60_000 });
}

it('all connections to Postgres taken: 503 with Retry-After, the process stays alive, and goes on by itself', async () => {
  const { base, records } = await startStores();
  const [edge] = await Promise.all([member(services, base), member('worker', base)]);
  const productId = await edge.shop.product({ stock: 1_000 });
  // Every connection that reads an order waits for this lock.
  const locker = new pg.Client({ connectionString: base['DATABASE_URL'] });
  await locker.connect();
  onTestFinished(() => locker.end());
  await locker.query('begin; lock table ledger.entry in access exclusive mode');
  const reading = Array.from({ length: 40 }, () => edge.shop.send({ method: 'GET', path: `/orders/${randomUUID()}` }));
  const waiting = `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;
  await eventually(async () => (await records.query(waiting)).length >= 12, { what: 'a pool that is taken' });
  expect((await edge.shop.send({ method: 'GET', path: '/healthz' })).status).toBe(200);
  const placed = await placeAll(edge, productId, 'full');
  expect(placed.map(inShort)).toEqual(Array.from({ length: crowd }, () => 'service_unavailable 1–8'));
  expect(new Set((await Promise.all(reading)).map(({ status }) => status))).toEqual(new Set([503]));
  await locker.query('rollback');
  await becomesNormal(edge, productId);
  await records.finished();
  expect(Object.keys(await records.statuses())).toEqual(['COMPLETED']);
  expect(await records.findings()).toEqual([]);
}, 300_000);

it('the queue is full: orders are accepted one after the other, the rest is refused for now; all complete once a worker comes', async ({
  skip,
}) => {
  const { base, records } = await startStores();
  const redisUrl = base['REDIS_URL'];
  if (redisUrl === undefined) return skip('no redis-server on this machine');
  const edge = await member(services, base);
  const productId = await edge.shop.product({ stock: 1_000 });
  const queue = await openQueue({ type: 'redis', url: redisUrl }, () => undefined);
  onTestFinished(() => queue.close());
  const full = 2_000;
  await queue.add(Array.from({ length: full }, () => randomUUID()));
  // The edge learns of it by looking, which it does when somebody comes.
  const refused = async (): Promise<readonly string[] | null> => {
    const answers = (await placeAll(edge, productId, 'full')).map(inShort);
    return answers.includes('overloaded 1–8') ? answers : null;
  };
  await eventually(refused, { what: 'an edge that knows' });
  const answers = (await placeAll(edge, productId, 'fuller')).map(inShort);
  expect(new Set(answers)).toEqual(new Set(['accepted', 'overloaded 1–8']));
  // Beyond the bound nothing is published.
  expect(await queue.waiting()).toBeLessThanOrEqual(full + crowd);
  await member('worker', base);
  await becomesNormal(edge, productId);
  expect((await placeAll(edge, productId, 'fuller')).map(inShort)).toEqual(answers.map(() => 'accepted'));
  await records.finished();
  expect(Object.keys(await records.statuses())).toEqual(['COMPLETED']);
  expect(await records.findings()).toEqual([]);
}, 300_000);

it('640 customers at once: those beyond the bound are refused for now, all are served in the end, and every order completes', async () => {
  const { base, records } = await startStores();
  const [edge] = await Promise.all([member(services, base), member('worker', base)]);
  const productId = await edge.shop.product({ stock: 1_000_000 });
  const customers = 640;
  // New connections are taken one per turn of the edge's event loop: on a busy machine the last customers wait in the kernel.
  const send = overHttp(edge.url, { timeoutMs: 120_000 });
  const over = await rush([send], { customers, items: [{ productId, quantity: 1 }], name: 'customer' });
  expect(over.errors).toEqual([]);
  expect(over.refusals['overloaded']).toBeGreaterThan(0);
  expect(new Set(over.accepted).size).toBe(customers);
  await becomesNormal(edge, productId);
  await records.finished({ timeoutMs: 120_000 });
  expect(Object.keys(await records.statuses())).toEqual(['COMPLETED']);
  expect(await records.findings()).toEqual([]);
}, 300_000);
