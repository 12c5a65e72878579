/** What a whole system has written down, read from its database by a test that runs it as processes. */
import pg from 'pg';
import { audit } from '../../src/audit/audit.ts';
import { actorMachines } from '../../src/compose.ts';
import { openPool } from '../../src/persistence/pool.ts';
import type { Load } from './load.ts';
import { eventually } from './wait.ts';

export interface SystemRecords {
  /** Orders and notices on their way: neither ended nor parked. */
  unfinished(): Promise<number>;
  /** Waits until nothing is on its way. */
  finished(options?: { timeoutMs?: number }): Promise<void>;
  /** How many orders ended how. */
  statuses(): Promise<Readonly<Record<string, number>>>;
  /** What the audit finds; nothing, if all is well. */
  findings(): Promise<readonly unknown[]>;
  /** Answered orders that are not there, or there twice: none, if all is well. */
  lost(load: Load): Promise<readonly string[]>;
  query<Row extends object>(text: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  close(): Promise<void>;
}

export function readRecords(databaseUrl: string): SystemRecords {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 2 });
  // The server may be what the test kills.
  pool.on('error', () => undefined);
  const query = async <Row extends object>(text: string, values: readonly unknown[] = []): Promise<readonly Row[]> =>
    (await pool.query<Row>(text, [...values])).rows;
  const unfinished = async (): Promise<number> => {
    const [row] = await query<{ n: number }>(`
      select ((select count(*) from actors.actor where status = 'active' and parked_by is null)
        + (select count(*) from actors.message))::int4 as n`);
    return row?.n ?? 0;
  };
  return {
    query,
    unfinished,
    async finished({ timeoutMs = 60_000 } = {}) {
      const none = async (): Promise<boolean> => (await unfinished()) === 0;
      await eventually(none, { what: 'the end of every order', timeoutMs }).catch(async (error: unknown) => {
        const left = await query(
          `select a.id, a.state, w.due_at - actors.clock() as due_in from actors.actor a
           left join actors.wake w on w.actor_id = a.id where a.status = 'active' and a.parked_by is null limit 10`,
        );
        throw new Error(`${String(error)}: ${JSON.stringify(left)}`, { cause: error });
      });
    },
    async statuses() {
      const rows = await query<{ status: string; n: number }>(
        'select status, count(*)::int4 as n from ledger.entry group by status',
      );
      return Object.fromEntries(rows.map(({ status, n }) => [status, n]));
    },
    async findings() {
      const audited = await openPool({ url: databaseUrl, maxConnections: 2, readsWholeTables: true });
      const { findings } = await audit(audited, { machines: actorMachines(), live: true });
      await audited.end();
      return findings;
    },
    async lost(load) {
      const entries = await query<{ key: string; id: string }>('select idempotency_key as key, id from ledger.entry');
      const kept = new Map(entries.map(({ key, id }) => [key, id]));
      return [...load.answers].flatMap(([key, answer]) => {
        const { order_ledger_id: id } = answer.json<{ order_ledger_id: string }>();
        return kept.get(key) === id ? [] : [`${key}: answered ${id}, kept ${kept.get(key) ?? 'nothing'}`];
      });
    },
    close: () => pool.end(),
  };
}
