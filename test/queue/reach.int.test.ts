/** A process that starts while its queue's Postgres loses a connection waits for it, and starts. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { reachQueue } from '../../src/queue/reach.ts';
import { createDatabase } from '../support/database.ts';
import { postgresProxy } from '../support/postgres-proxy.ts';

const delay = (ms: number): Promise<void> => sleep(Math.min(ms, 10));

describe('reachQueue on Postgres', () => {
  it.each(['answer-lost', 'never-arrives'] as const)('tries again when its COMMIT meets its fate: %s', async (fate) => {
    const database = await createDatabase();
    const proxy = await postgresProxy(database.url);
    try {
      proxy.nextCommit(fate);
      await reachQueue({ type: 'postgres', url: proxy.url }, { delay, log: () => {} });
      expect(proxy.struck()).toBe(1);
    } finally {
      await proxy.close();
      await database.drop();
    }
  });

  it('does not wait for what no waiting changes', async () => {
    const database = await createDatabase();
    const url = new URL(database.url);
    url.password = 'wrong';
    try {
      await expect(
        reachQueue({ type: 'postgres', url: url.toString() }, { delay, log: () => {} }),
      ).rejects.toMatchObject({ code: '28P01' });
    } finally {
      await database.drop();
    }
  });
});
