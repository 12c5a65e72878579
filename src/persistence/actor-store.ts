/** The actor store on Postgres: locks, loads and writes whole batches, a constant number of statements each. */
import { Type } from '@sinclair/typebox';
import type { CommonQueryMethods, FragmentSqlToken } from 'slonik';
import { IntegrityConstraintViolationError } from 'slonik';
import type {
  ActorRow,
  ActorStore,
  Changes,
  Locked,
  LockedActor,
  LockRequest,
  Message,
  StoreTransaction,
  TransitionRecord,
  Wake,
} from '../actors/index.ts';
import { StoreError } from '../actors/index.ts';
import { asActor, actorRow, asMessage, asTransition, lookRow, transitionRow } from './actor-rows.ts';
import { classifyFault, isSchemaFault } from './faults.ts';
import type { Tx } from './pool.ts';
import { row, sql } from './sql.ts';

const idRow = row(Type.Object({ id: Type.String() }));
const foundRow = row(Type.Object({ found: Type.Boolean() }));

/** Channel of the commit feed: one notice per batch with the ids of the actors that moved, or `*`. */
export const commitChannel = 'waybill_commit';

/**
 * A connection into nowhere (a host that is gone, a cut network) never answers, and Slonik waits for it for ever. Longer
 * than two statements may take and a lock, so that it ends nothing that still moves.
 */
const defaultDeadlineMs = 45_000;

/** @param options `deadlineMs`: a transaction that takes longer counts as unanswered */
export function actorStore(pool: CommonQueryMethods, options: { readonly deadlineMs?: number } = {}): ActorStore<Tx> {
  return {
    transaction: (work) => transaction(pool, options.deadlineMs ?? defaultDeadlineMs, work),
    async read(ids) {
      try {
        // Index: actor_pkey.
        const found = await pool.any(sql.type(actorRow)`
          select id, machine, version, structure_hash, revision, status, snapshot, timers, effects, parked_by, park_reason,
            traceparent, actors.to_ms(created_at) as started_ms, actors.to_ms(coalesce(entered_at, updated_at)) as entered_ms
          from actors.actor where id = any(${sql.array([...ids], 'text')})`);
        return found.map(asActor);
      } catch (error) {
        throw toStoreError(error, false);
      }
    },
    async history(id, { afterRevision, limit }) {
      try {
        // Index: transition_pkey.
        const found = await pool.any(sql.type(transitionRow)`
          select actor_id, revision, event, from_state, to_state, armed, settled_effect, settled_token, commit_id,
            actors.to_ms(at) as at_ms, traceparent
          from actors.transition where actor_id = ${id} and revision > ${afterRevision} order by revision limit ${limit}`);
        return found.map(asTransition);
      } catch (error) {
        throw toStoreError(error, false);
      }
    },
  };
}

async function transaction<R>(
  pool: CommonQueryMethods,
  deadlineMs: number,
  work: (tx: StoreTransaction<Tx>) => Promise<R>,
): Promise<R> {
  let worked = false;
  let givenUp = false;
  let timer: NodeJS.Timeout | undefined;
  const overdue = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      givenUp = true;
      reject(new StoreError('unavailable', `no answer within ${deadlineMs} ms`, { commitUnknown: worked }));
    }, deadlineMs);
  });
  const running = pool.transaction(async (tx) => {
    const result = await work(storeTransaction(tx));
    // Its caller has been told that nothing came of it: so nothing must.
    if (givenUp) throw new StoreError('unavailable', 'given up before COMMIT');
    worked = true;
    return result;
  });
  try {
    return await Promise.race([running, overdue]);
  } catch (error) {
    throw toStoreError(error, worked);
  } finally {
    clearTimeout(timer);
  }
}

/** @param worked whether all of our statements had been answered, so that COMMIT was under way */
function toStoreError(error: unknown, worked: boolean): unknown {
  if (error instanceof StoreError) return error;
  // What the whole schema is to blame for must not park the actor that ran into it.
  const kind = isSchemaFault(error) ? 'unavailable' : classifyFault(error);
  if (kind === null) return error;
  return new StoreError(kind, messageOf(error), { cause: error, commitUnknown: worked && kind === 'unavailable' });
}

/** Names the constraint, never the values that broke it: this may become the reason for which an actor is parked. */
function messageOf(error: unknown): string {
  if (error instanceof IntegrityConstraintViolationError && error.constraint !== null)
    return `${error.message} (${error.constraint} of ${error.table ?? 'a table'})`;
  return error instanceof Error ? error.message : String(error);
}

function storeTransaction(tx: Tx): StoreTransaction<Tx> {
  return {
    raw: tx,
    lock: (commitId, asked) => lock(tx, commitId, asked),
    insert: (rows, nowMs) => insert(tx, rows, nowMs),
    write: (changes) => write(tx, changes),
    async hasCommit(commitId, ids) {
      await tx.query(sql.typeAlias('void')`select pg_advisory_xact_lock(hashtextextended(${commitId}, 0))`);
      // A second statement, so that it sees what committed while the first waited. Indexes: both primary keys.
      const { found } = await tx.one(sql.type(foundRow)`
        select exists (
            select from actors.transition where actor_id = any(${sql.array([...ids], 'text')}) and commit_id = ${commitId}
          ) or exists (
            select from actors.actor where id = any(${sql.array([...ids], 'text')})
              and effects @> ${JSON.stringify([{ lease: { commitId } }])}::jsonb
          ) as found`);
      return found;
    },
  };
}

/** First those that it may have to wait for: what it takes only if it is free, it never waits with. */
async function lock(tx: Tx, commitId: string, { waitFor, ifFree }: LockRequest): Promise<Locked> {
  const waited = waitFor.length > 0 ? await lockRows(tx, waitFor, sql.fragment``) : [];
  const free = ifFree.length > 0 ? await lockRows(tx, ifFree, sql.fragment`skip locked`) : [];
  const rows = [...waited, ...free];
  const taken = new Set(free.map(({ id }) => id));
  const missed = ifFree.filter((id) => !taken.has(id));
  // Before their messages are read: one that does not exist by now has left none to whom its holder gave them.
  const busy = new Set(await existing(tx, missed));
  const absent = missed.filter((id) => !busy.has(id));
  const { nowMs, wakes, messages } = await look(tx, commitId, [...rows.map(({ id }) => id), ...absent]);
  return {
    nowMs,
    actors: rows.map((found) => ({ row: asActor(found), wake: wakes.get(found.id) ?? null })),
    messages,
    busy: [...busy],
  };
}

/** Locks actor rows in key order; `no key`, so that foreign-key checks never queue behind. Index: actor_pkey. */
function lockRows(tx: Tx, ids: readonly string[], orSkip: FragmentSqlToken) {
  return tx.any(sql.type(actorRow)`
    select a.id, a.machine, a.version, a.structure_hash, a.revision, a.status, a.snapshot, a.timers, a.effects, a.parked_by,
      a.park_reason, a.traceparent, actors.to_ms(a.created_at) as started_ms,
      actors.to_ms(coalesce(a.entered_at, a.updated_at)) as entered_ms
    from actors.actor a where a.id = any(${sql.array([...ids], 'text')}) order by a.id for no key update of a ${orSkip}`);
}

/** Locks nothing. Index: actor_pkey. */
async function existing(tx: Tx, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  const found = await tx.any(
    sql.type(idRow)`select id from actors.actor where id = any(${sql.array([...ids], 'text')})`,
  );
  return found.map(({ id }) => id);
}

/**
 * In a statement of its own: one that waited for a lock sees the locked rows as they are now, but every other table as
 * it was before the wait. Of tables locks nothing: but for the relay, only the holder of an actor writes its wake row and
 * takes its messages. The mark is held to the end of the transaction: who asks `hasCommit` waits on it.
 * Indexes: wake_pkey, message_target.
 */
async function look(tx: Tx, commitId: string, ids: readonly string[]) {
  const found = await tx.any(sql.type(lookRow)`
    with now as materialized (
      select actors.to_ms(actors.clock()) as ms
      from (select pg_advisory_xact_lock(hashtextextended(${commitId}, 0))) as marked
    )
    select now.ms as now_ms, target.id as target_id,
      case when isfinite(w.due_at) then actors.to_ms(w.due_at) end as due_ms, w.redeliveries,
      m.id::text, m.sender_id, m.target_machine, m.event, m.traceparent
    from now
    left join unnest(${sql.array([...ids], 'text')}) as target (id) on true
    left join actors.wake w on w.actor_id = target.id
    left join lateral (
      select * from actors.message where target_id = target.id and deliver_at <= actors.from_ms(now.ms) order by id limit 1
    ) as m on true`);
  const [first] = found;
  if (!first) throw new Error('the store has no clock');
  const wakes = new Map<string, LockedActor['wake']>();
  const messages: Message[] = [];
  for (const row of found) {
    if (row.target_id === null) continue;
    if (row.redeliveries !== null)
      wakes.set(row.target_id, { dueAtMs: row.due_ms ?? Infinity, redeliveries: row.redeliveries });
    const message = asMessage(row);
    if (message) messages.push(message);
  }
  return { nowMs: first.now_ms, wakes, messages };
}

/** Waits for a concurrent insert of the same id, and then leaves it out of its answer. */
async function insert(tx: Tx, rows: readonly ActorRow[], nowMs: number): Promise<string[]> {
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
async function write(tx: Tx, changes: Changes): Promise<void> {
  if (Object.values(changes).every((part: unknown) => !Array.isArray(part) || part.length === 0)) return;
  await tx.query(sql.typeAlias('void')`
    with updated as (${updateActors(changes)}),
      logged as (${insertTransitions(changes.transitions)}),
      woken as (${insertWakes(changes.wakeInserts)}),
      moved as (${updateWakes(changes.wakeUpdates)}),
      rested as (${deleteWakes(changes.wakeDeletes)}),
      consumed as (${deleteMessages(changes.messagesConsumed)}),
      sent as (${insertMessages(changes.messagesSent)})
    select pg_notify(${commitChannel}, notice) from (select ${noticeOf(changes.transitions)}::text as notice) as moved
    where notice <> ''`);
}

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
    where a.id = t.id`;
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
  return sql.fragment`
    update actors.wake w set due_at = actors.from_ms(t.due_ms), redeliveries = 0
    from (
      select actor_id, due_ms
      from ${sql.unnest(wakes.map(wakeTuple), ['text', 'float8'])} as i (actor_id, due_ms)
      join actors.wake locked using (actor_id)
      order by actor_id for no key update of locked
    ) as t where w.actor_id = t.actor_id`;
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
