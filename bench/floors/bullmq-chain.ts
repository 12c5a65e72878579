/**
 * A hand-written saga of chained BullMQ jobs, without an engine. A step and the state row are one transaction, and the next
 * job is added after its commit under a fixed id, so that a crash in between repeats an idempotent step.
 */
import { createPostgresBackend, Queue, withBackend, Worker } from 'bullmq';
import type { Order } from '../business/orders.ts';
import { type StepName, stepWithState } from '../business/steps.ts';
import { inTransaction, openStepPool } from '../business/transaction.ts';
import type { Engine, Engines, EngineSettings } from '../engines/engine.ts';

/** Jobs in flight. */
const concurrency = 32;
const connections = 16;
const queueName = 'sagas';
const first = 'createOrder';
const onPostgres = withBackend(createPostgresBackend);

const jobOptions = (order: Order, step: StepName) => ({
  jobId: `${order.orderId}-${step}`,
  removeOnComplete: true,
  attempts: 5,
});

const say = (error: Error): void => void process.stderr.write(`bullmq: ${error.message}\n`);

/** What is used of BullMQ's classes, whichever the backend. */
interface Chain {
  queue(settings: EngineSettings): {
    waitUntilReady(): Promise<unknown>;
    add(name: StepName, order: Order, options: ReturnType<typeof jobOptions>): Promise<unknown>;
    close(): Promise<void>;
  };
  work(
    settings: EngineSettings,
    handle: (job: { name: StepName; data: Order }) => Promise<void>,
  ): {
    waitUntilReady(): Promise<unknown>;
    close(): Promise<void>;
  };
}

const redisConnection = ({ redisUrl }: EngineSettings) => ({ url: redisUrl ?? '', maxRetriesPerRequest: null });
const postgresConnection = ({ databaseUrl }: EngineSettings) => ({
  connectionString: databaseUrl,
  max: connections,
  idleTimeoutMillis: 0,
  migrate: true,
});

const chains = {
  redis: {
    queue: (settings) => new Queue<Order, void, StepName>(queueName, { connection: redisConnection(settings) }),
    work(settings, handle) {
      const options = { connection: redisConnection(settings), concurrency: settings.concurrency ?? concurrency };
      return new Worker<Order, void, StepName>(queueName, handle, options).on('error', say);
    },
  },
  postgres: {
    queue: (settings) =>
      new onPostgres.Queue<Order, void, StepName>(queueName, { connection: postgresConnection(settings) }),
    work(settings, handle) {
      const options = { connection: postgresConnection(settings), concurrency: settings.concurrency ?? concurrency };
      return new onPostgres.Worker<Order, void, StepName>(queueName, handle, options).on('error', say);
    },
  },
} satisfies Record<string, Chain>;

const chained = (about: string, redis: Engine['redis'], chain: Chain): Engine => ({
  about,
  processes: 'two',
  redis,
  share: 0.5,
  async setup(settings) {
    const queue = chain.queue(settings);
    await queue.waitUntilReady();
    await queue.close();
  },
  async worker(settings, onDone) {
    const pool = openStepPool(settings.databaseUrl);
    const queue = chain.queue(settings);
    const worker = chain.work(settings, async ({ name, data: order }) => {
      const next = await inTransaction(pool, (client) => stepWithState(client, name, order));
      if (next === null) onDone(order.orderId);
      else await queue.add(next, order, jobOptions(order, next));
    });
    await worker.waitUntilReady();
    return {
      async stop() {
        await worker.close();
        await queue.close();
        await pool.end();
      },
    };
  },
  async submitter(settings) {
    const queue = chain.queue(settings);
    await queue.waitUntilReady();
    return {
      submit: (order) => queue.add(first, order, jobOptions(order, first)),
      stop: () => queue.close(),
    };
  },
});

export const engines: Engines = {
  'bullmq-chain': chained('four chained jobs on Redis', 'always', chains.redis),
  'bullmq-chain-pg': chained('four chained jobs on BullMQ’s Postgres backend', 'never', chains.postgres),
};
