/** What the runtime builds on, of any store: one suite for the store on Postgres and for the one in memory. */
import { describe, expect, test } from 'vitest';
import type { ActorRow, ActorStore, Changes, StoreTransaction } from '../../src/actors/index.ts';
import { lockAll } from './lock-all.ts';

/** A store as the suite sees it. Every test finds it empty, its clock at `startMs`. */
export interface StoreUnderTest<Tx> {
  readonly startMs: number;
  readonly store: () => ActorStore<Tx>;
  /** Until a transaction waits for another one. */
  readonly somebodyWaits: () => Promise<unknown>;
  readonly advanceClock: (ms: number) => Promise<void>;
}

const commitId = '00000000-0000-4000-8000-000000000001';
const nobody = { waitFor: [], ifFree: [] };
const anotherId = '00000000-0000-4000-8000-000000000002';

/** When the clock of a store under test stands at its start. */
export const contractStartMs = Date.UTC(2027, 0, 1);

export const contractActor = (id: string, changes: Partial<ActorRow> = {}): ActorRow => ({
  id,
  machine: 'inbox',
  version: '1',
  structureHash: 'hash',
  revision: 1,
  path: 'open',
  snapshot: { status: 'active', value: 'open', context: { got: [] } },
  timers: [],
  effects: [],
  parked: null,
  traceparent: null,
  startedAtMs: contractStartMs,
  enteredAtMs: contractStartMs,
  ...changes,
});

/** The changes of a batch that changes nothing. */
export const noChanges = (nowMs: number): Changes => ({
  commitId,
  nowMs,
  updates: [],
  transitions: [],
  wakeInserts: [],
  wakeUpdates: [],
  wakeDeletes: [],
  messagesConsumed: [],
  messagesSent: [],
});

interface Bench<Tx> extends StoreUnderTest<Tx> {
  readonly inOne: <R>(work: (tx: StoreTransaction<Tx>) => Promise<R>) => Promise<R>;
  readonly insert: (row: ActorRow, wakeAtMs?: number) => Promise<void>;
  readonly write: (changes: Partial<Changes>) => Promise<void>;
  readonly nothing: Changes;
}

export function describeStoreContract<Tx>(under: StoreUnderTest<Tx>): void {
  const { store, startMs } = under;
  const nothing = noChanges(startMs);
  const inOne: Bench<Tx>['inOne'] = (work) => store().transaction(work);
  const bench: Bench<Tx> = {
    ...under,
    inOne,
    nothing,
    insert: (row, wakeAtMs) =>
      inOne(async (tx) => {
        await tx.insert([row], startMs);
        if (wakeAtMs !== undefined)
          await tx.write({ ...nothing, wakeInserts: [{ actorId: row.id, dueAtMs: wakeAtMs }] });
      }),
    write: (changes) => inOne((tx) => tx.write({ ...nothing, ...changes })),
  };
  describe('locking', () => {
    locking(bench);
  });
  describe('inserting', () => {
    inserting(bench);
  });
  describe('messages', () => {
    messages(bench);
  });
  describe('the log', () => {
    log(bench);
  });
  describe('whether a commit happened', () => {
    commits(bench);
  });
  describe('a transaction', () => {
    transactions(bench);
  });
}

/** Somebody who holds a transaction open, until told to let go. */
function held() {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  return { released, release, begun, begin };
}

const actor = contractActor;

function locking<Tx>({ inOne, insert, nothing, startMs, somebodyWaits }: Bench<Tx>): void {
  test('returns the actors that exist, in key order, each as stored with its wake row', async () => {
    const timers = [{ id: 't', event: { type: 'T' }, dueAtMs: startMs + 123 }];
    const timed = actor('b', { timers, traceparent: 'trace', enteredAtMs: startMs - 5 });
    await insert(timed, startMs + 123);
    await insert(actor('a'));
    expect(await inOne((tx) => lockAll(tx, ['b', 'missing', 'a']))).toEqual([
      { row: actor('a'), wake: null },
      { row: timed, wake: { dueAtMs: startMs + 123, redeliveries: 0 } },
    ]);
  });

  test('takes those that nobody holds, and says nothing of one that does not exist', async () => {
    await insert(actor('a'));
    await insert(actor('free'), startMs);
    expect(await inOne((tx) => tx.lock(commitId, { waitFor: ['a'], ifFree: ['free', 'missing'] }))).toEqual({
      nowMs: startMs,
      actors: [
        { row: actor('a'), wake: null },
        { row: actor('free'), wake: { dueAtMs: startMs, redeliveries: 0 } },
      ],
      messages: [],
      busy: [],
    });
  });

  test('reads a wake row at infinity', async () => {
    await insert(actor('waits'), Infinity);
    expect(await inOne((tx) => lockAll(tx, ['waits']))).toEqual([
      { row: actor('waits'), wake: { dueAtMs: Infinity, redeliveries: 0 } },
    ]);
  });

  test('one that waited sees the wake row as the holder left it, not as it was before the wait', async () => {
    await insert(actor('moved'), startMs);
    await insert(actor('parks'), startMs);
    await insert(actor('unparks'));
    const { released, release, begun, begin } = held();
    const holder = inOne(async (tx) => {
      const found = await lockAll(tx, ['moved', 'parks', 'unparks']);
      begin();
      await released;
      await tx.write({
        ...nothing,
        // The rows change too: only then does the waiting statement look at them again.
        updates: found.map(({ row }) => ({ ...row, revision: 2 })),
        wakeUpdates: [{ actorId: 'moved', dueAtMs: Infinity }],
        wakeDeletes: ['parks'],
        wakeInserts: [{ actorId: 'unparks', dueAtMs: startMs + 7 }],
      });
    });
    await begun;
    const waiter = inOne((tx) => lockAll(tx, ['moved', 'parks', 'unparks']));
    await somebodyWaits();
    release();
    await holder;
    expect((await waiter).map(({ row, wake }) => [row.id, row.revision, wake])).toEqual([
      ['moved', 2, { dueAtMs: Infinity, redeliveries: 0 }],
      ['parks', 2, null],
      ['unparks', 2, { dueAtMs: startMs + 7, redeliveries: 0 }],
    ]);
  });

  test('a wake row is moved where there is one, and never made by moving it', async () => {
    await insert(actor('parked'));
    await inOne((tx) => tx.write({ ...nothing, wakeUpdates: [{ actorId: 'parked', dueAtMs: startMs }] }));
    expect(await inOne((tx) => lockAll(tx, ['parked']))).toEqual([{ row: actor('parked'), wake: null }]);
  });
}

function inserting<Tx>({ store, inOne, insert, startMs, somebodyWaits }: Bench<Tx>): void {
  test('answers the ids that are new, and leaves the others as they were', async () => {
    await insert(actor('old', { revision: 5 }));
    expect(await inOne((tx) => tx.insert([actor('new'), actor('old')], startMs))).toEqual(['new']);
    expect(await store().read(['old'])).toEqual([actor('old', { revision: 5 })]);
  });

  test('waits for a concurrent insert of the same id, and then knows that it was second', async () => {
    const { released, release, begun, begin } = held();
    const first = inOne(async (tx) => {
      const ids = await tx.insert([actor('same')], startMs);
      begin();
      await released;
      return ids;
    });
    await begun;
    const second = inOne((tx) => tx.insert([actor('same')], startMs));
    await somebodyWaits();
    release();
    expect([await first, await second]).toEqual([['same'], []]);
  });
}

function messages<Tx>({ inOne, write, startMs, advanceClock }: Bench<Tx>): void {
  const dueFor = async (ids: readonly string[]) =>
    (await inOne((tx) => tx.lock(commitId, { waitFor: [], ifFree: ids }))).messages;
  const message = (targetId: string, n: number, deliverInMs = 0) => ({
    senderId: 'sender',
    targetId,
    targetMachine: 'inbox',
    event: { type: 'ADD', n },
    deliverAtMs: startMs + deliverInMs,
    dueAtMs: startMs + 5_000,
    traceparent: 'trace',
  });

  test('the first of each target that may be delivered now, in the order sent', async () => {
    await write({ messagesSent: [message('a', 1), message('b', 2), message('a', 3), message('later', 4, 1)] });
    const due = await dueFor(['a', 'b', 'later', 'nobody']);
    const told = due.map(({ id: _, ...rest }) => rest);
    const { deliverAtMs: _, dueAtMs: __, ...sent } = message('', 0);
    expect(told).toEqual([
      { ...sent, targetId: 'a', event: { type: 'ADD', n: 1 } },
      { ...sent, targetId: 'b', event: { type: 'ADD', n: 2 } },
    ]);
    await write({ messagesConsumed: due.map(({ id }) => id) });
    await advanceClock(1);
    const rest = await dueFor(['a', 'b', 'later']);
    expect(rest.map(({ event }) => event['n'])).toEqual([3, 4]);
  });

  test('one whose consumption was rolled back is still there, and still the first', async () => {
    await write({ messagesSent: [message('a', 1), message('a', 2)] });
    const first = () => dueFor(['a']);
    const [sent] = await first();
    const undone = new Error('undone');
    const consuming = inOne(async (tx) => {
      await tx.write({ ...noChanges(startMs), messagesConsumed: [sent?.id ?? ''] });
      throw undone;
    });
    await expect(consuming).rejects.toBe(undone);
    expect(await first()).toEqual([sent]);
  });
}

const transition = (actorId: string, revision: number, atMs: number) => ({
  actorId,
  revision,
  event: revision === 1 ? { type: 'xstate.init' } : { type: 'NEXT', revision },
  from: revision === 1 ? null : 'open',
  to: 'open',
  armed: [{ id: `pay@${revision}`, src: 'bank.pay' }],
  settled: revision === 1 ? null : { effectId: `pay@${revision - 1}`, token: 1 },
  commitId,
  atMs,
  traceparent: 'trace',
});

function log<Tx>({ store, write, startMs }: Bench<Tx>): void {
  test('is read from after a revision, oldest first, so many and no more', async () => {
    const lines = [1, 2, 3, 4].map((revision) => transition('logged', revision, startMs + revision));
    await write({ transitions: lines });
    await write({ transitions: [transition('other', 1, startMs)] });
    expect(await store().history('logged', { afterRevision: 0, limit: 100 })).toEqual(lines);
    expect(await store().history('logged', { afterRevision: 1, limit: 2 })).toEqual(lines.slice(1, 3));
    expect(await store().history('nobody', { afterRevision: 0, limit: 100 })).toEqual([]);
  });

  test('has one line per revision: a second is rejected, with all that came with it', async () => {
    await write({ transitions: [transition('logged', 1, startMs)] });
    const again = write({ transitions: [transition('logged', 2, startMs), transition('logged', 1, startMs)] });
    await expect(again).rejects.toMatchObject({ name: 'StoreError', kind: 'rejected', commitUnknown: false });
    expect(await store().history('logged', { afterRevision: 0, limit: 100 })).toHaveLength(1);
  });
}

function commits<Tx>({ inOne, insert, write, nothing, startMs, somebodyWaits }: Bench<Tx>): void {
  const effect = { id: 'pay@1', invoke: 'pay', src: 'bank.pay', input: null, timeoutMs: 1, claims: 1, token: 1 };
  const lease = { untilMs: startMs + 1, commitId };

  test('is told by a transition or a lease of it', async () => {
    await insert(actor('leased', { effects: [{ ...effect, lease, notNowSinceMs: null }] }));
    await write({ transitions: [transition('moved', 1, startMs)] });
    expect(await inOne((tx) => tx.hasCommit(commitId, ['x', 'moved']))).toBe(true);
    expect(await inOne((tx) => tx.hasCommit(commitId, ['x', 'leased']))).toBe(true);
    expect(await inOne((tx) => tx.hasCommit(anotherId, ['moved', 'leased']))).toBe(false);
    expect(await inOne((tx) => tx.hasCommit(commitId, ['x']))).toBe(false);
  });

  test('is told only after that transaction has ended', async () => {
    const { released, release, begun, begin } = held();
    const first = inOne(async (tx) => {
      await tx.lock(commitId, nobody);
      await tx.write({ ...nothing, transitions: [transition('moved', 1, startMs)] });
      begin();
      await released;
    });
    await begun;
    const look = inOne((tx) => tx.hasCommit(commitId, ['moved']));
    await somebodyWaits();
    release();
    await first;
    expect(await look).toBe(true);
  });
}

function transactions<Tx>({ store, inOne, insert, startMs, nothing, advanceClock }: Bench<Tx>): void {
  test('reads the clock of the store', async () => {
    await advanceClock(7);
    expect((await inOne((tx) => tx.lock(commitId, nobody))).nowMs).toBe(startMs + 7);
  });

  test('that throws leaves nothing, and passes the error on as it was', async () => {
    await insert(actor('moved'), startMs);
    const bug = new Error('a bug');
    const broken = inOne(async (tx) => {
      await tx.insert([actor('half')], startMs);
      await tx.write({
        ...nothing,
        updates: [actor('moved', { revision: 2 })],
        transitions: [transition('moved', 1, startMs)],
        wakeInserts: [{ actorId: 'half', dueAtMs: startMs }],
        wakeDeletes: ['moved'],
      });
      throw bug;
    });
    await expect(broken).rejects.toBe(bug);
    expect(await store().read(['half'])).toEqual([]);
    expect(await store().history('moved', { afterRevision: 0, limit: 1 })).toEqual([]);
    expect(await inOne((tx) => tx.insert([actor('half')], startMs))).toEqual(['half']);
    expect(await inOne((tx) => lockAll(tx, ['half', 'moved']))).toEqual([
      { row: actor('half'), wake: null },
      { row: actor('moved'), wake: { dueAtMs: startMs, redeliveries: 0 } },
    ]);
  });

  test('with what the store refuses is `rejected`, and did not commit', async () => {
    const broken = inOne((tx) => tx.insert([actor('bad', { revision: 0 })], startMs));
    await expect(broken).rejects.toMatchObject({ name: 'StoreError', kind: 'rejected', commitUnknown: false });
    expect(await store().read(['bad'])).toEqual([]);
  });

  test.each([
    ['parked by its machine', { parked: { by: 'machine', reason: 'stuck' } }],
    ['final', { snapshot: { status: 'done', value: 'closed', context: {} }, path: 'closed' }],
  ] as const)('cannot leave a timer with an actor that is %s', async (_, rests) => {
    const timers = [{ id: 't', event: { type: 'T' }, dueAtMs: startMs }];
    const broken = inOne((tx) => tx.insert([actor('rests', { ...rests, timers })], startMs));
    await expect(broken).rejects.toMatchObject({ name: 'StoreError', kind: 'rejected' });
  });
}
