/** One product that everybody wants, in a system of two edges and two workers: exactly what is there is sold. */
import { expect, it, onTestFinished } from 'vitest';
import { createDatabase } from '../support/database.ts';
import { member } from '../support/member.ts';
import { startRedis } from '../support/redis.ts';
import { rush } from '../support/rush.ts';
import { overHttp } from '../support/shop.ts';
import { readRecords } from '../support/system-records.ts';

const buyers = 1_000;
const pieces = 100;

it('1,000 buyers at once, 100 pieces: 100 orders complete, 900 fail and hold nothing, and nothing ever deadlocks', async () => {
  const database = await createDatabase();
  onTestFinished(database.drop);
  const redis = await startRedis();
  if (redis) onTestFinished(redis.stop);
  const base = { DATABASE_URL: database.url, REDIS_URL: redis?.url, LOG_LEVEL: 'warn' };
  const [first, second] = await Promise.all([
    member('edge,inventory', base),
    member('edge', base),
    member('worker', base),
    member('worker', base),
  ]);
  const records = readRecords(database.url);
  onTestFinished(() => records.close());
  const productId = await first.shop.product({ stock: pieces });

  const sends = [first, second].map(({ url }) => overHttp(url, { timeoutMs: 60_000 }));
  const items = [{ productId, quantity: 1 }];
  const crowd = await rush(sends, { customers: buyers, items, name: 'buyer' });
  expect(crowd.errors).toEqual([]);
  expect(new Set(crowd.accepted).size).toBe(buyers);
  await records.finished({ timeoutMs: 120_000 });
  expect(await records.statuses()).toEqual({ COMPLETED: pieces, FAILED: buyers - pieces });
  expect(
    await records.query('select on_hand, reserved from inventory.stock where product_id = $1', [productId]),
  ).toEqual([{ on_hand: 0, reserved: 0 }]);
  expect(
    await records.query('select deadlocks::int4 from pg_stat_database where datname = current_database()'),
  ).toEqual([{ deadlocks: 0 }]);
  expect(await records.findings()).toEqual([]);
}, 300_000);
