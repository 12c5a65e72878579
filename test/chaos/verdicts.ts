/** After a run: what was promised, held against the records of everybody concerned and the customers' own memory. */
import { audit } from '../../src/audit/audit.ts';
import { actorMachines } from '../../src/compose.ts';
import { migrations } from '../../src/machines/migrations.ts';
import { openPool } from '../../src/persistence/pool.ts';
import type { SystemRecords } from '../support/system-records.ts';
import type { Customers, Remembered } from './customers.ts';
import type { System } from './system.ts';

export interface Verdict {
  readonly id: string;
  readonly promise: string;
  /** What breaks it; empty, if it holds. */
  readonly found: readonly string[];
}

/** Orders and notices may take this long after the last fault. */
export const livenessMs = 120_000;
/** Keys that are asked for once more when all is over. */
const maxAskedAgain = 200;
/** At a time. */
const askers = 10;

/** L2, by waiting for it: nothing is on its way any more but what a person has to look at. */
export async function allEnded(records: SystemRecords): Promise<Verdict> {
  const ended = await records.finished({ timeoutMs: livenessMs }).then(
    () => [],
    (error: unknown) => [String(error)],
  );
  return { id: 'L2', promise: 'all orders final or parked within 120 s of the last fault', found: ended };
}

/** The history checks and the audit. Expects that everything has ended. */
export async function judge(system: System, records: SystemRecords, customers: Customers): Promise<Verdict[]> {
  // Every answer to a key, also long after, is the first one.
  const answered = customers.history.filter(({ ok }) => ok.length > 0);
  const doubtful = answered.toSorted((a, b) => b.unknown - a.unknown).slice(0, maxAskedAgain);
  const queue = doubtful.values();
  const ask = async (): Promise<void> => {
    for (const order of queue) await customers.askAgain(order);
  };
  await Promise.all(Array.from({ length: askers }, ask));
  return [
    { id: 'L1', promise: 'every 202 and 402 that a customer saw is an order', found: await lost(records, answered) },
    { id: 'A2 seen', promise: 'every success for one key has the same bytes', found: answered.flatMap(differing) },
    { id: 'answers', promise: 'customers see answers, and refusals to be repeated, alone', found: customers.strange },
    { id: 'parked', promise: 'nothing is parked but by its machine', found: await parkedByRuntime(records) },
    { id: 'processes', promise: 'no process ends but by what was done to it', found: system.strange },
    ...(await audited(system)),
  ];
}

async function lost(records: SystemRecords, answered: readonly Remembered[]): Promise<string[]> {
  const entries = await records.query<{ key: string; id: string }>(
    'select idempotency_key as key, id from ledger.entry',
  );
  const kept = new Map(entries.map(({ key, id }) => [key, id]));
  return answered.flatMap(({ key, ok }) =>
    ok.flatMap((answer) => {
      const { order_ledger_id: id } = answer.json<{ order_ledger_id: string }>();
      return kept.get(key) === id ? [] : [`${key}: answered ${id}, kept ${kept.get(key) ?? 'nothing'}`];
    }),
  );
}

function differing({ key, ok }: Remembered): string[] {
  const [first] = ok;
  return ok
    .filter(({ status, text }) => status !== first?.status || text !== first.text)
    .map(({ status, text }) => `${key}: ${first?.status} ${first?.text}, then ${status} ${text}`);
}

async function parkedByRuntime({ query }: SystemRecords): Promise<string[]> {
  const rows = await query<{ id: string; state: string; park_reason: string }>(
    `select id, state, park_reason from actors.actor where parked_by = 'runtime'`,
  );
  return rows.map(({ id, state, park_reason }) => `${id} in ${state}: ${park_reason}`);
}

async function audited(system: System): Promise<Verdict[]> {
  const pool = await openPool({ url: system.databaseUrl, maxConnections: 2, readsWholeTables: true });
  const report = await audit(pool, { machines: actorMachines(), migrations, live: true });
  await pool.end();
  return report.checks.map(({ id, promise }) => ({
    id,
    promise,
    found: report.findings.filter(({ invariant }) => invariant === id).map(({ row }) => JSON.stringify(row)),
  }));
}
