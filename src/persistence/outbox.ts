/** The outbox as the relay sees it: due wake rows and messages, claimed by moving `due_at` on. */
import { Type } from '@sinclair/typebox';
import type { CommonQueryMethods } from 'slonik';
import type { Outbox } from '../actors/index.ts';
import type { DatabasePool, Tx } from './pool.ts';
import { row, sql } from './sql.ts';

const actorIdRow = row(Type.Object({ actor_id: Type.String() }));
const nextRow = row(Type.Object({ next_in_ms: Type.Union([Type.Number(), Type.Null()]) }));

export function outbox(pool: DatabasePool): Outbox {
  return {
    async claimDue(options) {
      // A look is one statement, a claim that finds nothing five: mostly nothing is due.
      const dueInMs = await nextDueInMs(pool);
      if (dueInMs > 0) return { actorIds: [], nextDueInMs: dueInMs };
      return pool.transaction(async (tx) => {
        const wakes = await claimWakes(tx, options);
        const messages = await claimMessages(tx, options);
        // Oldest first, so that a bounded queue is filled with what has waited longest.
        return { actorIds: [...new Set([...wakes, ...messages])], nextDueInMs: await nextDueInMs(tx) };
      });
    },
  };
}

interface ClaimOptions {
  readonly limit: number;
  readonly redeliveryMs: number;
  readonly maxRedeliveryMs: number;
}

/**
 * Locks at most `limit` due rows and skips what others hold. Indexes: wake_due, then wake_pkey by an array: joined to the
 * claimed rows, the planner expects `limit` of them each time and reads the whole table.
 */
async function claimWakes(tx: Tx, { limit, redeliveryMs, maxRedeliveryMs }: ClaimOptions): Promise<string[]> {
  const claimed = await tx.any(sql.type(actorIdRow)`
    with due as (
      select actor_id, due_at from actors.wake
      where due_at <= (select actors.clock()) order by due_at limit ${limit} for update skip locked
    ), moved as (
      update actors.wake w set redeliveries = w.redeliveries + 1,
        due_at = actors.clock() + least(${redeliveryMs}::float8 * 2 ^ least(w.redeliveries, 20), ${maxRedeliveryMs}) * interval '1 millisecond'
      where w.actor_id = any(array(select actor_id from due)) returning w.actor_id
    )
    select due.actor_id from due join moved using (actor_id) order by due.due_at`);
  return claimed.map(({ actor_id }) => actor_id);
}

/** Locks at most `limit` due rows and skips what others hold. Indexes: message_due, then message_pkey, as above. */
async function claimMessages(tx: Tx, { limit, redeliveryMs, maxRedeliveryMs }: ClaimOptions): Promise<string[]> {
  const claimed = await tx.any(sql.type(actorIdRow)`
    with due as (
      select id from actors.message
      where due_at <= (select actors.clock()) order by due_at limit ${limit} for update skip locked
    ), moved as (
      update actors.message m set redeliveries = m.redeliveries + 1,
        due_at = actors.clock() + least(${redeliveryMs}::float8 * 2 ^ least(m.redeliveries, 20), ${maxRedeliveryMs}) * interval '1 millisecond'
      where m.id = any(array(select id from due)) returning m.id, m.target_id
    )
    select target_id as actor_id from moved order by id`);
  return claimed.map(({ actor_id }) => actor_id);
}

/** Indexes: wake_due, message_due, first entry of each. A wake row at `infinity` is never due. */
async function nextDueInMs(db: CommonQueryMethods): Promise<number> {
  const { next_in_ms } = await db.one(sql.type(nextRow)`
    select (extract(epoch from least(
        (select due_at from actors.wake where due_at < 'infinity' order by due_at limit 1),
        (select due_at from actors.message order by due_at limit 1)
      ) - actors.clock()) * 1000)::float8 as next_in_ms`);
  return next_in_ms === null ? Infinity : Math.max(0, next_in_ms);
}
