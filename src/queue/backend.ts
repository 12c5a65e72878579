/** BullMQ on one of its two backends: Redis, or Postgres when there is none. One queue, for wake-ups. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { createPostgresBackend, DEFAULT_SCHEMA, Queue, runMigrations, withBackend, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';
import { createRoom } from './room.ts';

export type QueueTarget =
  | { readonly type: 'redis'; readonly url: string }
  | { readonly type: 'postgres'; readonly url: string };

/** Look at these actors. */
export interface WakeUpJob {
  readonly actors: readonly {
    readonly id: string;
    /** The span that published it, if there is one. Nothing is ever decided by it. */
    readonly traceparent?: string;
  }[];
}

/** What this room uses of a queue, whichever its backend. */
export interface WakeUpQueue {
  /** @param traceparents what each carries, by actor */
  add(actorIds: readonly string[], traceparents?: ReadonlyMap<string, string>): Promise<void>;
  /** Wake-ups that no worker has followed yet; beyond a few jobs an estimate. */
  waiting(): Promise<number>;
  close(): Promise<void>;
}

export interface WakeUpConsumer {
  close(): Promise<void>;
}

const onPostgres = withBackend(createPostgresBackend);
/** Not the name that an older build's jobs of another form go by: each build feeds its own workers, and the outbox those who have none. */
export const queueName = 'wake-ups';
/** A wake-up is looked up by nobody: it leaves no trace, whatever became of it. No job id, no deduplication: a dead worker's active job would swallow the next wake-up. */
const jobOptions = { attempts: 1, removeOnComplete: true, removeOnFail: true } as const;
/** A worker that died is noticed after this; the outbox has usually been faster. */
const lockDurationMs = 15_000;
const stalledIntervalMs = 5_000;
/** A job that stalls again and again is only a wake-up: never give up on its worker's behalf. */
const maxStalledCount = 1_000;
const commandTimeoutMs = 5_000;
/** How long what was begun may take, and the server to hear of the last jobs: a job that it does not hear of, it finds stalled. */
const closeMs = 8_000;
/** How soon a worker fetches again when its server was away; BullMQ's own 15 s would be added to every outage. */
const fetchRetryMs = 500;

/** Who becomes due together is looked at together: a job costs the queue, and both ends, about as much as a commit costs an actor. */
const maxActorsPerJob = 32;

function toJobs(actorIds: readonly string[], traceparents?: ReadonlyMap<string, string>) {
  const actors = actorIds.map((id) => {
    const traceparent = traceparents?.get(id);
    return traceparent ? { id, traceparent } : { id };
  });
  const jobs: { name: string; data: WakeUpJob; opts: typeof jobOptions }[] = [];
  for (let from = 0; from < actors.length; from += maxActorsPerJob)
    jobs.push({ name: 'wake', data: { actors: actors.slice(from, from + maxActorsPerJob) }, opts: jobOptions });
  return jobs;
}

/** @throws when the Redis may evict keys, or the queue's schema cannot be prepared */
export async function openQueue(target: QueueTarget, onError: (error: Error) => void): Promise<WakeUpQueue> {
  if (target.type === 'postgres') {
    const queue = lastingQueue(
      () => new onPostgres.Queue<WakeUpJob, void>(queueName, { connection: poolConfig(target.url, 4) }),
      onError,
    );
    return queueOver(queue.ready, queue.close);
  }
  // Producers fail fast: who publishes a wake-up never waits for Redis, since the outbox brings it again.
  const connection = new Redis(target.url, {
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    commandTimeout: commandTimeoutMs,
  });
  connection.on('error', onError);
  // It was there a moment ago (`reachQueue`); a wake-up published before the connection stands would be lost.
  await becomesReady(connection);
  const queue = lastingQueue(() => new Queue<WakeUpJob, void>(queueName, { connection }), onError);
  const whileThere = (): Promise<ReadyQueue> => {
    // The Queue would wait for it, for as long as it takes.
    if (connection.status !== 'ready') throw new Error(`Redis is away (${connection.status})`);
    return queue.ready();
  };
  return queueOver(whileThere, async () => connection.disconnect());
}

/** What is used of BullMQ's Queue, whichever its backend. */
type ReadyQueue = Pick<
  Queue<WakeUpJob, void>,
  'addBulk' | 'getWaiting' | 'getActive' | 'getJobCounts' | 'waitUntilReady' | 'close'
>;

function queueOver(queueOf: () => Promise<ReadyQueue>, close: () => Promise<void>): WakeUpQueue {
  return {
    add: async (...wakes) => void (await (await queueOf()).addBulk(toJobs(...wakes))),
    waiting: async () => waitingIn(await queueOf()),
    close,
  };
}

/** Jobs at either end whose actors are counted; those between are taken to be as large. */
const sampledJobs = 8;

async function waitingIn(queue: ReadyQueue): Promise<number> {
  // Those in a worker's hand wait for room there.
  const { waiting = 0, active = 0 } = await queue.getJobCounts('waiting', 'active');
  const held = active > 0 ? await queue.getActive(0, sampledJobs - 1) : [];
  const first = waiting > 0 ? await queue.getWaiting(0, sampledJobs - 1) : [];
  // Relays fill their jobs, edges do not: the old and the new ones may differ in size.
  const last =
    waiting > sampledJobs ? await queue.getWaiting(Math.max(sampledJobs, waiting - sampledJobs), waiting) : [];
  return Math.round(actorsOf(active, held) + actorsOf(waiting, [...first, ...last]));
}

/** @param sample may be smaller than it was to be: jobs are taken all the time */
function actorsOf(jobs: number, sample: readonly { readonly data: WakeUpJob }[]): number {
  const actors = sample.reduce((sum, { data }) => sum + data.actors.length, 0);
  return sample.length === 0 ? jobs : (jobs * actors) / sample.length;
}

/** Gives up after the time of one command: whatever is the matter, the outbox gets along without. */
async function becomesReady(connection: Redis): Promise<void> {
  if (connection.status === 'ready') return;
  await once(connection, 'ready', { signal: AbortSignal.timeout(commandTimeoutMs) }).catch(() => {});
}

/**
 * BullMQ asks its server a question at the very first, and remembers the answer: a Queue whose question was cut off is dead for
 * good, so it is replaced by the next one who needs it.
 */
function lastingQueue(
  create: () => ReadyQueue & { on(event: 'error', listener: (error: Error) => void): unknown },
  onError: (error: Error) => void,
): { ready(): Promise<ReadyQueue>; close(): Promise<void> } {
  const open = (): ReadyQueue => {
    const opened = create();
    opened.on('error', onError);
    return opened;
  };
  let queue = open();
  return {
    async ready() {
      const asked = queue;
      try {
        await asked.waitUntilReady();
      } catch (error) {
        if (queue === asked) {
          queue = open();
          void asked.close().catch(() => {});
        }
        throw error;
      }
      return asked;
    },
    close: () => queue.close(),
  };
}

/** Jobs taken at a time. Each is over once its actors are being looked at, so what waits here waits for room. */
const jobsAtOnce = 4;

export interface ConsumerOptions {
  /** Actors at a time. */
  readonly concurrency: number;
  /** Takes those of a job whose turn had not come when the consumer was closed. */
  readonly giveBack: (actorIds: readonly string[]) => Promise<unknown>;
  readonly onError: (error: Error) => void;
}

/**
 * A job has done its work once its actors are being looked at: what becomes of that is the outbox's matter, and no job waits
 * for its slowest actor. `close` waits for what was begun, for a while.
 * @param handle looks at one actor; never rejects
 */
export function openConsumer(
  target: QueueTarget,
  handle: (actorId: string, traceparent: string | null) => Promise<void>,
  options: ConsumerOptions,
): WakeUpConsumer {
  const room = createRoom(options.concurrency);
  const settings = {
    concurrency: jobsAtOnce,
    lockDuration: lockDurationMs,
    stalledInterval: stalledIntervalMs,
    maxStalledCount,
    runRetryDelay: fetchRetryMs,
    autorun: false,
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
  };
  const processor = async (job: { readonly data: WakeUpJob }): Promise<void> => {
    const left: string[] = [];
    for (const { id, traceparent } of job.data.actors)
      if (!(await room.enter(() => handle(id, traceparent ?? null)))) left.push(id);
    if (left.length > 0) await options.giveBack(left);
  };
  const closing = async (consumer: WakeUpConsumer): Promise<void> => {
    room.close();
    await consumer.close();
    await inTime(room.empty());
  };
  if (target.type === 'postgres') {
    const connection = poolConfig(target.url, 6);
    const consumer = lastingConsumer(
      () => new onPostgres.Worker<WakeUpJob, void>(queueName, processor, { connection, ...settings }),
      options.onError,
    );
    return { close: () => closing(consumer) };
  }
  const connection = new Redis(target.url, { maxRetriesPerRequest: null });
  connection.on('error', options.onError);
  const consumer = lastingConsumer(
    () => new Worker<WakeUpJob, void>(queueName, processor, { connection, ...settings }),
    options.onError,
  );
  return {
    async close() {
      await closing(consumer);
      connection.disconnect();
    },
  };
}

/** What is used of BullMQ's Worker, whichever its backend. */
type ReadyWorker = Pick<Worker<WakeUpJob, void>, 'waitUntilReady' | 'run' | 'close'> & {
  on(event: 'error', listener: (error: Error) => void): unknown;
};

/**
 * A worker that begins once its server has answered. One whose first question was cut off would be told so at every fetch,
 * at once and for ever, and its process would never do anything else again: it is replaced.
 */
function lastingConsumer(create: () => ReadyWorker, onError: (error: Error) => void): WakeUpConsumer {
  const stopping = new AbortController();
  const begin = async (): Promise<ReadyWorker | null> => {
    while (!stopping.signal.aborted) {
      const worker = create();
      worker.on('error', onError);
      // Not waited for by who closes: its server may be away for long.
      const isReady = await Promise.race([
        worker.waitUntilReady().then(() => true),
        once(stopping.signal, 'abort').then(() => false),
      ]).catch((error: unknown) => {
        onError(error instanceof Error ? error : new Error(String(error)));
        return false;
      });
      if (isReady && !stopping.signal.aborted) {
        worker.run().catch(onError);
        return worker;
      }
      void worker.close().catch(() => {});
      await sleep(fetchRetryMs, undefined, { signal: stopping.signal }).catch(() => {});
    }
    return null;
  };
  const begun = begin();
  return {
    async close() {
      stopping.abort();
      const worker = await begun;
      await inTime(worker?.close().catch(onError));
    },
  };
}

/** It waits for its server to hear what became of the last jobs, for as long as that is away. */
async function inTime(closing: Promise<void> | undefined): Promise<void> {
  const over = new AbortController();
  const late = sleep(closeMs, undefined, { signal: over.signal }).catch(() => {});
  await Promise.race([closing, late]).finally(() => over.abort());
}

/** Brings the queue's own schema up to date; on Redis makes sure that nothing may be evicted. */
export async function prepareQueue(target: QueueTarget): Promise<void> {
  if (target.type === 'redis') return assertNoEviction(target.url);
  const client = new pg.Client({ connectionString: target.url, connectionTimeoutMillis: commandTimeoutMs });
  // A connection that breaks fails the statement in flight; without a listener it would end the process too.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await runMigrations(client, DEFAULT_SCHEMA);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function assertNoEviction(url: string): Promise<void> {
  const redis = new Redis(url, {
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    connectTimeout: commandTimeoutMs,
  });
  let lost: Error | null = null;
  redis.on('error', (error: Error) => (lost = error));
  try {
    await redis.connect();
    const policy = /maxmemory_policy:(\S+)/.exec(await redis.info('memory'))?.[1];
    if (policy !== 'noeviction')
      throw new EvictingRedis(`REDIS_URL: its maxmemory-policy is ${policy ?? 'unknown'}, but must be noeviction`);
  } catch (error) {
    throw error instanceof EvictingRedis ? error : (lost ?? error);
  } finally {
    redis.disconnect();
  }
}

/** The Redis at hand may throw jobs away when memory is short. Waiting does not help: its setting is wrong. */
export class EvictingRedis extends Error {
  override readonly name = 'EvictingRedis';
}

/** Breaks without ending the process: what waits for it fails, and the pool replaces it. BullMQ listens to some alone. */
class SteadyClient extends pg.Client {
  constructor(config?: pg.ClientConfig) {
    super(config);
    this.on('error', () => undefined);
  }
}

/** BullMQ opens this pool itself, with a connection of its own to listen on. */
export function poolConfig(url: string, max: number) {
  return {
    connectionString: url,
    max,
    Client: SteadyClient,
    application_name: 'waybill-queue',
    connectionTimeoutMillis: commandTimeoutMs,
    statement_timeout: commandTimeoutMs * 3,
    keepAlive: true,
  };
}
