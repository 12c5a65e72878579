/** The short profile of `npm run chaos`: about three minutes. Another plan by CHAOS_SEED. */
import { expect, it } from 'vitest';
import { startRedis } from '../support/redis.ts';
import { chaos } from './chaos.ts';
import { profiles } from './profiles.ts';

const seed = Number(process.env['CHAOS_SEED'] ?? 1);

it('whatever dies, no order is lost and nothing happens twice, and every planned fault has struck', async ({
  skip,
}) => {
  const redis = await startRedis();
  await redis?.stop();
  skip(redis === null, 'no redis-server on this machine');
  const { missing, verdicts } = await chaos({ profile: profiles.short, backend: 'redis', seed, say: () => {} });
  expect(verdicts.filter(({ found }) => found.length > 0)).toEqual([]);
  expect(missing).toEqual([]);
});
