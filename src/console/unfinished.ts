/** Orders under way, counted by where they stand; and what waits for its turn. */
import { Type } from '@sinclair/typebox';
import type { CommonQueryMethods } from 'slonik';
import { row, sql } from '../persistence/sql.ts';
import { parkedIds, waitingIds } from '../persistence/unfinished-actors.ts';
import { orderMachineId } from './order-machine.ts';

type Reader = Pick<CommonQueryMethods, 'any' | 'one'>;

/** The longest wait between two attempts is 64 s: who has not moved for longer has somebody to blame. */
const stuckAfterMs = 120_000;
/** More are not looked at one by one. */
export const maxLookedAt = 20_000;

/** Has not moved for two minutes, though nobody has parked it. */
const isStuck = sql.fragment`a.parked_at is null
  and a.updated_at < actors.clock() - ${stuckAfterMs}::float8 * interval '1 millisecond'`;
/** Attempts of the step it stands in have come to nothing, and it is to try again. */
const isRetrying = sql.fragment`a.parked_at is null and (a.snapshot #>> '{context,step,attempts}')::int4 > 0`;

/** Of all that are unfinished, at most so many. Indexes: wake_pkey, actor_parked. */
const someUnfinished = sql.fragment`
  select id from (select id from (${waitingIds}) w limit ${maxLookedAt + 1}) waiting
  union select id from (select id from (${parkedIds}) p limit ${maxLookedAt}) parked`;

const standingRow = row(
  Type.Object({
    version: Type.String(),
    state: Type.String(),
    is_parked: Type.Boolean(),
    is_retrying: Type.Boolean(),
    is_stuck: Type.Boolean(),
    orders: Type.Integer(),
  }),
);

/** Locks nothing. Indexes: wake_pkey, actor_parked, actor_pkey. */
export function countStanding(db: Reader) {
  return db.any(sql.type(standingRow)`
    select a.version, a.state, a.parked_at is not null as is_parked, coalesce(${isRetrying}, false) as is_retrying,
      ${isStuck} as is_stuck, count(*)::int4 as orders
    from actors.actor a
    where a.id = any(array(${someUnfinished})) and a.machine = ${orderMachineId} and a.status = 'active'
    group by 1, 2, 3, 4, 5`);
}

const idRow = row(Type.Object({ id: Type.String() }));

/**
 * Orders that are stuck, or between two attempts; of very many, those whose turn comes first.
 * Locks nothing. Indexes: wake_due, actor_pkey.
 */
export async function standingIn(db: Reader, view: 'stuck' | 'retrying'): Promise<readonly string[]> {
  const found = await db.any(sql.type(idRow)`
    select a.id from actors.actor a
    where a.id = any(array(select actor_id from actors.wake order by due_at limit ${maxLookedAt}))
      and a.machine = ${orderMachineId} and a.status = 'active' and ${view === 'stuck' ? isStuck : isRetrying}`);
  return found.map(({ id }) => id);
}

const dueRow = row(Type.Object({ rows: Type.Integer(), oldest_ms: Type.Union([Type.Number(), Type.Null()]) }));
const maxDue = 10_000;

/** Wake rows and messages whose turn has come, at most 10,000 of each. Locks nothing. Indexes: wake_due, message_due. */
export function whatIsDue(db: Reader) {
  return db.one(sql.type(dueRow)`
    select count(*)::int4 as rows, actors.to_ms(actors.clock()) - actors.to_ms(min(due_at)) as oldest_ms
    from (
      (select due_at from actors.wake where due_at <= (select actors.clock()) order by due_at limit ${maxDue})
      union all
      (select due_at from actors.message where due_at <= (select actors.clock()) order by due_at limit ${maxDue})
    ) as due`);
}
