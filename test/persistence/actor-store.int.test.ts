/** The store's promises that the runtime builds on: what a lock sees, what an insert answers, who commits whole. */
import { describe, expect, test } from 'vitest';
import type { ActorRow, StoreTransaction } from '../../src/actors/index.ts';
import { actorStore } from '../../src/persistence/actor-store.ts';
import { openPool, type Tx } from '../../src/persistence/pool.ts';
import { lockAll } from '../support/lock-all.ts';
import { startMs, useRuntime } from '../support/runtime.ts';
import { contractActor as actor, describeStoreContract } from '../support/store-contract.ts';
import { eventually } from '../support/wait.ts';

const runtime = useRuntime();
const commitId = '00000000-0000-4000-8000-000000000001';
const nobody = { waitFor: [], ifFree: [] };

const store = () => actorStore(runtime.pool());
const inOne = <R>(work: (tx: StoreTransaction<Tx>) => Promise<R>) => store().transaction(work);

const insert = async (row: ActorRow): Promise<void> => void (await inOne((tx) => tx.insert([row], startMs)));

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

describeStoreContract({ startMs, store, somebodyWaits, advanceClock: (ms) => runtime.advanceClock(ms) });

describe('time', () => {
  test('a batch reads the clock of the store, in whole milliseconds, and instants survive being stored', async () => {
    await runtime
      .pg()
      .query(`update toy.clock set at = actors.from_ms($1) + interval '999 microseconds'`, [startMs + 7]);
    expect((await inOne((tx) => tx.lock(commitId, nobody))).nowMs).toBe(startMs + 7);
    const instants = Array.from({ length: 1_000 }, (_, i) => startMs + i * 86_400_123 + i);
    const { rows } = await runtime
      .pg()
      .query<{ ms: number }>('select actors.to_ms(actors.from_ms(ms)) as ms from unnest($1::float8[]) ms', [instants]);
    expect(rows.map(({ ms }) => ms)).toEqual(instants);
  });
});

describe('faults', () => {
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
      await lockAll(tx, ['b']);
      await released;
    });
    await eventually(async () => !(await freeOf('b')));
    const asker = inOne((tx) => lockAll(tx, ['c', 'b', 'a']));
    await somebodyWaits();
    expect({ a: await freeOf('a'), c: await freeOf('c') }).toEqual({ a: false, c: true });
    release();
    await Promise.all([holder, asker]);
  });

  test('an actor that somebody holds is waited for by who must have it, and passed by who only looks', async () => {
    for (const id of ['held', 'free', 'other']) await insert(actor(id));
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    let begun = (): void => undefined;
    const holds = new Promise<void>((resolve) => (begun = resolve));
    const holder = inOne(async (tx) => {
      await lockAll(tx, ['held']);
      begun();
      await released;
    });
    await holds;
    const looked = await inOne((tx) => tx.lock(commitId, { waitFor: ['other'], ifFree: ['absent', 'free', 'held'] }));
    expect({ actors: looked.actors.map(({ row }) => row.id), busy: looked.busy }).toEqual({
      actors: ['other', 'free'],
      busy: ['held'],
    });
    const waiter = inOne((tx) => lockAll(tx, ['held']));
    await somebodyWaits();
    release();
    await holder;
    expect((await waiter).map(({ row }) => row.id)).toEqual(['held']);
  });

  test('a deadlock is a `conflict` for one of the two', async () => {
    await insert(actor('a'));
    await insert(actor('b'));
    let arrived = 0;
    let bothThere = (): void => undefined;
    const both = new Promise<void>((resolve) => (bothThere = resolve));
    const crosswise = (first: string, second: string) =>
      inOne(async (tx) => {
        await lockAll(tx, [first]);
        arrived += 1;
        if (arrived === 2) bothThere();
        await both;
        await lockAll(tx, [second]);
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
    await expect(actorStore(closed).transaction((tx) => tx.lock(commitId, nobody))).rejects.toMatchObject({
      name: 'StoreError',
      kind: 'unavailable',
      commitUnknown: false,
    });
  });
});
