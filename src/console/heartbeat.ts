/** Every process says now and then that it lives, so that the console can tell which roles are filled. */
import { Type } from '@sinclair/typebox';
import type { CommonQueryMethods } from 'slonik';
import { row, sql } from '../persistence/sql.ts';

export interface Self {
  readonly id: string;
  readonly roles: readonly string[];
  readonly version: string;
  readonly host: string;
  readonly pid: number;
  /** Participants that it leaves alone just now, and how: what its circuit breakers say. */
  readonly breakers: () => Readonly<Record<string, string>>;
}

export interface HeartbeatOptions {
  readonly pool: Pick<CommonQueryMethods, 'query'>;
  readonly self: Self;
  readonly signal: AbortSignal;
  readonly delay: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Told when it could not be said; it is tried again. */
  readonly onFault: (error: unknown) => void;
}

const beatMs = 5_000;
/** Three beats: one may be late, and one may be lost. */
const aliveMs = 15_000;
const forgottenMs = 3_600_000;

/** Beats until `signal` aborts, then says goodbye. Never throws. */
export async function runHeartbeat({ pool, self, signal, delay, onFault }: HeartbeatOptions): Promise<void> {
  let said = false;
  while (!signal.aborted) {
    try {
      await beat(pool, self);
      said = true;
    } catch (error) {
      said = false;
      onFault(error);
    }
    await delay(beatMs, signal);
  }
  // Who could not speak a moment ago would only wait here; its row is too old soon.
  if (said) await leave(pool, self.id).catch(onFault);
}

/** Locks its own row, and those that nobody has refreshed for an hour. Index: process_pkey; the table is tiny. */
export async function beat(
  pool: HeartbeatOptions['pool'],
  { id, roles, version, host, pid, breakers }: Self,
): Promise<void> {
  await pool.query(sql.typeAlias('void')`
    with forgotten as (
      delete from console.process where seen_at < actors.clock() - ${forgottenMs}::float8 * interval '1 millisecond'
    )
    insert into console.process (id, roles, version, host, pid, breakers, started_at, seen_at)
    values (${id}, ${sql.array([...roles], 'text')}, ${version}, ${host}, ${pid}, ${sql.jsonb(breakers())}, actors.clock(),
      actors.clock())
    on conflict (id) do update set seen_at = excluded.seen_at, breakers = excluded.breakers`);
}

/** Locks its own row. Index: process_pkey. */
export async function leave(pool: HeartbeatOptions['pool'], id: string): Promise<void> {
  await pool.query(sql.typeAlias('void')`delete from console.process where id = ${id}`);
}

const processRow = row(
  Type.Object({
    id: Type.String(),
    roles: Type.Array(Type.String()),
    version: Type.String(),
    host: Type.String(),
    pid: Type.Integer(),
    breakers: Type.Record(Type.String(), Type.String()),
    started_at: Type.Number(),
    seen_at: Type.Number(),
  }),
);
const maxProcesses = 500;

/** Those that live, longest first. Locks nothing; the table is tiny. */
export function livingProcesses(db: Pick<CommonQueryMethods, 'any'>) {
  return db.any(sql.type(processRow)`
    select id, roles, version, host, pid, breakers, started_at, seen_at from console.process
    where seen_at > actors.clock() - ${aliveMs}::float8 * interval '1 millisecond'
    order by started_at, id limit ${maxProcesses}`);
}
