/** What waits for a person, by what it waits for. Reads only. */
import { Type } from '@sinclair/typebox';
import type { CommonQueryMethods } from 'slonik';
import { row, sql } from '../persistence/sql.ts';

type Reader = Pick<CommonQueryMethods, 'any' | 'oneFirst'>;

/** The last answer of the step's effect that was not `done`; null where the runtime parked the actor. */
const outcome = sql.fragment`case parked_by when 'machine' then a.snapshot #>> '{context,step,trouble,outcome}' end`;
const code = sql.fragment`case parked_by when 'machine' then a.snapshot #>> '{context,step,trouble,code}' end`;
/** The runtime's reason without what differs from actor to actor. */
const reason = sql.fragment`left(regexp_replace(a.park_reason, '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9]+', '#', 'g'), 200)`;

/** Names the group that a parked actor belongs to: the same machine, state and trouble. */
export const parkedCause = sql.fragment`case parked_by
  when 'machine' then concat_ws(' ', a.machine, a.state, ${outcome}, ${code})
  else concat_ws(' ', a.machine, 'runtime', ${reason}) end`;

const NullableText = Type.Union([Type.String(), Type.Null()]);
const By = Type.Unsafe<'machine' | 'runtime'>(Type.Union([Type.Literal('machine'), Type.Literal('runtime')]));
const causeColumns = {
  machine: Type.String(),
  version: Type.String(),
  by: By,
  state: Type.String(),
  reason: Type.String(),
  outcome: NullableText,
  code: NullableText,
};
const groupRow = row(
  Type.Object({
    cause: Type.String(),
    ...causeColumns,
    actors: Type.Integer(),
    oldest_id: Type.String(),
    oldest_at: Type.Number(),
    newest_at: Type.Number(),
  }),
);
export const maxGroups = 100;

/** Biggest first. Locks nothing. Index: actor_parked. */
export function parkedGroups(db: Reader) {
  return db.any(sql.type(groupRow)`
    select cause, min(machine) as machine, max(version) as version, min(parked_by) as by, min(state) as state,
      min(reason) as reason, min(outcome) as outcome, min(code) as code, count(*)::int4 as actors,
      (array_agg(id order by parked_at, id))[1] as oldest_id, min(parked_at) as oldest_at, max(parked_at) as newest_at
    from (
      select a.id, a.machine, a.version, a.state, a.parked_by, a.parked_at, ${reason} as reason, ${outcome} as outcome,
        ${code} as code, ${parkedCause} as cause
      from actors.actor a where a.parked_at is not null
    ) as parked
    group by cause order by count(*) desc, cause limit ${maxGroups}`);
}

const totalRow = row(Type.Object({ cause: Type.String(), currency: Type.String(), total_cents: Type.Number() }));
const maxSummed = 20_000;

/** What the orders among the parked are worth, by group; of very many, of those parked longest. Indexes: actor_parked, entry_pkey. */
export function parkedTotals(db: Reader) {
  return db.any(sql.type(totalRow)`
    select p.cause, e.currency, sum(e.total_cents)::float8 as total_cents
    from (
      select case when a.id ~ ${uuidPattern} then a.id::uuid end as id, ${parkedCause} as cause
      from actors.actor a where a.parked_at is not null order by a.parked_at, a.id limit ${maxSummed}
    ) as p
    join ledger.entry e on e.id = p.id
    group by p.cause, e.currency order by p.cause, e.currency`);
}

/** Ids of other machines' actors may look otherwise. */
const uuidPattern = '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$';

const parkedRow = row(
  Type.Object({
    id: Type.String(),
    cause: Type.String(),
    ...causeColumns,
    since: Type.Number(),
    currency: NullableText,
    total_cents: Type.Union([Type.Integer(), Type.Null()]),
    captured_cents: Type.Union([Type.Integer(), Type.Null()]),
  }),
);

export interface ParkedPage {
  /** Only of this group. */
  readonly cause?: string | undefined;
  /** Only what comes behind it. */
  readonly after?: { readonly sinceMs: number; readonly id: string } | undefined;
  readonly limit: number;
}

/** Longest first. Locks nothing. Indexes: actor_parked, entry_pkey. */
export function parkedActors(db: Reader, { cause, after, limit }: ParkedPage) {
  return db.any(sql.type(parkedRow)`
    select p.*, e.currency, e.total_cents, e.captured_cents
    from (
      select a.id, ${parkedCause} as cause, a.machine, a.version, a.parked_by as by, a.state, a.park_reason as reason,
        ${outcome} as outcome, ${code} as code, a.parked_at as since
      from actors.actor a
      where a.parked_at is not null
        and ${cause === undefined ? sql.fragment`true` : sql.fragment`${parkedCause} = ${cause}`}
        and ${after === undefined ? sql.fragment`true` : sql.fragment`(a.parked_at, a.id) > (actors.from_ms(${after.sinceMs}), ${after.id})`}
      order by a.parked_at, a.id limit ${limit}
    ) as p
    left join ledger.entry e on e.id = case when p.id ~ ${uuidPattern} then p.id::uuid end
    order by p.since, p.id`);
}

/** Of these actors, those that are parked. Locks nothing. Index: actor_pkey. */
export function parkedAmong(db: Reader, ids: readonly string[]) {
  return db.any(sql.type(amongRow)`
    select a.id, ${parkedCause} as cause, a.machine, a.version, a.parked_by as by, a.state, ${reason} as reason,
      ${outcome} as outcome, ${code} as code, a.parked_at as since
    from actors.actor a where a.id = any(${sql.array([...ids], 'text')}) and a.parked_at is not null`);
}

const amongRow = row(Type.Object({ id: Type.String(), cause: Type.String(), ...causeColumns, since: Type.Number() }));

/** @param untilMs parked by then, so that one that is parked anew does not count again */
export async function countParked(
  db: Reader,
  { cause, untilMs }: { readonly cause: string; readonly untilMs: number },
) {
  return Number(
    await db.oneFirst(sql.typeAlias('void')`
      select count(*)::int4 as n from actors.actor a
      where a.parked_at is not null and a.parked_at <= actors.from_ms(${untilMs}) and ${parkedCause} = ${cause}`),
  );
}
