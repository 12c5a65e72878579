/**
 * pg-boss: a hand-written saga of chained jobs, a queue per step. A transactional worker commits the steps, the state rows, the
 * next jobs and the completion of its whole batch at once.
 */
import { type Db, PgBoss } from 'pg-boss';
import type { Order } from '../business/orders.ts';
import { type Queryable, type StepName, stepNames, stepWithState } from '../business/steps.ts';
import type { Engine, Engines, EngineSettings } from '../engines/engine.ts';

const connections = 16;
const pollSeconds = 0.5;
/** Of one alone, a worker with notifications sleeps between jobs. */
const batchSize = 50;
/** The commit follows the handler's return. */
const reportAfterMs = 2;

function open({ databaseUrl }: EngineSettings, options: object = {}): PgBoss {
  const boss = new PgBoss({
    connectionString: databaseUrl,
    max: connections,
    schedule: false,
    supervise: false,
    ...options,
  });
  boss.on('error', (error: Error) => process.stderr.write(`pg-boss: ${error.message}\n`));
  return boss;
}

/** What it hands out as its transaction tells of rows alone, where its pool's answer has their number too. */
const queryable = (tx: Db): Queryable => ({
  async query({ text, values }) {
    const answer: { readonly rows: readonly unknown[]; readonly rowCount?: number } = await tx.executeSql(text, values);
    return { rowCount: answer.rowCount ?? answer.rows.length };
  },
});

const pgboss: Engine = {
  about: 'pg-boss: four queues, transactional, notifications, batches of 50',
  processes: 'two',
  redis: 'never',
  share: 0.3,
  async setup(settings) {
    const boss = open(settings);
    await boss.start();
    for (const name of stepNames) await boss.createQueue(name, { notify: true });
    await boss.stop({ graceful: false });
  },
  async worker(settings, onDone) {
    const boss = open(settings, { useListenNotify: true });
    await boss.start();
    const options = {
      batchSize,
      localConcurrency: 1,
      burstWhenBatchFull: true,
      pollingIntervalSeconds: pollSeconds,
      notifyPollingIntervalSeconds: pollSeconds,
      transactional: true,
    } as const;
    for (const name of stepNames)
      await boss.work<Order, void, typeof options>(name, options, async (jobs, tx) => {
        const ended: string[] = [];
        const next = new Map<StepName, { data: Order }[]>();
        // By product: two batches must not lock the same ones in opposite order.
        for (const { data } of jobs.toSorted((a, b) => a.data.productId - b.data.productId)) {
          const step = await stepWithState(queryable(tx), name, data);
          if (step === null) ended.push(data.orderId);
          else next.set(step, [...(next.get(step) ?? []), { data }]);
        }
        for (const [step, some] of next) await boss.insert(step, some, { db: tx });
        if (ended.length > 0) setTimeout(() => ended.forEach(onDone), reportAfterMs);
      });
    return { stop: () => boss.stop({ graceful: true, timeout: 5_000 }) };
  },
  async submitter(settings) {
    const boss = open(settings);
    await boss.start();
    return {
      submit: (order) => boss.send('createOrder', order),
      stop: () => boss.stop({ graceful: false }),
    };
  },
};

export const engines: Engines = { pgboss };
