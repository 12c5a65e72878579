/** Keeps the record of what people did to actors, and finds the actors that wait for them. */
import { Type } from '@sinclair/typebox';
import type { CommonQueryMethods } from 'slonik';
import { type Companion, type Operation, operationCompanionName } from '../actors/index.ts';
import type { DatabasePool, Tx } from './pool.ts';
import { row, sql } from './sql.ts';
import { unfinishedIds } from './unfinished-actors.ts';

export const operationCompanion: Companion<Tx, Operation> = {
  name: operationCompanionName,
  async write(tx, entries, nowMs) {
    const tuples = entries.map(({ payload }) => [payload.id, JSON.stringify(payload.event), payload.by, payload.why]);
    await tx.query(sql.typeAlias('void')`
      insert into actors.operation (actor_id, event, by, why, at)
      select actor_id, event, by, why, actors.from_ms(${nowMs})
      from ${sql.unnest(tuples, ['text', 'jsonb', 'text', 'text'])} as t (actor_id, event, by, why)`);
    return entries.map(() => ({ type: 'written' }));
  },
};

export interface ParkedActor {
  readonly id: string;
  readonly machine: string;
  readonly state: string;
  readonly by: 'machine' | 'runtime';
  readonly reason: string;
  readonly sinceMs: number;
}

const parkedRow = row(
  Type.Object({
    id: Type.String(),
    machine: Type.String(),
    state: Type.String(),
    parked_by: Type.Union([Type.Literal('machine'), Type.Literal('runtime')]),
    park_reason: Type.String(),
    since_ms: Type.Number(),
  }),
);

/** Actors that wait for a person, longest first. Index: actor_parked. */
export async function listParked(pool: DatabasePool, limit: number): Promise<ParkedActor[]> {
  const rows = await pool.any(sql.type(parkedRow)`
    select id, machine, state, parked_by, park_reason, actors.to_ms(parked_at) as since_ms
    from actors.actor where parked_at is not null order by parked_at, id limit ${limit}`);
  return rows.map(({ id, machine, state, parked_by, park_reason, since_ms }) => ({
    id,
    machine,
    state,
    by: parked_by,
    reason: park_reason,
    sinceMs: since_ms,
  }));
}

/** The clock that all instants come from, in epoch milliseconds; this machine's may differ. */
export async function storeClock(db: CommonQueryMethods): Promise<number> {
  return Number(await db.oneFirst(sql.typeAlias('void')`select actors.to_ms(actors.clock()) as now_ms`));
}

const countRow = row(Type.Object({ version: Type.String(), state: Type.String(), actors: Type.Integer() }));

/** How many unfinished actors of a machine are in each state, per version. Indexes: actor_parked, actor_pkey. */
export async function countByState(pool: DatabasePool, machine: string) {
  return pool.any(sql.type(countRow)`
    select version, state, count(*)::int4 as actors
    from actors.actor where id = any(array(${unfinishedIds(null)}))
      and machine = ${machine} and status = 'active' group by version, state order by version, state`);
}
