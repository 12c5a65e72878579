/** What happens to Postgres: connections cut, COMMITs and their answers lost, the server gone and back. */
import pg from 'pg';
import type { PostgresProxy } from '../support/postgres-proxy.ts';
import type { Chance } from './chance.ts';
import type { Counters } from './counters.ts';
import { faults } from './profiles.ts';
import type { System } from './system.ts';

/** `pg_terminate_backend` for about a third of all connections. */
export async function terminateBackends(system: System, counters: Counters, chance: Chance): Promise<void> {
  const client = new pg.Client({ connectionString: system.databaseUrl, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ pid: number }>(
      `select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() order by pid`,
    );
    const pids = rows.map(({ pid }) => pid).filter(() => chance.happens(1 / 3));
    const ended = await client.query(`select from unnest($1::int4[]) as pid where pg_terminate_backend(pid)`, [pids]);
    counters.add(faults.terminated, ended.rowCount ?? 0);
  } catch {
    // Postgres is away just now: another fault has it.
  } finally {
    await client.end().catch(() => undefined);
  }
}

export async function crashPostgres(system: System, counters: Counters): Promise<void> {
  await system.crashPostgres();
  counters.add(faults.crash);
}

/**
 * @returns arms one of the proxies, whichever is not waiting for a COMMIT; counts those that struck since. One behind which
 * nobody listens is left alone: its next COMMIT is that of a start, and no start would ever succeed.
 */
export function commitLoser(system: System, counters: Counters, chance: Chance): () => void {
  const armed = new Map<PostgresProxy, { readonly name: string; readonly struck: number }>();
  const collect = (): void => {
    for (const [proxy, { name, struck }] of armed) {
      if (proxy.struck() === struck) continue;
      counters.add(name);
      armed.delete(proxy);
    }
  };
  return () => {
    collect();
    const idle = system.proxies.filter(
      ({ proxy, members }) => !armed.has(proxy) && members().some((one) => one.listens()),
    );
    if (idle.length === 0) return;
    const { proxy } = chance.pick(idle);
    const arrives = chance.happens(0.8);
    armed.set(proxy, { name: arrives ? faults.answerLost : faults.commitLost, struck: proxy.struck() });
    proxy.nextCommit(arrives ? 'answer-lost' : 'never-arrives');
  };
}
