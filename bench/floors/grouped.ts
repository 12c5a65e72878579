/**
 * What an engine can do at best that leaves the steps to its user: each step commits on its own, and the checkpoints of all
 * running sagas are gathered into one statement.
 */
import { runStep, stateAfter, stepNumber, type StepName } from '../business/steps.ts';
import { openStepPool } from '../business/transaction.ts';
import type { Engine } from '../engines/engine.ts';
import { gate } from './gate.ts';
import { gathered } from './gathered.ts';

/** Sagas in flight. */
const concurrency = 32;
const maxCheckpoints = 200;

const save = `
  insert into saga_state (id, step, status, data)
  select * from unnest($1::text[], $2::int[], $3::text[], $4::jsonb[])
  on conflict (id) do update set step = excluded.step, status = excluded.status, updated_at = now()`;

interface Checkpoint {
  readonly id: string;
  readonly step: number;
  readonly status: string;
  readonly data: string;
}

export const grouped: Engine = {
  about: 'no engine: a commit per step, checkpoints of all sagas gathered',
  processes: 'one',
  redis: 'never',
  both(settings, onDone) {
    const pool = openStepPool(settings.databaseUrl);
    const checkpoints = openStepPool(settings.databaseUrl, 1);
    const admitted = gate(settings.concurrency ?? concurrency);
    const checkpoint = gathered<Checkpoint>(maxCheckpoints, async (rows) => {
      const columns = (['id', 'step', 'status', 'data'] as const).map((name) => rows.map((row) => row[name]));
      await checkpoints.query({ name: 'checkpoint', text: save, values: columns });
    });
    return Promise.resolve({
      async submit(order) {
        const id = order.orderId;
        await checkpoint({ id, step: 0, status: 'accepted', data: JSON.stringify(order) });
        const run = async (): Promise<void> => {
          for (let step: StepName | null = 'createOrder'; step !== null;) {
            const name: StepName = step;
            step = await runStep(pool, name, order);
            await checkpoint({ id, step: stepNumber(name), status: stateAfter(name, step), data: '{}' });
          }
          onDone(id);
        };
        // A saga that fails is one that never ends, and shows as that.
        admitted(run).catch((error: Error) => process.stderr.write(`${id}: ${error.message}\n`));
      },
      async stop() {
        await pool.end();
        await checkpoints.end();
      },
    });
  },
};
