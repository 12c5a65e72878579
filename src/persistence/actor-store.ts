/** The actor store on Postgres: locks, loads and writes whole batches, a constant number of statements each. */
import { Type } from '@sinclair/typebox';
import type { CommonQueryMethods, FragmentSqlToken } from 'slonik';
import { IntegrityConstraintViolationError } from 'slonik';
import type { ActorStore, Locked, LockedActor, LockRequest, Message, StoreTransaction } from '../actors/index.ts';
import { StoreError } from '../actors/index.ts';
import { asActor, actorRow, asMessage, asTransition, lookRow, transitionRow } from './actor-rows.ts';
import { classifyFault, isSchemaFault } from './faults.ts';
import type { Tx } from './pool.ts';
import { row, sql } from './sql.ts';
import { insertActors, writeChanges } from './write-batch.ts';

const idRow = row(Type.Object({ id: Type.String() }));
const foundRow = row(Type.Object({ found: Type.Boolean() }));

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
    insert: (rows, nowMs) => insertActors(tx, rows, nowMs),
    write: (changes) => writeChanges(tx, changes),
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
  const keys = sql.array([...ids], 'text');
  const found = await tx.any(sql.type(lookRow)`
    with now as materialized (
      select actors.to_ms(actors.clock()) as ms
      from (select pg_advisory_xact_lock(hashtextextended(${commitId}, 0))) as marked
    )
    select now.ms as now_ms, target.id as target_id,
      case when isfinite(w.due_at) then actors.to_ms(w.due_at) end as due_ms, w.redeliveries,
      m.id::text, m.sender_id, m.target_machine, m.event, m.traceparent
    from now
    left join unnest(${keys}) as target (id) on true
    left join actors.wake w on w.actor_id = target.id and w.actor_id = any(${keys})
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
