/** How many actors are where, what is due and for how long: the figures that gauges show. */
import { Type } from '@sinclair/typebox';
import type { DatabasePool } from './pool.ts';
import { row, sql } from './sql.ts';
import { unfinishedIds } from './unfinished-actors.ts';

/** How long actors may be at a path before they count as stuck. */
export interface StuckAfter {
  readonly machine: string;
  readonly path: string;
  readonly afterMs: number;
}

export interface Figures {
  /** Unfinished actors by machine and state, most of one state in a line. */
  readonly occupancy: readonly {
    readonly machine: string;
    readonly state: string;
    readonly actors: number;
    readonly parkedByRuntime: number;
    readonly parkedByMachine: number;
    readonly stuck: number;
  }[];
  readonly due: {
    /** Rows whose time has come and that no relay has claimed. */
    readonly rows: number;
    /** For how long the first of them has been waiting, in seconds. */
    readonly oldestSeconds: number;
    /** Actors whose wake-up was published three times or more, and nobody moved them. */
    readonly unanswered: number;
  };
}

const occupancyRow = row(
  Type.Object({
    machine: Type.String(),
    state: Type.String(),
    actors: Type.Integer(),
    by_runtime: Type.Integer(),
    by_machine: Type.Integer(),
    stuck: Type.Integer(),
  }),
);
const dueRow = row(Type.Object({ due: Type.Integer(), oldest_s: Type.Number(), unanswered: Type.Integer() }));

/** Locks nothing; reads the unfinished actors, and no others. Indexes: wake_pkey, actor_parked, actor_pkey, wake_due, message_due. */
export async function readFigures(pool: DatabasePool, stuckAfter: readonly StuckAfter[]): Promise<Figures> {
  const limits = stuckAfter.map(({ machine, path, afterMs }) => [machine, path, afterMs]);
  const occupancy = await pool.any(sql.type(occupancyRow)`
    select a.machine, a.state, count(*)::int4 as actors,
      (count(*) filter (where a.parked_by = 'runtime'))::int4 as by_runtime,
      (count(*) filter (where a.parked_by = 'machine'))::int4 as by_machine,
      (count(*) filter (where a.parked_by is null
        and coalesce(a.entered_at, a.updated_at) < actors.clock() - t.after_ms * interval '1 millisecond'))::int4 as stuck
    from actors.actor a
    left join ${sql.unnest(limits, ['text', 'text', 'float8'])} as t (machine, state, after_ms)
      on t.machine = a.machine and t.state = a.state
    where a.id = any(array(${unfinishedIds(null)})) and a.status = 'active'
    group by a.machine, a.state order by a.machine, a.state`);
  const { due, oldest_s, unanswered } = await pool.one(sql.type(dueRow)`
    select ((select count(*) from actors.wake where due_at <= now.at)
        + (select count(*) from actors.message where due_at <= now.at))::int4 as due,
      coalesce(extract(epoch from now.at - least(
        (select due_at from actors.wake where due_at <= now.at order by due_at limit 1),
        (select due_at from actors.message where due_at <= now.at order by due_at limit 1))), 0)::float8 as oldest_s,
      (select count(*) from actors.wake where redeliveries >= 3)::int4 as unanswered
    from (select actors.clock() as at) as now`);
  return {
    occupancy: occupancy.map(({ machine, state, actors, by_runtime, by_machine, stuck }) => ({
      machine,
      state,
      actors,
      parkedByRuntime: by_runtime,
      parkedByMachine: by_machine,
      stuck,
    })),
    due: { rows: due, oldestSeconds: Math.max(0, oldest_s), unanswered },
  };
}
