/** Faults under load, on real processes: each must strike orders that are on their way, and none may be lost by it. */
import { Redis } from 'ioredis';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/persistence/embedded-postgres.ts';
import { migrate } from '../../src/persistence/migrate.ts';
import { createDatabase } from '../support/database.ts';
import type { Member } from '../support/fleet.ts';
import { member } from '../support/member.ts';
import { type Load, startLoad } from '../support/load.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import type { Item } from '../support/shop.ts';
import { readRecords, type SystemRecords } from '../support/system-records.ts';
import { temporaryDataDir } from '../support/temporary-data-dir.ts';
import { eventually } from '../support/wait.ts';

/** Mostly orders that go through; some of each kind that turns back. */
const tokens = [
  ...Array.from({ length: 5 }, () => 'tok_visa'),
  'tok_flaky_1',
  'tok_capture_declined',
  'tok_visa',
  'tok_decline_stolen',
];
/** So that at any moment several calls are on their way. */
const gatewayLatencyMs = 40;
const clients = 8;
/** Of a capture: its timeout, and the margin that the fleet's environment sets. */
const leaseMs = 5_000 + 1_000;

async function items(inventory: Member): Promise<Item[]> {
  const stock = 100_000;
  const ids = await Promise.all([inventory.shop.product({ stock }), inventory.shop.product({ stock })]);
  // The third runs out: a refusal among the orders.
  const scarce = await inventory.shop.product({ stock: 5 });
  return [...ids, ...ids, ...ids, scarce].map((productId) => ({ productId, quantity: 1 }));
}

function records(databaseUrl: string): SystemRecords {
  const opened = readRecords(databaseUrl);
  onTestFinished(() => opened.close());
  return opened;
}

/** Strikes only while orders are on their way: else the test would show nothing. */
async function strike(records: SystemRecords, fault: () => Promise<unknown>): Promise<void> {
  const under = await records.unfinished();
  await fault();
  expect(under, 'orders on their way when the fault struck').toBeGreaterThan(0);
}

async function expectAllWell(records: SystemRecords, load: Load, atLeast: number): Promise<void> {
  await load.stop();
  await records.finished();
  expect(load.answers.size, 'orders').toBeGreaterThanOrEqual(atLeast);
  expect(await records.lost(load)).toEqual([]);
  expect(await records.findings()).toEqual([]);
  const statuses = await records.statuses();
  expect(Object.keys(statuses).toSorted()).toEqual(['AUTHORIZATION_FAILED', 'COMPLETED', 'FAILED']);
  expect(Object.values(statuses).reduce((sum, n) => sum + n)).toBe(load.answers.size);
}

async function redisOrNone(): Promise<TestRedis | null> {
  const redis = await startRedis();
  if (redis) onTestFinished(redis.stop);
  return redis;
}

describe('every role in a process of its own', () => {
  it('each is killed under load and started again: no order is lost, none is charged without its goods', async () => {
    const database = await createDatabase();
    onTestFinished(database.drop);
    const redis = await redisOrNone();
    const base = { DATABASE_URL: database.url, REDIS_URL: redis?.url };
    const [orders, inventory, payments] = await Promise.all([
      member('orders', base),
      member('inventory', base),
      member('payments', { ...base, MOCK_LATENCY_MS: String(gatewayLatencyMs) }),
    ]);
    const remote = { ...base, ORDERS_URL: orders.url, INVENTORY_URL: inventory.url, PAYMENTS_URL: payments.url };
    const [edge, first, second, relay] = await Promise.all([
      member('edge', remote),
      member('worker', remote),
      member('worker', remote),
      member('relay', base),
    ]);
    const kept = records(database.url);
    const load = startLoad(edge.shop, { clients, tokens, items: await items(inventory) });
    await load.goesOn(20);
    for (const victims of [[first], [payments], [edge], [orders, inventory, relay]]) {
      await strike(kept, () => Promise.all(victims.map((victim) => victim.kill())));
      await Promise.all(victims.map((victim) => victim.restart()));
      await load.goesOn(20);
    }
    await expectAllWell(kept, load, 100);
    // It took part all the time; the other workers' counters began anew.
    expect(await second.counted('actor_transitions_total')).toBeGreaterThan(50);
    expect(await first.counted('actor_transitions_total')).toBeGreaterThan(0);
  });
});

describe('Redis', () => {
  it('is emptied, then killed and started empty, under load: it costs time, never an order', async ({ skip }) => {
    const redis = await redisOrNone();
    if (!redis) return skip('no redis-server on this machine');
    const database = await createDatabase();
    onTestFinished(database.drop);
    const base = { DATABASE_URL: database.url, REDIS_URL: redis.url };
    const edge = await member('edge,orders,inventory,payments', { ...base, MOCK_LATENCY_MS: String(gatewayLatencyMs) });
    await Promise.all([1, 2].map(() => member('worker', { ...base, PAYMENTS_URL: edge.url })));
    const kept = records(database.url);
    const load = startLoad(edge.shop, { clients, tokens, items: await items(edge) });
    await load.goesOn(20);
    await strike(kept, () => flushAll(redis.url));
    await load.goesOn(20);
    await strike(kept, () => redis.stop());
    // Orders are taken without it.
    await load.goesOn(20);
    const again = await startRedis({ port: redis.port });
    onTestFinished(async () => again?.stop());
    await load.goesOn(40);
    await expectAllWell(kept, load, 100);
  });
});

async function flushAll(url: string): Promise<void> {
  const redis = new Redis(url);
  await redis.flushall();
  redis.disconnect();
}

describe('Postgres', () => {
  let server: EmbeddedPostgres;
  let dataDir: string;

  beforeEach(async () => {
    const { path, remove } = await temporaryDataDir();
    onTestFinished(remove);
    dataDir = path;
    server = await startEmbeddedPostgres({ dataDir, fsync: false });
    await migrate(server.url);
  });

  it.each(['redis', 'postgres'])(
    'is shut down at once and comes back, under load, with the queue on %s: accepted orders are still there',
    async (backend) => {
      const redis = backend === 'redis' ? await redisOrNone() : null;
      const base = { DATABASE_URL: server.url, REDIS_URL: redis?.url };
      const edge = await member('edge,orders,inventory,payments', {
        ...base,
        MOCK_LATENCY_MS: String(gatewayLatencyMs),
      });
      await member('worker', { ...base, PAYMENTS_URL: edge.url });
      const kept = records(server.url);
      const load = startLoad(edge.shop, { clients, tokens, items: await items(edge) });
      await load.goesOn(30);
      // SIGQUIT is Postgres's immediate shutdown: it recovers from its log, as after a crash.
      await strike(kept, async () => process.kill(server.pid, 'SIGQUIT'));
      const before = load.failures();
      server = await startEmbeddedPostgres({ dataDir, fsync: false, port: server.port });
      await load.goesOn(70);
      expect(load.failures(), 'requests that met no database').toBeGreaterThan(before);
      await expectAllWell(kept, load, 100);
    },
  );
});

describe('a worker', () => {
  it('that stands still for longer than its leases comes back as a zombie, and its outcomes are dropped', async () => {
    const database = await createDatabase();
    onTestFinished(database.drop);
    const redis = await redisOrNone();
    const base = { DATABASE_URL: database.url, REDIS_URL: redis?.url };
    const edge = await member('edge,orders,inventory,payments', { ...base, MOCK_LATENCY_MS: '150' });
    const [zombie] = await Promise.all([1, 2].map(() => member('worker', { ...base, PAYMENTS_URL: edge.url })));
    if (!zombie) throw new Error('no worker');
    const kept = records(database.url);
    const load = startLoad(edge.shop, { clients: 16, tokens, items: await items(edge) });
    await load.goesOn(60);
    await strike(kept, () => zombie.kill('SIGSTOP'));
    const stopped = performance.now();
    const underWay = await kept.query<{ id: string }>(`select id from actors.actor where status = 'active'`);
    await load.goesOn(40);
    const taken = async (): Promise<boolean> => {
      const ids = underWay.map(({ id }) => id);
      return (
        (await kept.query(`select from actors.actor where status = 'active' and id = any($1)`, [ids])).length === 0
      );
    };
    await eventually(taken, { what: 'the other worker to finish what the zombie holds', timeoutMs: 25_000 });
    expect(performance.now() - stopped, 'longer than a lease').toBeGreaterThan(leaseMs);
    await zombie.kill('SIGCONT');
    await load.goesOn(20);
    await expectAllWell(kept, load, 120);
    const dropped =
      (await zombie.counted('effect_outcomes_fenced_total')) + (await zombie.counted('effect_outcomes_stale_total'));
    expect(dropped, 'outcomes of the zombie that were dropped').toBeGreaterThan(0);
  });
});
