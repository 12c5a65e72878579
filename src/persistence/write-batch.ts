/** What a batch writes: the actors that it starts, and all of its changes in one statement. */
import { Type } from '@sinclair/typebox';
import type { FragmentSqlToken } from 'slonik';
import type { ActorRow, Changes, TransitionRecord, Wake } from '../actors/index.ts';
import type { Tx } from './pool.ts';
import { row, sql } from './sql.ts';

const idRow = row(Type.Object({ id: Type.String() }));

/** Channel of the commit feed: one notice per batch with the ids of the actors that moved, or `*`. */
export const commitChannel = 'waybill_commit';

/** Waits for a concurrent insert of the same id, and then leaves it out of its answer. */
export async function insertActors(tx: Tx, rows: readonly ActorRow[], nowMs: number): Promise<string[]> {
  const inserted = await tx.any(sql.type(idRow)`
    insert into actors.actor (id, machine, version, structure_hash, revision, status, state, snapshot, timers, effects,
      parked_by, park_reason, parked_at, traceparent, created_at, updated_at, entered_at)
    select id, machine, version, structure_hash, revision, status, state, snapshot, timers, effects,
      parked_by, park_reason, case when parked_by is not null then actors.from_ms(${nowMs}) end, traceparent,
      actors.from_ms(${nowMs}), actors.from_ms(${nowMs}), actors.from_ms(entered_ms)
    from ${sql.unnest(rows.map(actorTuple), actorTypes)}
      as t (id, machine, version, structure_hash, revision, status, state, snapshot, timers, effects, parked_by, park_reason, traceparent, entered_ms)
    order by id
    on conflict (id) do nothing returning id`);
  return inserted.map(({ id }) => id);
}

/** One statement: each round trip is one that a whole batch waits for. Its parts touch no row twice. */
export async function writeChanges(tx: Tx, changes: Changes): Promise<void> {
  if (Object.values(changes).every((part: unknown) => !Array.isArray(part) || part.length === 0)) return;
  await tx.query(sql.typeAlias('void')`
    with updated as (${updateActors(changes)}),
      logged as (${insertTransitions(changes.transitions)}),
      woken as (${insertWakes(changes.wakeInserts)}),
      moved as (${updateWakes(changes.wakeUpdates)}),
      rested as (${deleteWakes(changes.wakeDeletes)}),
      consumed as (${deleteMessages(changes.messagesConsumed)}),
      sent as (${insertMessages(changes.messagesSent)})
    select pg_notify(${commitChannel}, notice) from (select ${noticeOf(changes.transitions)}::text as notice) as told
    where notice <> ''`);
}

/** Besides a join, for the planner: while a table is small it may join the whole index, and the plan stays when it has grown. */
const keysOf = (ids: readonly string[]) => sql.array([...ids], 'text');

/** The rows are locked already. Index: actor_pkey; no indexed column changes but at parking, so the update is HOT. */
function updateActors({ updates, nowMs }: Changes): FragmentSqlToken {
  return sql.fragment`
    update actors.actor a set version = t.version, structure_hash = t.structure_hash, revision = t.revision,
      status = t.status, state = t.state, snapshot = t.snapshot, timers = t.timers, effects = t.effects,
      parked_by = t.parked_by, park_reason = t.park_reason,
      parked_at = case when t.parked_by is not null then coalesce(a.parked_at, actors.from_ms(${nowMs})) end,
      updated_at = actors.from_ms(${nowMs}), traceparent = t.traceparent, entered_at = actors.from_ms(t.entered_ms)
    from ${sql.unnest(updates.map(actorTuple), actorTypes)}
      as t (id, machine, version, structure_hash, revision, status, state, snapshot, timers, effects, parked_by, park_reason, traceparent, entered_ms)
    where a.id = t.id and a.id = any(${keysOf(updates.map(({ id }) => id))})`;
}

const actorTypes = [
  'text',
  'text',
  'text',
  'text',
  'int4',
  'text',
  'text',
  'jsonb',
  'jsonb',
  'jsonb',
  'text',
  'text',
  'text',
  'float8',
];

function actorTuple(actor: ActorRow) {
  return [
    actor.id,
    actor.machine,
    actor.version,
    actor.structureHash,
    actor.revision,
    actor.snapshot.status,
    actor.path,
    JSON.stringify(actor.snapshot),
    JSON.stringify(actor.timers),
    JSON.stringify(actor.effects),
    actor.parked?.by ?? null,
    actor.parked?.reason ?? null,
    actor.traceparent,
    actor.enteredAtMs,
  ];
}

function insertTransitions(records: readonly TransitionRecord[]): FragmentSqlToken {
  const tuples = records.map((record) => [
    record.actorId,
    record.revision,
    JSON.stringify(record.event),
    record.from,
    record.to,
    JSON.stringify(record.armed),
    record.settled?.effectId ?? null,
    record.settled?.token ?? null,
    record.commitId,
    record.atMs,
    record.traceparent,
  ]);
  const types = ['text', 'int4', 'jsonb', 'text', 'text', 'jsonb', 'text', 'int4', 'uuid', 'float8', 'text'];
  return sql.fragment`
    insert into actors.transition (actor_id, revision, event, from_state, to_state, armed, settled_effect, settled_token,
      commit_id, at, traceparent)
    select actor_id, revision, event, from_state, to_state, armed, settled_effect, settled_token, commit_id,
      actors.from_ms(at_ms), traceparent
    from ${sql.unnest(tuples, types)}
      as t (actor_id, revision, event, from_state, to_state, armed, settled_effect, settled_token, commit_id, at_ms, traceparent)`;
}

const wakeTuple = (wake: Wake): [string, number] => [wake.actorId, wake.dueAtMs];

function insertWakes(wakes: readonly Wake[]): FragmentSqlToken {
  return sql.fragment`
    insert into actors.wake (actor_id, due_at)
    select actor_id, actors.from_ms(due_ms) from ${sql.unnest(wakes.map(wakeTuple), ['text', 'float8'])} as t (actor_id, due_ms)
    order by actor_id`;
}

/** By UPDATE, never upsert: an actor that ended or parked has none, and must not get one back. Index: wake_pkey. */
function updateWakes(wakes: readonly Wake[]): FragmentSqlToken {
  const keys = keysOf(wakes.map(({ actorId }) => actorId));
  return sql.fragment`
    update actors.wake w set due_at = actors.from_ms(t.due_ms), redeliveries = 0
    from (
      select actor_id, due_ms
      from ${sql.unnest(wakes.map(wakeTuple), ['text', 'float8'])} as i (actor_id, due_ms)
      join actors.wake locked using (actor_id) where locked.actor_id = any(${keys})
      order by actor_id for no key update of locked
    ) as t where w.actor_id = t.actor_id and w.actor_id = any(${keys})`;
}

/** Index: wake_pkey. */
const deleteWakes = (actorIds: readonly string[]): FragmentSqlToken =>
  sql.fragment`delete from actors.wake where actor_id = any(${sql.array([...actorIds], 'text')})`;

/** Index: message_pkey. */
const deleteMessages = (ids: readonly string[]): FragmentSqlToken =>
  sql.fragment`delete from actors.message where id = any(${sql.array([...ids], 'text')}::bigint[])`;

function insertMessages(messages: Changes['messagesSent']): FragmentSqlToken {
  const tuples = messages.map((message) => [
    message.senderId,
    message.targetId,
    message.targetMachine,
    JSON.stringify(message.event),
    message.deliverAtMs,
    message.dueAtMs,
    message.traceparent,
  ]);
  const types = ['text', 'text', 'text', 'jsonb', 'float8', 'float8', 'text'];
  return sql.fragment`
    insert into actors.message (sender_id, target_id, target_machine, event, deliver_at, due_at, traceparent)
    select sender_id, target_id, target_machine, event, actors.from_ms(deliver_ms), actors.from_ms(due_ms), traceparent
    from ${sql.unnest(tuples, types)} with ordinality
      as t (sender_id, target_id, target_machine, event, deliver_ms, due_ms, traceparent, n)
    order by n`;
}

/** A notice carries at most 8,000 bytes. */
const maxNoticeBytes = 7_900;

/** Empty: nobody is told. */
function noticeOf(transitions: readonly TransitionRecord[]): string {
  const ids = transitions.map(({ actorId }) => actorId).join(',');
  return ids.length > maxNoticeBytes ? '*' : ids;
}
