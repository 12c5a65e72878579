/** DBOS Transact. Its system tables are in the database of the saga; a step is `DBOS.runStep`. */
import { DBOS, DBOSClient } from '@dbos-inc/dbos-sdk';
import type { Order } from '../business/orders.ts';
import { type StepName, steps } from '../business/steps.ts';
import { openStepPool } from '../business/transaction.ts';
import type { Engine, Engines, EngineSettings, OnDone } from '../engines/engine.ts';
import { gate } from '../floors/gate.ts';

const queueName = 'sagas';
/** More than the others get: with 32 it was slower. */
const concurrency = 100;
const connections = 16;
const applicationVersion = '1';
const pollMs = 50;

type Saga = (order: Order) => Promise<string>;

/** Registers the saga. @returns it, and what closes the pool of its steps */
function registerSaga({ databaseUrl }: EngineSettings, onDone: OnDone): { saga: Saga; close(): Promise<void> } {
  const pool = openStepPool(databaseUrl);
  const step = (name: StepName, order: Order): Promise<void> => DBOS.runStep(() => steps[name](pool, order), { name });
  const saga = async (order: Order): Promise<string> => {
    await step('createOrder', order);
    await step('reserve', order);
    try {
      await step('capture', order);
    } catch (error) {
      if (!(error instanceof Error) || !/payment declined/.test(error.message)) throw error;
      await step('release', order);
      await step('cancel', order);
      onDone(order.orderId);
      return 'cancelled';
    }
    await step('confirm', order);
    onDone(order.orderId);
    return 'confirmed';
  };
  return { saga: DBOS.registerWorkflow(saga, { name: 'saga' }), close: () => pool.end() };
}

async function launch({ databaseUrl }: EngineSettings, listenQueues: string[]): Promise<void> {
  DBOS.setConfig({
    name: 'bench',
    systemDatabaseUrl: databaseUrl,
    systemDatabasePoolSize: connections,
    logLevel: 'error',
    applicationVersion,
    listenQueues,
  });
  await DBOS.launch();
}

const started: Engine = {
  about: 'DBOS: startWorkflow in the process that runs it, runStep per step',
  processes: 'one',
  redis: 'never',
  share: 0.2,
  async both(settings, onDone) {
    const { saga, close } = registerSaga(settings, onDone);
    await launch(settings, []);
    const admitted = gate(settings.concurrency ?? concurrency);
    const running = new Set<Promise<void>>();
    return {
      submit: (order) =>
        new Promise<void>((accepted, refused) => {
          const run = admitted(async () => {
            const handle = await DBOS.startWorkflow(saga, { workflowID: order.orderId })(order);
            accepted();
            await handle.getResult();
          }).catch(refused);
          running.add(run);
          void run.finally(() => running.delete(run));
        }),
      async stop() {
        await Promise.all(running);
        await DBOS.shutdown();
        await close();
      },
    };
  },
};

const enqueued: Engine = {
  about: 'DBOS: enqueued by another process, a queue that polls every 50 ms, runStep per step',
  processes: 'two',
  redis: 'never',
  share: 0.2,
  async worker(settings, onDone) {
    const { close } = registerSaga(settings, onDone);
    await launch(settings, [queueName]);
    await DBOS.registerQueue(queueName, {
      workerConcurrency: settings.concurrency ?? concurrency,
      minPollingIntervalMs: pollMs,
    });
    return {
      async stop() {
        await DBOS.shutdown();
        await close();
      },
    };
  },
  async submitter({ databaseUrl }) {
    const client = await DBOSClient.create({
      systemDatabaseUrl: databaseUrl,
      systemDatabasePoolSize: connections,
      applicationName: 'bench',
    });
    return {
      submit: (order) =>
        client.enqueue(
          { queueName, workflowName: 'saga', workflowID: order.orderId, appVersion: applicationVersion },
          order,
        ),
      stop: () => client.destroy(),
    };
  },
};

export const engines: Engines = { 'dbos-start': started, 'dbos-enqueue': enqueued };
