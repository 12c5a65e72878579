/** graphile-worker: a hand-written saga of chained jobs; a step, the state row and the next job are one transaction. */
import { Logger, makeWorkerUtils, run, runMigrations } from 'graphile-worker';
import type { Order } from '../business/orders.ts';
import { stepNames, stepWithState } from '../business/steps.ts';
import { inTransaction, openStepPool } from '../business/transaction.ts';
import type { Engine, Engines } from '../engines/engine.ts';

/** Jobs in flight. */
const concurrency = 32;
const connections = 16;

const addJob = { name: 'add-job', text: 'select 1 from graphile_worker.add_job($1, $2::json)' };

const logger = new Logger(() => (level: string, message: string) => {
  if (level === 'error') process.stderr.write(`graphile-worker: ${message}\n`);
});

const graphile: Engine = {
  about: 'graphile-worker: four chained jobs',
  processes: 'two',
  redis: 'never',
  share: 0.2,
  setup: ({ databaseUrl }) => runMigrations({ connectionString: databaseUrl, taskList: {} }),
  async worker(settings, onDone) {
    const { databaseUrl } = settings;
    const pool = openStepPool(databaseUrl);
    const tasks = stepNames.map((name) => [
      name,
      async (payload: unknown) => {
        // As the submitter, or the step before, has written it.
        const order = payload as Order;
        const next = await inTransaction(pool, async (client) => {
          const step = await stepWithState(client, name, order);
          if (step !== null) await client.query({ ...addJob, values: [step, JSON.stringify(order)] });
          return step;
        });
        if (next === null) onDone(order.orderId);
      },
    ]);
    const runner = await run({
      taskList: Object.fromEntries(tasks),
      noHandleSignals: true,
      logger,
      preset: {
        worker: {
          connectionString: databaseUrl,
          concurrentJobs: settings.concurrency ?? concurrency,
          maxPoolSize: connections,
        },
      },
    });
    return {
      async stop() {
        await runner.stop();
        await pool.end();
      },
    };
  },
  async submitter({ databaseUrl }) {
    const utils = await makeWorkerUtils({ connectionString: databaseUrl, maxPoolSize: connections, logger });
    return {
      submit: (order) => utils.addJob('createOrder', order),
      async stop() {
        await utils.release();
      },
    };
  },
};

export const engines: Engines = { graphile };
