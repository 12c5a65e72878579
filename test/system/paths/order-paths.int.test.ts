/**
 * Every covering path of the shipped machines, driven on the real system: real Postgres and BullMQ, the participants' own
 * services behind a scripted transport, a virtual clock, each wake-up twice, a crash and a hanging call on each path.
 */
import { describe, expect, it } from 'vitest';
import { hasRedis } from '../../support/stack.ts';
import { startRedis } from '../../support/redis.ts';
import { coverageTable, type Run, runPaths } from './run-paths.ts';
import { isSameTransaction, shippedPaths } from './shipped-paths.ts';

const seed = Number(process.env['PATHS_SEED'] ?? 1);
/** Two cores: a third database keeps them busy while the others wait for a commit. */
const lanes = 3;
/** Ten times what it takes on two free cores. */
const timeout = 120_000;

describe('the paths of the shipped machines, on the real system', { timeout }, () => {
  it('participants over HTTP, wake-ups over Postgres: every log is its path, and the audit is clean', async () => {
    const { assignments, reachable } = shippedPaths('deliveries', seed);
    const run = await runPaths({ form: 'remote', redisUrls: Array<null>(lanes).fill(null), assignments });
    process.stdout.write(coverageTable('Participants over HTTP, wake-ups over Postgres', run, reachable));
    expect(run.problems).toEqual([]);
    expect(shownOf(run)).toEqual(Object.fromEntries(reachable));
  });

  it.skipIf(!hasRedis)('the same, wake-ups over Redis', async () => {
    const redis = await startRedis();
    if (!redis) throw new Error('there was a redis-server a moment ago');
    const { assignments, reachable } = shippedPaths('deliveries', seed + 1_000);
    // A queue for each database.
    const redisUrls = Array.from({ length: lanes }, (_, index) => `${redis.url}/${index}`);
    const run = await runPaths({ form: 'remote', redisUrls, assignments });
    await redis.stop();
    process.stdout.write(coverageTable('Participants over HTTP, wake-ups over Redis', run, reachable));
    expect(run.problems).toEqual([]);
    expect(shownOf(run)).toEqual(Object.fromEntries(reachable));
  });

  it('orders and inventory in the same transaction', async () => {
    const { assignments, reachable } = shippedPaths('deliveries', seed + 2_000, isSameTransaction);
    const run = await runPaths({ form: 'local', redisUrls: Array<null>(lanes).fill(null), assignments });
    process.stdout.write(coverageTable('Orders and inventory in the same transaction', run, reachable));
    expect(run.problems).toEqual([]);
    expect(shownOf(run)).toEqual(Object.fromEntries(reachable));
  });
});

const shownOf = ({ shown }: Run): unknown =>
  Object.fromEntries(
    [...shown].map(([machine, { states, transitions }]) => [
      machine,
      { states: states.size, transitions: transitions.size },
    ]),
  );
