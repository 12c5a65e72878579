/** The store's promises that the runtime builds on: what a lock sees, what an insert answers, who commits whole. */
import { describe, expect, test } from 'vitest';
import type { ActorRow, Changes, StoreTransaction } from '../../src/actors/index.ts';
import { actorStore } from '../../src/persistence/actor-store.ts';
import { openPool, type Tx } from '../../src/persistence/pool.ts';
import { startMs, useRuntime } from '../support/runtime.ts';
import { eventually } from '../support/wait.ts';

const runtime = useRuntime();
const commitId = '00000000-0000-4000-8000-000000000001';
const anotherId = '00000000-0000-4000-8000-000000000002';

const actor = (id: string, changes: Partial<ActorRow> = {}): ActorRow => ({
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
  ...changes,
});

const nothing: Changes = {
  commitId,
  nowMs: startMs,
  updates: [],
  transitions: [],
  wakeInserts: [],
  wakeUpdates: [],
  wakeDeletes: [],
  messagesConsumed: [],
  messagesSent: [],
};

const store = () => actorStore(runtime.pool());
const inOne = <R>(work: (tx: StoreTransaction<Tx>) => Promise<R>) => store().transaction(work);

async function insert(row: ActorRow, wakeAtMs?: number): Promise<void> {
  await inOne(async (tx) => {
    await tx.insert([row], startMs);
    if (wakeAtMs !== undefined) await tx.write({ ...nothing, wakeInserts: [{ actorId: row.id, dueAtMs: wakeAtMs }] });
  });
}

/** Whether some session waits for a lock that another holds. */
const somebodyWaits = () =>
  eventually(async () => {
    const { rows } = await runtime.pg().query<{ n: number }>(
      `select count(*)::int as n from pg_locks join pg_database d on d.oid = database
       where not granted and d.datname = current_database()`,
    );
    const all = await runtime
      .pg()
      .query<{ n: number }>(
        `select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
    return (rows[0]?.n ?? 0) + (all.rows[0]?.n ?? 0) > 0;
  });

describe('locking', () => {
  test('returns the actors that exist, in key order, each as stored with its wake row', async () => {
    const timed = actor('b', {
      timers: [{ id: 't', event: { type: 'T' }, dueAtMs: startMs + 123 }],
      traceparent: 'trace',
    });
    await insert(timed, startMs + 123);
    await insert(actor('a'));
    expect(await inOne((tx) => tx.lock(['b', 'missing', 'a']))).toEqual([
      { row: actor('a'), wake: null },
      { row: timed, wake: { dueAtMs: startMs + 123, redeliveries: 0 } },
    ]);
  });

  test('reads a wake row at infinity', async () => {
    await insert(actor('waits'), Infinity);
    expect(await inOne((tx) => tx.lock(['waits']))).toEqual([
      { row: actor('waits'), wake: { dueAtMs: Infinity, redeliveries: 0 } },
    ]);
  });

  test('one that waited sees the wake row as the holder left it, not as it was before the wait', async () => {
    await insert(actor('moved'), startMs);
    await insert(actor('parks'), startMs);
    await insert(actor('unparks'));
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let locked = (): void => undefined;
    const holding = new Promise<void>((resolve) => (locked = resolve));
    const holder = inOne(async (tx) => {
      const [moved, parks, unparks] = await tx.lock(['moved', 'parks', 'unparks']);
      locked();
      await held;
      await tx.write({
        ...nothing,
        // The rows change too: only then does the waiting statement look at them again.
        updates: [moved, parks, unparks].flatMap((found) => (found ? [{ ...found.row, revision: 2 }] : [])),
        wakeUpdates: [{ actorId: 'moved', dueAtMs: Infinity }],
        wakeDeletes: ['parks'],
        wakeInserts: [{ actorId: 'unparks', dueAtMs: startMs + 7 }],
      });
    });
    await holding;
    const waiter = inOne((tx) => tx.lock(['moved', 'parks', 'unparks']));
    await somebodyWaits();
    release();
    await holder;
    expect((await waiter).map(({ row, wake }) => [row.id, row.revision, wake])).toEqual([
      ['moved', 2, { dueAtMs: Infinity, redeliveries: 0 }],
      ['parks', 2, null],
      ['unparks', 2, { dueAtMs: startMs + 7, redeliveries: 0 }],
    ]);
  });
});

describe('inserting', () => {
  test('answers the ids that are new, and leaves the others as they were', async () => {
    await insert(actor('old', { revision: 5 }));
    expect(await inOne((tx) => tx.insert([actor('new'), actor('old')], startMs))).toEqual(['new']);
    expect(await store().read(['old'])).toEqual([actor('old', { revision: 5 })]);
  });

  test('waits for a concurrent insert of the same id, and then knows that it was second', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let inserted = (): void => undefined;
    const holding = new Promise<void>((resolve) => (inserted = resolve));
    const first = inOne(async (tx) => {
      const ids = await tx.insert([actor('same')], startMs);
      inserted();
      await held;
      return ids;
    });
    await holding;
    const second = inOne((tx) => tx.insert([actor('same')], startMs));
    await somebodyWaits();
    release();
    expect([await first, await second]).toEqual([['same'], []]);
  });
});

describe('time', () => {
  test('a batch reads the clock of the store, in whole milliseconds, and instants survive being stored', async () => {
    await runtime
      .pg()
      .query(`update toy.clock set at = actors.from_ms($1) + interval '999 microseconds'`, [startMs + 7]);
    expect(await inOne((tx) => tx.begin(commitId))).toBe(startMs + 7);
    const instants = Array.from({ length: 1_000 }, (_, i) => startMs + i * 86_400_123 + i);
    const { rows } = await runtime
      .pg()
      .query<{ ms: number }>('select actors.to_ms(actors.from_ms(ms)) as ms from unnest($1::float8[]) ms', [instants]);
    expect(rows.map(({ ms }) => ms)).toEqual(instants);
  });
});

describe('messages', () => {
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
    await inOne((tx) =>
      tx.write({
        ...nothing,
        messagesSent: [message('a', 1), message('b', 2), message('a', 3), message('later', 4, 1)],
      }),
    );
    const due = await inOne((tx) => tx.dueMessages(['a', 'b', 'later', 'nobody'], startMs));
    expect(
      due.map(({ targetId, event, senderId, targetMachine, traceparent }) => [
        targetId,
        event,
        senderId,
        targetMachine,
        traceparent,
      ]),
    ).toEqual([
      ['a', { type: 'ADD', n: 1 }, 'sender', 'inbox', 'trace'],
      ['b', { type: 'ADD', n: 2 }, 'sender', 'inbox', 'trace'],
    ]);
    await inOne((tx) => tx.write({ ...nothing, messagesConsumed: due.map(({ id }) => id) }));
    const rest = await inOne((tx) => tx.dueMessages(['a', 'b', 'later'], startMs + 1));
    expect(rest.map(({ event }) => event['n'])).toEqual([3, 4]);
  });
});

describe('whether a commit happened', () => {
  const transition = (actorId: string, commit: string) => ({
    actorId,
    revision: 1,
    event: { type: 'xstate.init' },
    from: null,
    to: 'open',
    armed: [],
    settled: null,
    commitId: commit,
    atMs: startMs,
    traceparent: null,
  });
  const leased = actor('leased', {
    effects: [
      {
        id: 'pay@1',
        invoke: 'pay',
        src: 'bank.pay',
        input: null,
        timeoutMs: 1,
        claims: 1,
        token: 1,
        lease: { untilMs: startMs + 1, commitId },
        notNowSinceMs: null,
      },
    ],
  });

  test('is told by a transition or a lease of it', async () => {
    await insert(leased);
    await inOne((tx) => tx.write({ ...nothing, transitions: [transition('moved', commitId)] }));
    expect(await inOne((tx) => tx.hasCommit(commitId, ['x', 'moved']))).toBe(true);
    expect(await inOne((tx) => tx.hasCommit(commitId, ['x', 'leased']))).toBe(true);
    expect(await inOne((tx) => tx.hasCommit(anotherId, ['moved', 'leased']))).toBe(false);
    expect(await inOne((tx) => tx.hasCommit(commitId, ['x']))).toBe(false);
  });

  test('is told only after that transaction has ended', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let begun = (): void => undefined;
    const running = new Promise<void>((resolve) => (begun = resolve));
    const first = inOne(async (tx) => {
      await tx.begin(commitId);
      await tx.write({ ...nothing, transitions: [transition('moved', commitId)] });
      begun();
      await held;
    });
    await running;
    const look = inOne((tx) => tx.hasCommit(commitId, ['moved']));
    await somebodyWaits();
    release();
    await first;
    expect(await look).toBe(true);
  });
});

describe('faults', () => {
  test('a transaction that throws leaves nothing, and passes the error on as it was', async () => {
    const bug = new Error('a bug');
    await expect(
      inOne(async (tx) => {
        await tx.insert([actor('half')], startMs);
        throw bug;
      }),
    ).rejects.toBe(bug);
    expect(await store().read(['half'])).toEqual([]);
  });

  test('statements that Postgres refuses are `rejected`, and did not commit', async () => {
    const broken = inOne((tx) => tx.insert([actor('bad', { revision: 0 })], startMs));
    await expect(broken).rejects.toMatchObject({ name: 'StoreError', kind: 'rejected', commitUnknown: false });
  });

  test('locks are taken one after the other in key order, whatever the order asked for or stored', async () => {
    for (const id of ['c', 'b', 'a']) await insert(actor(id));
    const freeOf = async (id: string): Promise<boolean> => {
      const { rowCount } = await runtime
        .pg()
        .query('select from actors.actor where id = $1 for update skip locked', [id]);
      return rowCount === 1;
    };
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const holder = inOne(async (tx) => {
      await tx.lock(['b']);
      await released;
    });
    await eventually(async () => !(await freeOf('b')));
    const asker = inOne((tx) => tx.lock(['c', 'b', 'a']));
    await somebodyWaits();
    expect({ a: await freeOf('a'), c: await freeOf('c') }).toEqual({ a: false, c: true });
    release();
    await Promise.all([holder, asker]);
  });

  test('a deadlock is a `conflict` for one of the two', async () => {
    await insert(actor('a'));
    await insert(actor('b'));
    let arrived = 0;
    let bothThere = (): void => undefined;
    const both = new Promise<void>((resolve) => (bothThere = resolve));
    const crosswise = (first: string, second: string) =>
      inOne(async (tx) => {
        await tx.lock([first]);
        arrived += 1;
        if (arrived === 2) bothThere();
        await both;
        await tx.lock([second]);
      });
    const results = await Promise.allSettled([crosswise('a', 'b'), crosswise('b', 'a')]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(results.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { name: 'StoreError', kind: 'conflict' },
    });
  });

  test('a backend killed under a transaction is `unavailable`, and its outcome known: nothing', async () => {
    const killed = inOne(async (tx) => {
      await tx.insert([actor('gone')], startMs);
      await runtime.pg().query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and state = 'idle in transaction'`,
      );
      await tx.insert([actor('gone-too')], startMs);
    });
    await expect(killed).rejects.toMatchObject({ name: 'StoreError', kind: 'unavailable', commitUnknown: false });
    expect(await store().read(['gone', 'gone-too'])).toEqual([]);
  });

  test('a closed pool is `unavailable`, and so never a reason to park an actor', async () => {
    const closed = await openPool({ url: runtime.url(), maxConnections: 1 });
    await closed.end();
    await expect(actorStore(closed).transaction((tx) => tx.begin(commitId))).rejects.toMatchObject({
      name: 'StoreError',
      kind: 'unavailable',
      commitUnknown: false,
    });
  });
});
