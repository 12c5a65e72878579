/** What the queue must do, whichever backend carries it. It may lose, double, delay and reorder; it must not get stuck. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  EvictingRedis,
  openConsumer,
  openQueue,
  poolConfig,
  prepareQueue,
  type QueueTarget,
  type WakeUpConsumer,
  type WakeUpQueue,
} from '../../src/queue/backend.ts';
import { wakeUps } from '../../src/queue/wake-ups.ts';
import { startWorker } from '../../src/queue/worker.ts';
import { useDatabase } from '../support/database.ts';
import { reaper } from '../support/reaper.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { tcpValve } from '../support/tcp-valve.ts';
import { eventually } from '../support/wait.ts';

const database = useDatabase();
let redis: TestRedis | null = null;

beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis?.stop());

const hangingConsumer = fileURLToPath(new URL('../support/hanging-consumer.ts', import.meta.url));

describe.each(['postgres', 'redis'] as const)('on %s', (backend) => {
  const closing: (() => Promise<void>)[] = [];
  const errors: Error[] = [];
  const givenBack: string[] = [];
  const onError = (error: Error): void => void errors.push(error);
  const giveBack = (actorIds: readonly string[]): Promise<number> => Promise.resolve(givenBack.push(...actorIds));

  const target = (): QueueTarget => {
    if (backend === 'postgres') return { type: 'postgres', url: database.url() };
    if (!redis) throw new Error('there is no Redis');
    return { type: 'redis', url: redis.url };
  };
  const queue = async (): Promise<WakeUpQueue> => {
    const opened = await openQueue(target(), onError);
    closing.push(() => opened.close());
    // The first command of a connection that fails fast must wait for the connection.
    await eventually(() => opened.waiting().then((n) => n >= 0));
    return opened;
  };
  const consume = (handle: (actorId: string) => Promise<void>, concurrency = 10): WakeUpConsumer => {
    const opened = openConsumer(target(), handle, { concurrency, giveBack, onError });
    closing.push(() => opened.close());
    return opened;
  };
  const given = (run: () => Promise<void>) => async (context: { skip: () => void }) => {
    if (backend === 'redis' && !redis) return context.skip();
    await run();
  };

  beforeAll(async () => {
    if (backend === 'postgres' || redis) await prepareQueue(target());
  });
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
    const left = await queue();
    const rest: string[] = [];
    if ((await left.waiting()) > 0) {
      consume((actorId) => Promise.resolve(void rest.push(actorId)));
      await eventually(async () => (await left.waiting()) === 0);
    }
    for (const close of closing.splice(0).reverse()) await close();
    errors.length = 0;
    givenBack.length = 0;
  });

  test(
    'a published wake-up advances its actor, and leaves no trace',
    given(async () => {
      const advanced: string[] = [];
      const opened = await queue();
      const worker = startWorker({
        target: target(),
        jobs: { advance: (id) => Promise.resolve(advanced.push(id)).then(() => 'waiting') },
        concurrency: 10,
        giveBack,
        onError,
      });
      closing.push(() => worker.close());
      const published = wakeUps(opened, { maxWaiting: 100, monotonicMs: () => performance.now(), onError });
      expect(await published.publish(['a', 'b', 'c'])).toBe(true);
      await eventually(() => advanced.length === 3);
      expect(advanced.sort()).toEqual(['a', 'b', 'c']);
      await eventually(async () => (await opened.waiting()) === 0);
      expect(errors).toEqual([]);
    }),
  );

  test(
    'the same actor again and again is not swallowed, whether its job waits, runs or is done',
    given(async () => {
      const taken: string[] = [];
      let release = (): void => undefined;
      const held = new Promise<void>((resolve) => (release = resolve));
      const opened = await queue();
      await opened.add(['a', 'a']);
      await opened.add(['a']);
      expect(await opened.waiting()).toBe(3);
      consume(async (actorId) => {
        taken.push(actorId);
        await held;
      });
      await eventually(() => taken.length === 3);
      await opened.add(['a']);
      await eventually(() => taken.length === 4);
      release();
      await eventually(async () => (await opened.waiting()) === 0);
      await opened.add(['a']);
      await eventually(() => taken.length === 5);
    }),
  );

  test(
    'an advance that throws is reported; its job is gone and the next is taken',
    given(async () => {
      const seen: string[] = [];
      const opened = await queue();
      const worker = startWorker({
        target: target(),
        jobs: {
          advance: (id) => {
            seen.push(id);
            return id === 'bad' ? Promise.reject(new Error('the store is away')) : Promise.resolve('waiting');
          },
        },
        concurrency: 1,
        giveBack,
        onError,
      });
      closing.push(() => worker.close());
      await opened.add(['bad', 'good']);
      await eventually(() => seen.includes('good'));
      expect(seen).toEqual(['bad', 'good']);
      expect(errors.map(({ message }) => message)).toEqual(['the store is away']);
    }),
  );

  test(
    'closing a worker waits for what it has begun, and gives back what it has taken but not begun',
    given(async () => {
      const begun: string[] = [];
      const ended: string[] = [];
      let release = (): void => undefined;
      const held = new Promise<void>((resolve) => (release = resolve));
      const opened = await queue();
      const worker = consume(async (actorId) => {
        begun.push(actorId);
        await held;
        ended.push(actorId);
      }, 2);
      await opened.add(['a', 'b', 'c', 'd']);
      await eventually(() => begun.length === 2);
      let closed = false;
      const close = worker.close().then(() => (closed = true));
      await new Promise((resolve) => setImmediate(resolve));
      expect(closed).toBe(false);
      release();
      await close;
      expect([begun, ended]).toEqual([
        ['a', 'b'],
        ['a', 'b'],
      ]);
      expect([givenBack, await opened.waiting()]).toEqual([['c', 'd'], 0]);
    }),
  );

  test(
    'who becomes due together shares jobs, and holds up nobody who shares its job',
    given(async () => {
      const opened = await queue();
      const ids = Array.from({ length: 70 }, (_, n) => `a${n}`);
      await opened.add(['slow', ...ids]);
      expect(await opened.waiting()).toBe(71);
      const taken: string[] = [];
      let release = (): void => undefined;
      const held = new Promise<void>((resolve) => (release = resolve));
      consume(async (actorId) => {
        if (actorId === 'slow') await held;
        taken.push(actorId);
      }, 2);
      await eventually(() => taken.length === 70);
      expect(new Set(taken)).toEqual(new Set(ids));
      await eventually(async () => (await opened.waiting()) === 0);
      await opened.add(['next']);
      await eventually(() => taken.includes('next'));
      release();
      await eventually(() => taken.includes('slow'));
    }),
  );

  test(
    'what a worker holds and has not begun still counts as waiting',
    given(async () => {
      const opened = await queue();
      let release = (): void => undefined;
      const held = new Promise<void>((resolve) => (release = resolve));
      let begun = 0;
      consume(async () => {
        begun += 1;
        await held;
      }, 1);
      await opened.add(['a', 'b', 'c']);
      await eventually(() => begun === 1);
      expect(await opened.waiting()).toBe(3);
      release();
      await eventually(async () => begun === 3 && (await opened.waiting()) === 0);
    }),
  );

  test(
    'of many jobs the depth is estimated from some at either end, since they differ in size',
    given(async () => {
      const opened = await queue();
      await opened.add(Array.from({ length: 320 }, (_, n) => `relayed${n}`));
      for (let n = 0; n < 10; n += 1) await opened.add([`edge${n}`]);
      // 10 jobs of 32 and 10 of 1.
      expect(await opened.waiting()).toBe(330);
    }),
  );

  test(
    'no more actors are under way at a time than a worker is to move, however many a job names',
    given(async () => {
      const opened = await queue();
      let under = 0;
      let most = 0;
      let done = 0;
      consume(async () => {
        most = Math.max(most, (under += 1));
        await new Promise((resolve) => setTimeout(resolve, 2));
        under -= 1;
        done += 1;
      }, 7);
      await opened.add(Array.from({ length: 100 }, (_, n) => `a${n}`));
      await eventually(() => done === 100);
      expect(most).toBe(7);
    }),
  );

  test(
    'a killed worker’s job does not hold up the next wake-up of its actor',
    given(async () => {
      const child = spawn(process.execPath, [hangingConsumer, JSON.stringify(target())], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      if (child.pid === undefined) throw new Error('it did not start');
      const release = reaper().watchProcess(child.pid);
      let said = '';
      child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
      const opened = await queue();
      await opened.add(['a']);
      await eventually(() => said.includes('took a'));
      child.kill('SIGKILL');
      await release();
      const taken: string[] = [];
      consume((actorId) => Promise.resolve(void taken.push(actorId)));
      const publishedAt = performance.now();
      await opened.add(['a']);
      await eventually(() => taken.includes('a'));
      // The dead worker is noticed only after its lock has run out, 15 s on.
      expect(performance.now() - publishedAt).toBeLessThan(5_000);
    }),
  );

  test(
    'beyond its bound nothing is published, until somebody takes jobs',
    given(async () => {
      let nowMs = 0;
      const opened = await queue();
      const published = wakeUps(opened, { maxWaiting: 5, monotonicMs: () => nowMs, onError });
      expect(await published.publish(['a', 'b', 'c', 'd', 'e'])).toBe(true);
      nowMs += 1_000;
      expect([await published.room(), await published.publish(['f']), await opened.waiting()]).toEqual([0, false, 5]);
      const taken: string[] = [];
      consume((actorId) => Promise.resolve(void taken.push(actorId)));
      await eventually(async () => taken.length === 5 && (await opened.waiting()) === 0);
      nowMs += 1_000;
      expect(await published.publish(['f'])).toBe(true);
      await eventually(() => taken.includes('f'));
    }),
  );

  test(
    'thousands at once all arrive',
    given(async () => {
      const taken = new Set<string>();
      const opened = await queue();
      const ids = Array.from({ length: 2_000 }, (_, n) => `a${n}`);
      consume((actorId) => Promise.resolve(void taken.add(actorId)), 50);
      const published = wakeUps(opened, { maxWaiting: 10_000, monotonicMs: () => performance.now(), onError });
      await published.publish(ids);
      await eventually(() => taken.size === 2_000, { timeoutMs: 20_000 });
    }),
  );
});

describe('on redis alone', () => {
  const given = (run: (redis: TestRedis) => Promise<void>) => async (context: { skip: () => void }) => {
    if (!redis) return context.skip();
    await run(redis);
  };

  test.for(['allkeys-lru', 'volatile-ttl'])(
    'one that may evict (%s) is refused, by a line that names the setting',
    async (policy, context) => {
      await given(async ({ url }) => {
        const admin = new Redis(url);
        try {
          await admin.config('SET', 'maxmemory-policy', policy);
          await expect(prepareQueue({ type: 'redis', url })).rejects.toThrow(EvictingRedis);
          await expect(prepareQueue({ type: 'redis', url })).rejects.toThrow(`maxmemory-policy is ${policy}`);
          await admin.config('SET', 'maxmemory-policy', 'noeviction');
          await prepareQueue({ type: 'redis', url });
        } finally {
          await admin.config('SET', 'maxmemory-policy', 'noeviction');
          admin.disconnect();
        }
      })(context);
    },
  );

  test(
    'one that is killed: publishing says so at once and never throws; when it is back, wake-ups flow again',
    given(async () => {
      const own = await startRedis();
      if (!own) return;
      const errors: Error[] = [];
      const target: QueueTarget = { type: 'redis', url: own.url };
      const opened = await openQueue(target, (error) => void errors.push(error));
      const taken: string[] = [];
      const consumer = openConsumer(target, (id) => Promise.resolve(void taken.push(id)), {
        concurrency: 5,
        giveBack: () => Promise.resolve(),
        onError: (error) => void errors.push(error),
      });
      const published = wakeUps(opened, {
        maxWaiting: 100,
        monotonicMs: () => performance.now(),
        onError: (error) => void errors.push(error),
      });
      await eventually(() => published.publish(['a']));
      await eventually(() => taken.includes('a'));
      await own.stop();
      await eventually(async () => !(await published.publish(['lost'])));
      const again = await startRedis({ port: own.port });
      try {
        await eventually(async () => (await published.publish(['b'])) && taken.includes('b'), { timeoutMs: 20_000 });
      } finally {
        await consumer.close();
        await opened.close();
        await again?.stop();
      }
    }),
  );
});

test('a connection to Postgres that breaks under whoever has it fails what it is asked, not the process', async () => {
  const pool = new pg.Pool(poolConfig(database.url(), 1));
  const client = await pool.connect();
  await expect(client.query('select pg_terminate_backend(pg_backend_pid())')).rejects.toThrow('terminating connection');
  await eventually(() =>
    client
      .query('select 1')
      .then(() => false)
      .catch(() => true),
  );
  client.release(true);
  expect((await pool.query<{ one: number }>('select 1 as one')).rows).toEqual([{ one: 1 }]);
  await pool.end();
});

test('on Postgres, a queue and a worker whose first question was cut off work once it is answered', async () => {
  await prepareQueue({ type: 'postgres', url: database.url() });
  const valve = await tcpValve(database.url());
  valve.cut();
  const target: QueueTarget = { type: 'postgres', url: valve.url };
  const errors: Error[] = [];
  const onError = (error: Error): void => void errors.push(error);
  const taken: string[] = [];
  const opened = await openQueue(target, onError);
  const consumer = openConsumer(target, (id) => Promise.resolve(void taken.push(id)), {
    concurrency: 5,
    giveBack: () => Promise.resolve(),
    onError,
  });
  await expect(opened.add(['lost'])).rejects.toThrow(/terminated|ECONNRESET/);
  // The worker has asked as well, and more than once.
  await eventually(() => valve.refused() >= 6);
  valve.open();
  const flows = async (): Promise<boolean> => {
    await opened.add(['a']);
    return taken.includes('a');
  };
  await eventually(flows);
  await consumer.close();
  await opened.close();
  await valve.close();
});
