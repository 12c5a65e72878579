/** Everything an order's log tells, transition by transition. */
import type { Static } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import type { CommonQueryMethods } from 'slonik';
import {
  type ActorEvent,
  type ActorSystem,
  delayOf,
  effectKey,
  type Json,
  migrationOfEvent,
  outcomeOfEvent,
  type TransitionRecord,
} from '../actors/index.ts';
import { row, sql } from '../persistence/sql.ts';
import { traceIdOf } from '../services/ledger/entry.ts';
import { statusAt } from '../services/ledger/order-events.ts';
import { replayLog, type ReplayedTransition } from './log-replay.ts';
import type { LogEntry } from './schemas.ts';

export interface LogPorts {
  readonly pool: Pick<CommonQueryMethods, 'any'>;
  readonly system: Pick<ActorSystem, 'read' | 'history' | 'machines'>;
}

/** Beyond it the log is not read: no order comes near, and a replay has to begin at the beginning. */
const maxRevisions = 5_000;
const pageSize = 500;

/** @returns null: no such actor. Transitions from revision 1 up to `upTo` */
export async function wholeLog(
  system: LogPorts['system'],
  id: string,
  upTo: number = maxRevisions,
): Promise<{ readonly machine: string; readonly log: readonly ReplayedTransition[] } | null> {
  const actor = await system.read(id);
  if (!actor) return null;
  const records: TransitionRecord[] = [];
  const last = Math.min(actor.revision, maxRevisions);
  while (records.length < last) {
    const page = await system.history(id, { afterRevision: records.length, limit: pageSize });
    records.push(...page);
    if (page.length < pageSize) break;
  }
  const log = replayLog(system.machines, actor.machine, records, actor.version);
  return { machine: actor.machine, log: log.filter(({ record }) => record.revision <= upTo) };
}

const operationRow = row(
  Type.Object({ type: Type.String(), by: Type.String(), why: Type.String(), at: Type.Number() }),
);

/** Who did what to an actor. Locks nothing. Index: operation_actor. */
function operationsOf(pool: LogPorts['pool'], id: string) {
  return pool.any(sql.type(operationRow)`
    select event->>'type' as type, by, why, at from actors.operation where actor_id = ${id} order by id`);
}

/** The log of an actor, oldest first; null if there is none of this id. */
export async function orderLog({ pool, system }: LogPorts, id: string) {
  const [found, operations] = await Promise.all([wholeLog(system, id), operationsOf(pool, id)]);
  if (!found) return null;
  const items = found.log.map((transition, i): Static<typeof LogEntry> => {
    const { record } = transition;
    // Both were written in one commit, at its instant.
    const operation = operations.find(({ type, at }) => type === record.event.type && at === record.atMs);
    return {
      ...entryOf(transition, found.log.slice(0, i)),
      operation: operation ? { by: operation.by, why: operation.why } : null,
    };
  });
  return { machine: found.machine, items };
}

function entryOf(
  { record, version, machine, context, changes }: ReplayedTransition,
  earlier: readonly ReplayedTransition[],
): Omit<Static<typeof LogEntry>, 'operation'> {
  const { type, ...payload } = record.event;
  const before = earlier.at(-1);
  const outcome = outcomeOfEvent(record.event);
  return {
    revision: record.revision,
    version,
    event: type,
    label: labelOf(record.event, record.revision),
    // A migration's snapshot is the context anyway.
    payload: migrationOfEvent(record.event) ? null : payload,
    outcome: outcome?.outcome ?? null,
    from: record.from,
    to: record.to,
    status: machine ? statusAt(machine.config, record.to) : null,
    at: new Date(record.atMs).toISOString(),
    after_ms: before ? Math.max(0, record.atMs - before.record.atMs) : 0,
    changes: changes.map((change) => ({ ...change })),
    context,
    armed: record.armed.map(({ id, src }) => ({ id, effect: src, key: effectKey(record.actorId, src) })),
    settled: outcome && {
      effect: effectOf(outcome.invoke, earlier),
      effect_id: record.settled?.effectId ?? null,
      token: record.settled?.token ?? null,
    },
    attempts: attemptsIn(context),
    commit_id: record.commitId,
    trace_id: traceIdOf(record.traceparent),
  };
}

/** What the invoke asked for when it was armed last. */
function effectOf(invoke: string, earlier: readonly ReplayedTransition[]): string {
  const armed = earlier.flatMap(({ record }) => record.armed).findLast(({ id }) => id.startsWith(`${invoke}@`));
  return armed?.src ?? invoke;
}

/** As what-ifs spell it. */
export function labelOf(event: ActorEvent, revision: number): string {
  if (revision === 1) return 'start';
  const migration = migrationOfEvent(event);
  if (migration) return `migration ${migration.from} → ${migration.to}`;
  const outcome = outcomeOfEvent(event);
  if (outcome) return `${outcome.invoke} ${outcome.outcome}`;
  const delay = delayOf(event.type);
  return delay === event.type ? event.type : `timer ${delay}`;
}

function attemptsIn(context: Json): number | null {
  const attempts = member(member(context, 'step'), 'attempts');
  return typeof attempts === 'number' ? attempts : null;
}

function member(json: Json | undefined, key: string): Json | undefined {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
    ? (json as { readonly [name: string]: Json })[key]
    : undefined;
}
