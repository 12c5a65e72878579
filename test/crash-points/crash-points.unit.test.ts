/** Crash points: how they are named, when they strike, and that nothing is there without them. */
import { describe, expect, it } from 'vitest';
import type { ActorStore, StoreTransaction } from '../../src/actors/index.ts';
import { crashPoints, dieAt, parseCrashAt } from '../../src/crash-points/crash-points.ts';
import { storeWithPoints } from '../../src/crash-points/store-with-points.ts';

describe('CRASH_AT', () => {
  it('names a label and the passing at which to die', () => {
    expect(parseCrashAt('commit.before-commit:12')).toEqual({ label: 'commit.before-commit', passing: 12 });
  });

  it.each(['commit.before-commit', 'commit.before-commit:0', 'nowhere:1', 'call.sent:1 ', 'call.sent:x'])(
    'refuses %j',
    (text) => {
      expect(parseCrashAt(text)).toBeNull();
    },
  );

  it('strikes at that passing of that label, and at no other', () => {
    const deaths: number[] = [];
    let passed = 0;
    const pass = dieAt({ label: 'call.sent', passing: 2 }, () => deaths.push(passed));
    for (const label of ['call.sent', 'call.answered', 'call.sent', 'call.sent', 'call.sent'] as const) {
      passed += 1;
      pass(label);
    }
    expect(deaths).toEqual([3]);
  });
});

describe('without CRASH_AT', () => {
  it('every port is handed back as it is, and no answer is looked at', () => {
    const none = crashPoints(null);
    const store = scriptedStore([]);
    const outbox = { claimDue: async () => ({ actorIds: [], nextDueInMs: Infinity }) };
    const wakeUps = { room: async () => 1, isFull: () => false, publish: async () => true };
    const jobs = { advance: async () => 'done' as const };
    expect(none.store(store)).toBe(store);
    expect(none.outbox(outbox)).toBe(outbox);
    expect(none.wakeUps(wakeUps)).toBe(wakeUps);
    expect(none.jobs(jobs)).toBe(jobs);
    expect(none.beforeAnswer).toBeNull();
  });
});

describe('the points of a transaction', () => {
  it('stand between its loading, its writing, its COMMIT and the end of it', async () => {
    const said: string[] = [];
    const store = storeWithPoints(scriptedStore(said), (label) => said.push(label));
    await store.transaction(async (tx) => {
      await tx.lock('commit', { waitFor: ['a'], ifFree: [] });
      await tx.write({ ...nothing, updates: [actor] });
    });
    expect(said).toEqual(['lock', 'advance.loaded', 'write', 'commit.before-commit', 'COMMIT', 'commit.after-commit']);
  });

  it('have names of their own where an actor starts', async () => {
    const said: string[] = [];
    const store = storeWithPoints(scriptedStore(said), (label) => said.push(label));
    await store.transaction(async (tx) => {
      await tx.insert([actor], 0);
      await tx.write({ ...nothing, updates: [actor] });
    });
    expect(said).toEqual(['insert', 'write', 'start.before-commit', 'COMMIT', 'start.after-commit']);
  });

  it('are none around a transaction that writes nothing', async () => {
    const said: string[] = [];
    const store = storeWithPoints(scriptedStore(said), (label) => said.push(label));
    await store.transaction((tx) => tx.write(nothing));
    expect(said).toEqual(['write', 'COMMIT']);
  });
});

const actor = {
  id: 'a',
  machine: 'm',
  version: '1',
  structureHash: '',
  revision: 1,
  path: 's',
  snapshot: { status: 'active', value: 's', context: {} },
  timers: [],
  effects: [],
  parked: null,
  traceparent: null,
  startedAtMs: 0,
  enteredAtMs: 0,
} as const;

const nothing = {
  commitId: 'c',
  nowMs: 0,
  updates: [],
  transitions: [],
  wakeInserts: [],
  wakeUpdates: [],
  wakeDeletes: [],
  messagesConsumed: [],
  messagesSent: [],
} as const;

/** Says what it is asked, and finds one actor. */
function scriptedStore(said: string[]): ActorStore<null> {
  const tx: StoreTransaction<null> = {
    raw: null,
    async lock() {
      said.push('lock');
      return { nowMs: 0, actors: [{ row: actor, wake: null }], messages: [], busy: [] };
    },
    async insert() {
      said.push('insert');
      return ['a'];
    },
    async write() {
      said.push('write');
    },
    hasCommit: async () => false,
  };
  return {
    async transaction(work) {
      const result = await work(tx);
      said.push('COMMIT');
      return result;
    },
    read: async () => [],
    history: async () => [],
  };
}
