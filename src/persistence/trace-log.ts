/** What traces are written from: where actors stand in theirs, and their whole logs. */
import { Type } from '@sinclair/typebox';
import type { CommonQueryMethods } from 'slonik';
import type { TransitionRecord } from '../actors/index.ts';
import { asTransition, transitionRow } from './actor-rows.ts';
import { row, sql } from './sql.ts';

const positionRow = row(
  Type.Object({
    id: Type.String(),
    revision: Type.Integer(),
    traceparent: Type.String(),
    parked: Type.Boolean(),
    entered_ms: Type.Number(),
    now_ms: Type.Number(),
  }),
);

/** An actor, as far as its place in a trace goes. */
export interface TracePosition {
  readonly id: string;
  readonly revision: number;
  readonly traceparent: string;
  readonly isParked: boolean;
  readonly enteredAtMs: number;
  readonly nowMs: number;
}

/** Of those that have a trace. Locks nothing. Index: actor_pkey. */
export async function tracePositions(db: CommonQueryMethods, ids: readonly string[]): Promise<TracePosition[]> {
  const found = await db.any(sql.type(positionRow)`
    select id, revision, traceparent, parked_at is not null as parked,
      actors.to_ms(coalesce(entered_at, updated_at)) as entered_ms, actors.to_ms(actors.clock()) as now_ms
    from actors.actor where id = any(${sql.array([...ids], 'text')}) and traceparent is not null`);
  return found.map(({ id, revision, traceparent, parked, entered_ms, now_ms }) => ({
    id,
    revision,
    traceparent,
    isParked: parked,
    enteredAtMs: entered_ms,
    nowMs: now_ms,
  }));
}

/** A saga that took more steps is told as far as this. */
const maxRevision = 500;

/** Logs from revision 1 on. Locks nothing. Index: transition_pkey. */
export async function logsOf(db: CommonQueryMethods, ids: readonly string[]): Promise<TransitionRecord[]> {
  const found = await db.any(sql.type(transitionRow)`
    select actor_id, revision, event, from_state, to_state, armed, settled_effect, settled_token, commit_id,
      actors.to_ms(at) as at_ms, traceparent
    from actors.transition where actor_id = any(${sql.array([...ids], 'text')}) and revision <= ${maxRevision}
    order by actor_id, revision`);
  return found.map(asTransition);
}
