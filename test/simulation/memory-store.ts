/** The actor store and the outbox over the database in memory: the promises of the ones on Postgres, at no cost. */
import {
  type ActorRow,
  type ActorStore,
  type Changes,
  type LockedActor,
  type Message,
  type Outbox,
  StoreError,
  type StoreTransaction,
} from '../../src/actors/index.ts';
import type { MemoryTx, StoredMessage, Tables } from './memory-database.ts';

/** Runs a transaction when its turn comes, and may let it, or its answer, be lost. */
export type Transact = <R>(label: string, work: (tx: MemoryTx) => Promise<R>) => Promise<R>;

/** @param isHeld whether another transaction holds an actor just now: here they come one after the other, so none ever does */
export function memoryStore(
  tables: Tables,
  transact: Transact,
  isHeld: () => boolean = () => false,
): ActorStore<MemoryTx> {
  return {
    transaction: (work) => transact('transaction', (tx) => work(storeTransaction(tx, isHeld))),
    read: async (ids) => ids.flatMap((id) => tables.actors.get(id) ?? []),
    history: async (id, { afterRevision, limit }) =>
      (tables.log.get(id) ?? []).filter(({ revision }) => revision > afterRevision).slice(0, limit),
  };
}

function storeTransaction(tx: MemoryTx, isHeld: () => boolean): StoreTransaction<MemoryTx> {
  const { tables } = tx;
  return {
    raw: tx,
    lock: async (_commitId, { waitFor, ifFree }) => {
      const busy = new Set(ifFree.filter((id) => tables.actors.has(id) && isHeld()));
      const ids = [...waitFor, ...ifFree.filter((id) => !busy.has(id))];
      const messages = ids.flatMap((id) => firstDue(tables, id, tx.nowMs));
      return { nowMs: tx.nowMs, actors: lock(tables, ids), messages, busy: [...busy] };
    },
    insert: async (rows) => {
      const fresh = rows.filter(({ id }) => !tables.actors.has(id));
      for (const row of fresh) {
        assertStorable(row);
        tx.put(tables.actors, row.id, row);
      }
      return fresh.map(({ id }) => id);
    },
    write: async (changes) => write(tx, changes),
    hasCommit: async (commitId, ids) => ids.some((id) => hasCommit(tables, id, commitId)),
  };
}

function lock(tables: Tables, ids: readonly string[]): LockedActor[] {
  return [...ids].sort().flatMap((id) => {
    const row = tables.actors.get(id);
    return row ? [{ row, wake: tables.wakes.get(id) ?? null }] : [];
  });
}

function firstDue(tables: Tables, targetId: string, nowMs: number): Message[] {
  let first: StoredMessage | null = null;
  // By id: one that was put back by a rollback stands at the end of the map.
  for (const message of tables.messages.values())
    if (message.targetId === targetId && message.deliverAtMs <= nowMs && message.id < (first?.id ?? Infinity))
      first = message;
  return first ? [asMessage(first)] : [];
}

function asMessage({ id, senderId, targetId, targetMachine, event, traceparent }: StoredMessage): Message {
  return { id: String(id), senderId, targetId, targetMachine, event, traceparent };
}

function hasCommit(tables: Tables, id: string, commitId: string): boolean {
  const moved = (tables.log.get(id) ?? []).some((record) => record.commitId === commitId);
  return moved || (tables.actors.get(id)?.effects.some(({ lease }) => lease?.commitId === commitId) ?? false);
}

function write(tx: MemoryTx, changes: Changes): void {
  const { tables } = tx;
  for (const row of changes.updates) {
    assertStorable(row);
    tx.put(tables.actors, row.id, row);
  }
  for (const record of changes.transitions) {
    const log = tables.log.get(record.actorId) ?? [];
    // The primary key of the table.
    if (log.some(({ revision }) => revision === record.revision))
      throw new StoreError('rejected', `${record.actorId} has a revision ${record.revision} already`);
    tx.put(tables.log, record.actorId, [...log, record]);
  }
  for (const { actorId, dueAtMs } of changes.wakeInserts) {
    if (tables.wakes.has(actorId)) throw new StoreError('rejected', `${actorId} has a wake row already`);
    tx.put(tables.wakes, actorId, { dueAtMs, redeliveries: 0 });
  }
  for (const { actorId, dueAtMs } of changes.wakeUpdates)
    if (tables.wakes.has(actorId)) tx.put(tables.wakes, actorId, { dueAtMs, redeliveries: 0 });
  for (const actorId of changes.wakeDeletes) tx.delete(tables.wakes, actorId);
  for (const id of changes.messagesConsumed) tx.delete(tables.messages, Number(id));
  for (const message of changes.messagesSent) {
    tables.ids.lastMessage += 1;
    const id = tables.ids.lastMessage;
    tx.put(tables.messages, id, { ...message, id, redeliveries: 0 });
  }
}

/** The table's CHECK constraints. */
function assertStorable({ id, revision, parked, timers, effects, snapshot }: ActorRow): void {
  if (revision < 1) throw new StoreError('rejected', `${id} has the revision ${revision}`);
  const waits = timers.length + effects.length > 0;
  if (waits && (parked?.by === 'machine' || snapshot.status === 'done'))
    throw new StoreError('rejected', `${id} rests, and waits for something`);
}

export function memoryOutbox(transact: Transact): Outbox {
  return {
    claimDue: ({ limit, redeliveryMs, maxRedeliveryMs }) =>
      transact('claims what is due', async (tx) => {
        const { wakes, messages } = tx.tables;
        const laterMs = (redeliveries: number): number =>
          tx.nowMs + Math.min(redeliveryMs * 2 ** Math.min(redeliveries, 20), maxRedeliveryMs);
        const claimed = new Set<string>();
        for (const [id, wake] of dueFirst([...wakes], tx.nowMs, limit)) {
          claimed.add(id);
          tx.put(wakes, id, { dueAtMs: laterMs(wake.redeliveries), redeliveries: wake.redeliveries + 1 });
        }
        for (const [id, message] of dueFirst([...messages], tx.nowMs, limit)) {
          claimed.add(message.targetId);
          const { redeliveries } = message;
          tx.put(messages, id, { ...message, dueAtMs: laterMs(redeliveries), redeliveries: redeliveries + 1 });
        }
        const dueAtMs = Math.min(...[...wakes.values(), ...messages.values()].map((row) => row.dueAtMs));
        return { actorIds: [...claimed], nextDueInMs: Math.max(0, dueAtMs - tx.nowMs) };
      }),
  };
}

function dueFirst<Key, Row extends { readonly dueAtMs: number }>(
  rows: readonly (readonly [Key, Row])[],
  nowMs: number,
  limit: number,
): readonly (readonly [Key, Row])[] {
  return rows
    .filter(([, { dueAtMs }]) => dueAtMs <= nowMs)
    .sort(([, a], [, b]) => a.dueAtMs - b.dueAtMs)
    .slice(0, limit);
}
