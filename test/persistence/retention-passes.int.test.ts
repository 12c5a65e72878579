/** Who does the passes, how they go by batches, and how they find what has ended. */
import { randomUUID } from 'node:crypto';
import { cp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { createRetention } from '../../src/compose.ts';
import { dropEnded, type Dropped } from '../../src/persistence/ended-actors.ts';
import { migrate } from '../../src/persistence/migrate.ts';
import { retention, runRetention } from '../../src/persistence/retention.ts';
import { createDatabase } from '../support/database.ts';
import { copyFinishedOrder } from '../support/finished-orders.ts';
import { useStack } from '../support/stack.ts';
import { temporaryDataDir } from '../support/temporary-data-dir.ts';
import { eventually } from '../support/wait.ts';

const kit = useStack('postgres');
const olderThanDays = 90;
const pass = () => createRetention(kit.pool(), kit.url()).runOnce({ olderThanDays });

describe('passes and batches', () => {
  const options = { monotonicMs: () => 0, delay: () => Promise.resolve(), alongside: () => Promise.resolve({}) };

  /** Finished actors that are nobody's orders. */
  async function toyActors(n: number): Promise<readonly string[]> {
    const { rows } = await kit.pg().query<{ id: string }>(
      `with begun as (
         insert into actors.actor (id, machine, version, structure_hash, revision, status, state, snapshot, created_at, updated_at)
         select gen_random_uuid()::text, 'gone', '1', '', 1, 'done', 'done', '{"status":"done","value":"done","context":{}}',
           actors.clock() - interval '100 days', actors.clock() - interval '100 days'
         from generate_series(1, $1)
         returning id, created_at
       ), logged as (
         insert into actors.transition (actor_id, revision, event, to_state, armed, commit_id, at)
         select id, 1, '{"type":"x"}', 'done', '[]', gen_random_uuid(), created_at from begun
       )
       select id from begun`,
      [n],
    );
    return rows.map(({ id }) => id);
  }
  const left = async (ids: readonly string[]): Promise<number> =>
    (await kit.pg().query('select from actors.actor where id = any($1)', [ids])).rowCount ?? 0;

  it('while one process is at it another finds it busy; the lock goes with the session that held it', async () => {
    const ids = await toyActors(3);
    const reached = Promise.withResolvers<void>();
    const resume = Promise.withResolvers<void>();
    const slow = retention(
      {
        ...options,
        pool: kit.pool(),
        databaseUrl: kit.url(),
        onDropped: () => reached.resolve(),
        delay: () => resume.promise,
      },
      1,
    ).runOnce({ olderThanDays });
    await reached.promise;
    expect(await pass()).toEqual({ type: 'busy' });
    resume.resolve();
    expect(await slow).toMatchObject({ type: 'done', dropped: { actors: 3, transitions: 3 } });
    expect(await pass()).toMatchObject({ type: 'done' });
    expect(await left(ids)).toBe(0);
  });

  it('two batches at the same time, were it not for that lock, drop each actor once', async () => {
    const ids = await toyActors(6);
    const bothIn = Promise.withResolvers<void>();
    let inside = 0;
    const alongside = async (): Promise<Record<string, number>> => {
      inside += 1;
      if (inside === 2) bothIn.resolve();
      await bothIn.promise;
      return {};
    };
    const batch = (): Promise<Dropped> =>
      kit.pool().transaction((tx) => dropEnded(tx, { olderThanDays, limit: 3, alongside }));
    // The first takes the oldest three; the second finds those locked, takes none of them, and leaves.
    const first = batch();
    await eventually(() => inside === 1);
    const second = await batch();
    bothIn.resolve();
    expect([(await first).actors, second.actors]).toEqual([3, 0]);
    await pass();
    expect(await left(ids)).toBe(0);
  });

  it('an actor that somebody has locked is left for another time, and holds nobody up', async () => {
    const [locked = '', ...others] = await toyActors(3);
    await kit.pool().transaction(async (tx) => {
      const client = await kit.pg().connect();
      try {
        await client.query('begin');
        await client.query('select from actors.actor where id = $1 for no key update', [locked]);
        const dropped = await dropEnded(tx, { olderThanDays, limit: 10, alongside: options.alongside });
        expect(dropped).toEqual({ actors: 2, transitions: 2, operations: 0 });
      } finally {
        await client.query('rollback');
        client.release();
      }
    });
    expect([await left([locked]), await left(others)]).toEqual([1, 0]);
    await pass();
    expect(await left([locked])).toBe(0);
  });

  it('asked to stop, it ends after the batch under way; what is left goes with the next pass', async () => {
    const ids = await toyActors(5);
    const stopping = new AbortController();
    const drops: number[] = [];
    const few = retention(
      {
        ...options,
        pool: kit.pool(),
        databaseUrl: kit.url(),
        onDropped: ({ actors }) => {
          drops.push(actors);
          if (drops.length === 2) stopping.abort();
        },
      },
      2,
    );
    await runRetention({
      retention: few,
      olderThanDays,
      intervalMs: 0,
      signal: stopping.signal,
      delay: options.delay,
      onFault: (error) => expect.fail(String(error)),
    });
    expect([drops, await left(ids)]).toEqual([[2, 2], 1]);
    expect(await pass()).toMatchObject({ type: 'done', dropped: { actors: 1 } });
  });

  it('a pass that fails is told of, and the next one comes all the same', async () => {
    const stopping = new AbortController();
    const faults: unknown[] = [];
    let passes = 0;
    await runRetention({
      retention: {
        runOnce: () => {
          passes += 1;
          if (passes === 2) stopping.abort();
          return Promise.reject(new Error(`no database ${passes}`));
        },
      },
      olderThanDays,
      intervalMs: 0,
      signal: stopping.signal,
      delay: options.delay,
      onFault: (error) => faults.push(error),
    });
    expect(faults).toEqual([new Error('no database 1'), new Error('no database 2')]);
  });

  it('the process of a worker does it by itself where RETENTION_DAYS is set, and lets the batch under way end', async () => {
    const ids = await toyActors(2);
    await expect.poll(() => left(ids)).toBe(2);
    const worker = await kit.start({ ROLE: 'worker', RETENTION_DAYS: String(olderThanDays) });
    await eventually(async () => (await left(ids)) === 0, { what: 'the pass of the worker' });
    await worker.close();
  });

  it('hundreds of orders go in one pass, and the audit finds nothing', async () => {
    const { shop, close } = await kit.start();
    const productId = await shop.product({ stock: 1_000 });
    const orderId = await shop.placed({ items: [{ productId, quantity: 1 }], key: randomUUID() });
    await kit.ends(orderId, 'COMPLETED');
    await kit.settled();
    await close();
    const client = await kit.pg().connect();
    try {
      await copyFinishedOrder(client, { orderId, copies: 300, oldestDays: 400, newestDays: 91 });
    } finally {
      client.release();
    }
    expect(await pass()).toMatchObject({ type: 'done', dropped: { actors: 600, notices: 300 } });
    expect(await left([orderId])).toBe(1);
  });
});

describe('the ends of actors', () => {
  it('are noted for those that had ended before the migration, and by whoever ends one after it', async () => {
    const database = await createDatabase({ migrated: false });
    const before = await temporaryDataDir();
    const client = new pg.Client({ connectionString: database.url });
    try {
      const migrations = fileURLToPath(new URL('../../sql/migrations/', import.meta.url));
      for (const name of (await readdir(migrations)).filter((file) => file < '0008'))
        await cp(join(migrations, name), join(before.path, name));
      await migrate(database.url, { directory: before.path });
      await client.connect();
      const insert = (id: string, status: string): Promise<unknown> =>
        client.query(
          `insert into actors.actor (id, machine, version, structure_hash, revision, status, state, snapshot, created_at, updated_at)
           values ($1, 'm', '1', '', 1, $2, 's', '{}', '2026-01-01Z', '2026-01-02Z')`,
          [id, status],
        );
      await insert('ended-before', 'done');
      await insert('under-way', 'active');
      await migrate(database.url);
      await insert('ended-at-once', 'done');
      await client.query(`update actors.actor set state = 't', status = status, updated_at = '2026-01-03Z'`);
      await client.query(`update actors.actor set status = 'done', updated_at = '2026-01-04Z' where id = 'under-way'`);
      const { rows } = await client.query('select actor_id, at from actors.ended order by actor_id');
      expect(rows).toEqual([
        { actor_id: 'ended-at-once', at: new Date('2026-01-02Z') },
        { actor_id: 'ended-before', at: new Date('2026-01-02Z') },
        { actor_id: 'under-way', at: new Date('2026-01-04Z') },
      ]);
    } finally {
      await client.end();
      await before.remove();
      await database.drop();
    }
  });
});
