/** What Postgres itself counts: transactions, connections, size, and how the busiest tables are written. */
import { Type } from '@sinclair/typebox';
import type { DatabasePool } from './pool.ts';
import { row, sql } from './sql.ts';

export interface PostgresFigures {
  readonly commits: number;
  readonly rollbacks: number;
  readonly deadlocks: number;
  readonly connections: number;
  readonly sizeBytes: number;
  readonly tables: readonly {
    readonly table: string;
    readonly deadRows: number;
    readonly updates: number;
    readonly hotUpdates: number;
  }[];
}

const databaseRow = row(
  Type.Object({
    commits: Type.Number(),
    rollbacks: Type.Number(),
    deadlocks: Type.Number(),
    connections: Type.Integer(),
    size: Type.Number(),
  }),
);
const tableRow = row(
  Type.Object({ name: Type.String(), dead: Type.Number(), updates: Type.Number(), hot: Type.Number() }),
);

/** Reads statistics views alone, and the sizes of files; locks nothing. */
export async function readPostgresFigures(pool: DatabasePool): Promise<PostgresFigures> {
  const { size, ...database } = await pool.one(sql.type(databaseRow)`
    select xact_commit::float8 as commits, xact_rollback::float8 as rollbacks, deadlocks::float8 as deadlocks,
      numbackends::int4 as connections, pg_database_size(datid)::float8 as size
    from pg_stat_database where datname = current_database()`);
  const tables = await pool.any(sql.type(tableRow)`
    select schemaname || '.' || relname as name, n_dead_tup::float8 as dead, n_tup_upd::float8 as updates,
      n_tup_hot_upd::float8 as hot
    from pg_stat_user_tables where schemaname = 'actors' or (schemaname, relname) in (('ledger', 'entry'), ('inventory', 'stock'))
    order by 1`);
  return {
    ...database,
    sizeBytes: size,
    tables: tables.map(({ name, dead, updates, hot }) => ({
      table: name,
      deadRows: dead,
      updates,
      hotUpdates: hot,
    })),
  };
}
