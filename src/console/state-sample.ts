/** How long actors stayed in each state, and how its effects came out, by the logs of those that ended last. */
import { Type } from '@sinclair/typebox';
import type { CommonQueryMethods } from 'slonik';
import { outcomeOfEvent } from '../actors/index.ts';
import { row, sql } from '../persistence/sql.ts';

type Reader = Pick<CommonQueryMethods, 'any'>;

export interface StateSample {
  readonly version: string;
  readonly state: string;
  readonly visits: number;
  readonly dwellMs: { readonly p50: number | null; readonly p95: number | null; readonly max: number | null };
  readonly outcomes: Readonly<Record<Outcome, number>>;
}
type Outcome = 'done' | 'refused' | 'failed' | 'unknown';

export interface Sample {
  readonly actors: number;
  readonly transitions: number;
  /** When the first of them ended, and the last; null without any. */
  readonly fromMs: number | null;
  readonly toMs: number | null;
  readonly states: readonly StateSample[];
}

/** Enough for a 95th percentile, and read in some tens of milliseconds. */
const maxActors = 1_000;
/** Of all machines together: where others end far more often, the sample is smaller. */
const maxEnded = 4_000;

const actorRow = row(Type.Object({ id: Type.String(), version: Type.String(), ended_at: Type.Number() }));
const visitRow = row(
  Type.Object({
    actor_id: Type.String(),
    state: Type.String(),
    stayed_ms: Type.Number(),
    type: Type.String(),
    answer: Type.Union([Type.String(), Type.Null()]),
  }),
);

/** Locks nothing. Indexes: ended_pkey of actors, actor_pkey, transition_pkey. */
export async function sampleStates(db: Reader, machine: string): Promise<Sample> {
  const actors = await db.any(sql.type(actorRow)`
    select a.id, a.version, e.at as ended_at
    from (select actor_id, at from actors.ended order by at desc, actor_id desc limit ${maxEnded}) as e
    join actors.actor a on a.id = e.actor_id
    where a.machine = ${machine} order by e.at desc, e.actor_id desc limit ${maxActors}`);
  if (actors.length === 0) return { actors: 0, transitions: 0, fromMs: null, toMs: null, states: [] };
  const visits = await visitsOf(
    db,
    actors.map(({ id }) => id),
  );
  const versions = new Map(actors.map(({ id, version }) => [id, version]));
  const byState = Map.groupBy(visits, ({ actor_id, state }) => `${versions.get(actor_id)} ${state}`);
  const instants = actors.map(({ ended_at }) => ended_at);
  return {
    actors: actors.length,
    transitions: visits.length,
    fromMs: Math.min(...instants),
    toMs: Math.max(...instants),
    states: [...byState].map(([key, left]) => {
      const [version = '', ...state] = key.split(' ');
      return { version, state: state.join(' '), ...summary(left) };
    }),
  };
}

type Visit = Awaited<ReturnType<typeof visitsOf>>[number];

/** Each stay that was ended by a transition: how long it was, and the event that ended it. Index: transition_pkey. */
function visitsOf(db: Reader, ids: readonly string[]) {
  return db.any(sql.type(visitRow)`
    select actor_id, from_state as state, stayed_ms, type, answer
    from (
      select actor_id, from_state, event->>'type' as type,
        coalesce(event->'output'->>'type', event->'error'->>'type') as answer,
        actors.to_ms(at) - lag(actors.to_ms(at)) over (partition by actor_id order by revision) as stayed_ms
      from actors.transition where actor_id = any(${sql.array([...ids], 'text')})
    ) as steps
    where from_state is not null and stayed_ms is not null`);
}

function summary(left: readonly Visit[]): Pick<StateSample, 'visits' | 'dwellMs' | 'outcomes'> {
  const stays = left.map(({ stayed_ms }) => Math.max(0, stayed_ms)).toSorted((a, b) => a - b);
  const outcomes = { done: 0, refused: 0, failed: 0, unknown: 0 };
  for (const { type, answer } of left) {
    const settled = answer === null ? null : outcomeOfEvent({ type, output: { type: answer } });
    if (settled) outcomes[settled.outcome] += 1;
  }
  return {
    visits: left.length,
    dwellMs: { p50: quantile(stays, 0.5), p95: quantile(stays, 0.95), max: stays.at(-1) ?? null },
    outcomes,
  };
}

/** The nearest rank. @param sorted ascending */
function quantile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null;
}
