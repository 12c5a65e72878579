/** What happens to wake-ups: doubled, dropped, reordered, late, or all gone with their server. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createPostgresBackend, Queue, withBackend } from 'bullmq';
import { Redis } from 'ioredis';
import { poolConfig, queueName } from '../../src/queue/backend.ts';
import { eventually } from '../support/wait.ts';
import type { Chance } from './chance.ts';
import type { Counters } from './counters.ts';
import { faults } from './profiles.ts';
import type { System } from './system.ts';

interface Wake {
  readonly actors: readonly { readonly id: string }[];
}

/** What this file uses of a queue, whichever its backend. */
type WakeQueue = Pick<Queue<Wake, void>, 'pause' | 'resume' | 'getJobs' | 'addBulk' | 'close'>;

/** So long jobs gather, which nobody takes meanwhile. */
const gatherMs = 250;
const maxJobs = 1_000;
const doubledShare = 0.3;
const droppedShare = 0.1;
const healMs = 30_000;

/** Holds the queue back for a moment, and gives back what has gathered with some twice, some not at all, none in its place. */
export async function tamperWithJobs(system: System, counters: Counters, chance: Chance): Promise<void> {
  await withQueue(system, async (queue) => {
    try {
      await queue.pause();
      await sleep(gatherMs);
      await replaceJobs(queue, counters, chance);
    } finally {
      await queue.resume();
    }
  }).catch(() => resumeQueue(system));
}

/** A pause outlives whoever made it, so it must be undone, however long that takes. */
export async function resumeQueue(system: System): Promise<void> {
  const resumed = async (): Promise<boolean> => {
    await withQueue(system, (queue) => queue.resume());
    return true;
  };
  await eventually(resumed, { what: 'the queue to go on', timeoutMs: healMs });
}

async function replaceJobs(queue: WakeQueue, counters: Counters, chance: Chance): Promise<void> {
  const jobs = await queue.getJobs(['wait'], 0, maxJobs);
  const taken: string[] = [];
  for (const job of jobs) {
    // One that is being worked on cannot be removed.
    const removed = await job.remove().then(
      () => true,
      () => false,
    );
    if (removed) taken.push(...job.data.actors.map(({ id }) => id));
  }
  const kept = taken.filter(() => !chance.happens(droppedShare));
  const doubled = kept.filter(() => chance.happens(doubledShare));
  const again = chance.shuffled([...kept, ...doubled]);
  const opts = { attempts: 1, removeOnComplete: true, removeOnFail: true };
  if (again.length > 0) await queue.addBulk(again.map((id) => ({ name: 'wake', data: { actors: [{ id }] }, opts })));
  counters.add(faults.dropped, taken.length - kept.length);
  counters.add(faults.doubled, doubled.length);
  if (kept.length > 1) counters.add(faults.reordered, kept.length);
}

async function withQueue(system: System, work: (queue: WakeQueue) => Promise<void>): Promise<void> {
  const { redisUrl } = system;
  const connection = redisUrl === null ? null : connect(redisUrl);
  const queue = connection === null ? openOnPostgres(system.databaseUrl) : openOnRedis(connection);
  try {
    await work(queue);
  } finally {
    await queue.close().catch(() => undefined);
    connection?.disconnect();
  }
}

function openOnPostgres(connectionString: string): WakeQueue {
  const connection = { ...poolConfig(connectionString, 1), connectionTimeoutMillis: 2_000 };
  const queue = new (withBackend(createPostgresBackend).Queue)<Wake, void>(queueName, { connection });
  queue.on('error', () => undefined);
  return queue;
}

function openOnRedis(connection: Redis): WakeQueue {
  const queue = new Queue<Wake, void>(queueName, { connection });
  queue.on('error', () => undefined);
  return queue;
}

function connect(url: string): Redis {
  const redis = new Redis(url, { maxRetriesPerRequest: 1, commandTimeout: 2_000, retryStrategy: () => null });
  redis.on('error', () => undefined);
  return redis;
}

export async function flushAll(system: System, counters: Counters): Promise<void> {
  if (system.redisUrl === null) return;
  const redis = connect(system.redisUrl);
  const flushed = await redis.flushall().catch(() => null);
  redis.disconnect();
  if (flushed === 'OK') counters.add(faults.flushed);
}

export async function killRedis(system: System, counters: Counters): Promise<void> {
  if (system.redisUrl === null) return;
  await system.replaceRedis();
  counters.add(faults.redisKilled);
}
