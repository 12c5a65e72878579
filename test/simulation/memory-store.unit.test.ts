/** The store and the outbox in memory keep the promises of those on Postgres: the same suite, over the same faces. */
import { beforeEach, describe } from 'vitest';
import { describeOutboxContract } from '../support/outbox-contract.ts';
import { contractStartMs, describeStoreContract, noChanges } from '../support/store-contract.ts';
import { eventually } from '../support/wait.ts';
import { emptyTables, MemoryTx, type Tables } from './memory-database.ts';
import { memoryOutbox, memoryStore, type Transact } from './memory-store.ts';

const startMs = contractStartMs;
let tables: Tables = emptyTables();
let nowMs = startMs;
let open = 0;
let last: Promise<unknown> = Promise.resolve();

/** One transaction at a time, in the order asked for, as the scheduler runs them. */
const transact: Transact = (_label, work) => {
  open += 1;
  const run = last.then(async () => {
    const tx = new MemoryTx(tables, nowMs);
    try {
      return await work(tx);
    } catch (error) {
      tx.rollback();
      throw error;
    } finally {
      open -= 1;
    }
  });
  last = run.catch(() => {});
  return run;
};

const advanceClock = async (ms: number): Promise<void> => void (nowMs += ms);
const store = () => memoryStore(tables, transact);

beforeEach(() => {
  tables = emptyTables();
  nowMs = startMs;
});

describe('the store in memory', () => {
  describeStoreContract({ startMs, store, advanceClock, somebodyWaits: () => eventually(async () => open > 1) });
});

describe('the outbox in memory', () => {
  describeOutboxContract({
    outbox: () => memoryOutbox(transact),
    advanceClock,
    addWake: (actorId, inMs) =>
      store().transaction((tx) =>
        tx.write({ ...noChanges(startMs), wakeInserts: [{ actorId, dueAtMs: startMs + inMs }] }),
      ),
    addMessage: (targetId, inMs) =>
      store().transaction((tx) =>
        tx.write({ ...noChanges(startMs), messagesSent: [messageTo(targetId, startMs + inMs)] }),
      ),
    async wake(id) {
      const found = tables.wakes.get(id);
      return found && { inMs: found.dueAtMs - startMs, redeliveries: found.redeliveries };
    },
    messages: async () =>
      [...tables.messages.values()].map(({ dueAtMs, deliverAtMs, redeliveries }) => ({
        inMs: dueAtMs - startMs,
        redeliveries,
        deliverInMs: deliverAtMs - startMs,
      })),
  });
});

const messageTo = (targetId: string, dueAtMs: number) => ({
  senderId: 'sender',
  targetId,
  targetMachine: 'inbox',
  event: { type: 'ADD' },
  deliverAtMs: startMs,
  dueAtMs,
  traceparent: null,
});
