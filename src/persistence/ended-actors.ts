/** Drops actors that ended long ago, each whole: its row, its log, what people did to it, and what goes with it elsewhere. */
import { Type } from '@sinclair/typebox';
import type { CommonQueryMethods } from 'slonik';
import type { Tx } from './pool.ts';
import { row, sql } from './sql.ts';

export interface EndedActor {
  readonly id: string;
  readonly machine: string;
}

/** Deletes, in the same transaction, what others keep about actors that are dropped. @returns rows deleted, by what they are */
export type DropAlongside = (tx: Tx, actors: readonly EndedActor[]) => Promise<Readonly<Record<string, number>>>;

/** Rows by what they are: `actors`, `transitions`, `operations`, and those of what goes with them. */
export type Dropped = Readonly<Record<string, number>> & { readonly actors: number; readonly transitions: number };

export interface DropOptions {
  /** At least 1: whoever still calls on behalf of an actor must be long gone. */
  readonly olderThanDays: number;
  readonly limit: number;
  readonly alongside: DropAlongside;
}

const endedRow = row(Type.Object({ id: Type.String(), machine: Type.String(), ended_at: Type.String() }));
const countRow = row(Type.Object({ actors: Type.Integer(), transitions: Type.Integer() }));

/**
 * What may be dropped: finished, and nothing is on its way to it that a worker would have to consume first.
 * Index: ended_pkey; then a lookup each by message_target, wake_pkey, actor_pkey.
 */
const dueEnds = (olderThanDays: number) => sql.fragment`
  from actors.ended e
  where e.at < (select actors.clock() - ${olderThanDays} * interval '1 day')
    and not exists (select from actors.message m where m.target_id = e.actor_id)
    and not exists (select from actors.wake w where w.actor_id = e.actor_id)`;

/** Locks nothing. A log has as many rows as its actor has revisions. */
export async function countDue(db: Pick<CommonQueryMethods, 'one'>, olderThanDays: number): Promise<Dropped> {
  return db.one(sql.type(countRow)`
    select count(*)::int4 as actors, coalesce(sum(a.revision), 0)::int4 as transitions
    from (select e.actor_id ${dueEnds(olderThanDays)}) due
    join actors.actor a on a.id = due.actor_id and a.status = 'done'`);
}

/** One batch, oldest first, in the global lock order. Actors that somebody else has locked are left for another time. */
export async function dropEnded(tx: Tx, { olderThanDays, limit, alongside }: DropOptions): Promise<Dropped> {
  const ended = await lockDue(tx, olderThanDays, limit);
  const ids = ended.map(({ id }) => id);
  if (ids.length === 0) return { actors: 0, transitions: 0, operations: 0 };
  const elsewhere = await alongside(tx, ended);
  await forgetEnds(tx, ended);
  return {
    ...elsewhere,
    // Index: transition_pkey.
    transitions: await deleted(tx, sql.fragment`actors.transition where actor_id = any(${sql.array(ids, 'text')})`),
    // Index: operation_actor.
    operations: await deleted(tx, sql.fragment`actors.operation where actor_id = any(${sql.array(ids, 'text')})`),
    // Index: actor_pkey. The rows are locked.
    actors: await deleted(tx, sql.fragment`actors.actor where id = any(${sql.array(ids, 'text')})`),
  };
}

type LockedEnd = EndedActor & { readonly ended_at: string };

async function lockDue(tx: Tx, olderThanDays: number, limit: number): Promise<readonly LockedEnd[]> {
  return tx.any(sql.type(endedRow)`
    select a.id, a.machine, due.at::text as ended_at
    from (
      select e.at, e.actor_id ${dueEnds(olderThanDays)}
        and exists (select from actors.actor done where done.id = e.actor_id and done.status = 'done')
      order by e.at, e.actor_id limit ${limit}
    ) due
    join actors.actor a on a.id = due.actor_id and a.status = 'done'
    order by a.id for update of a skip locked`);
}

/** Index: ended_pkey, hence by instant too, as text: a number of milliseconds would lose the rest. */
async function forgetEnds(tx: Tx, ended: readonly LockedEnd[]): Promise<void> {
  const tuples = ended.map(({ id, ended_at }) => [id, ended_at]);
  await tx.query(sql.typeAlias('void')`
    delete from actors.ended e using ${sql.unnest(tuples, ['text', 'timestamptz'])} as t (actor_id, at)
    where e.at = t.at and e.actor_id = t.actor_id`);
}

async function deleted(tx: Tx, what: ReturnType<typeof dueEnds>): Promise<number> {
  const { rowCount } = await tx.query(sql.typeAlias('void')`delete from ${what}`);
  return rowCount;
}
