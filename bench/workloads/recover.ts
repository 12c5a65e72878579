/** The worker is killed with many actors in flight, and another is started at once: how long until all of them have ended. */
import { checkBooks } from '../business/books.ts';
import { makeOrders } from '../business/orders.ts';
import { loadEngine } from '../engines/catalog.ts';
import type { EngineSettings } from '../engines/engine.ts';
import { startEngine } from '../engines/engine-client.ts';
import { type Lab, openLab, type Tuning } from '../engines/lab.ts';
import { monotonicMs } from '../engines/protocol.ts';
import { round, spread } from '../figures.ts';
import { redeliveryMs } from '../runtime/open-runtime.ts';
import { withClient } from '../../src/persistence/with-client.ts';
import type { Workload } from './workload.ts';

/** More than are to be in flight, since some end before the worker is killed. */
const surplus = 1.1;
const lookMs = 10;
const timeoutMs = 120_000;

interface Recovery {
  /** Accepted and not ended when the worker was killed, and how many of those it had moved already. */
  readonly inFlight: number;
  readonly begun: number;
  /** From the kill on. */
  readonly workerBackSeconds: number;
  readonly allEndedSeconds: number;
}

export const recover: Workload = async ({ options, backend, report }) => {
  const { concurrency, maxBatch } = options;
  await using lab = await openLab(backend);
  const recoveries: Recovery[] = [];
  for (let n = 1; n <= options.rounds; n += 1) {
    const recovery = await killed(lab, options.n, { concurrency, maxBatch });
    recoveries.push(recovery);
    report.say({ round: n, backend, ...recovery });
  }
  const of = (value: (recovery: Recovery) => number) => spread(recoveries.map(value));
  const all = of(({ allEndedSeconds }) => allEndedSeconds);
  const inFlight = of((recovery) => recovery.inFlight);
  const begun = of((recovery) => recovery.begun);
  const back = of(({ workerBackSeconds }) => workerBackSeconds);
  report.say({ backend, redeliveryMs, inFlight, begun, workerBackSeconds: back, allEndedSeconds: all });
  report.table(
    ['queue', 'in flight', 'moved already', 'worker back s', 'all ended s', 'longest s', 'redelivery s'],
    [[backend, inFlight.median, begun.median, back.median, all.median, all.max, redeliveryMs / 1_000]],
  );
};

async function killed(lab: Lab, n: number, tuning: Tuning): Promise<Recovery> {
  const named = await loadEngine('waybill');
  await using bench = await lab.open(named.engine, tuning);
  const { settings } = bench;
  // Who was killed has told of nothing any more: what has ended is asked of the database.
  const processes = await startEngine({ ...named, settings, profileTo: null, onDone: () => {} });
  try {
    const orders = makeOrders(Math.ceil(n * surplus));
    // It stands still until all are accepted, and so has all of them before it.
    await processes.signal('worker', 'SIGSTOP');
    await processes.drive({ type: 'burst', orders, inFlight: 32 });
    await processes.signal('worker', 'SIGCONT');
    while ((await unfinished(settings)).begun === 0) await soon();
    const killedAtMs = monotonicMs();
    await processes.signal('worker', 'SIGKILL');
    const { inFlight, begun } = await unfinished(settings);
    if (inFlight < n) throw new Error(`only ${inFlight} of ${n} were in flight: the worker was too fast to be caught`);
    await processes.restart('worker');
    const backAtMs = monotonicMs();
    while ((await unfinished(settings)).inFlight > 0) {
      if (monotonicMs() - killedAtMs > timeoutMs) throw new Error(`not all have ended within ${timeoutMs} ms`);
      await soon();
    }
    const endedAtMs = monotonicMs();
    await processes.stop();
    await checkBooks(settings.databaseUrl, { confirmed: orders.length, cancelled: 0 });
    await named.engine.check?.(settings);
    return {
      inFlight,
      begun,
      workerBackSeconds: round((backAtMs - killedAtMs) / 1_000),
      allEndedSeconds: round((endedAtMs - killedAtMs) / 1_000),
    };
  } finally {
    await processes.stop();
  }
}

async function unfinished({ databaseUrl }: EngineSettings): Promise<{ inFlight: number; begun: number }> {
  const found = await withClient(databaseUrl, async (client) => {
    const { rows } = await client.query<{ inFlight: number; begun: number }>(
      `select count(*)::int as "inFlight", (count(*) filter (where revision > 1))::int as begun
       from actors.actor where status = 'active'`,
    );
    return rows[0];
  });
  if (!found) throw new Error('Postgres counted nothing');
  return found;
}

const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, lookMs));
