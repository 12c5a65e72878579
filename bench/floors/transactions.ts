/** A transaction per step: begin, the step, the saga's state row, commit. */
import { stepWithState, type StepName } from '../business/steps.ts';
import { inTransaction, openStepPool } from '../business/transaction.ts';
import type { Engine } from '../engines/engine.ts';
import { gate } from './gate.ts';

/** Sagas in flight. */
const concurrency = 32;

export const transactions: Engine = {
  about: 'no engine: a transaction per step, with the state row',
  processes: 'one',
  redis: 'never',
  share: 0.5,
  both(settings, onDone) {
    const pool = openStepPool(settings.databaseUrl);
    const admitted = gate(settings.concurrency ?? concurrency);
    return Promise.resolve({
      // Accepted once its first step is durable.
      submit: (order) =>
        new Promise<void>((accepted, refused) => {
          const run = async (): Promise<void> => {
            for (let step: StepName | null = 'createOrder'; step !== null; accepted()) {
              const name: StepName = step;
              step = await inTransaction(pool, (client) => stepWithState(client, name, order));
            }
            onDone(order.orderId);
          };
          admitted(run).catch(refused);
        }),
      stop: () => pool.end(),
    });
  },
};
