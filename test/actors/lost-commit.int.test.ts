/** The answer to a COMMIT is lost. Whatever became of it, each step is applied exactly once, and its caller hears so. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { actorStore } from '../../src/persistence/actor-store.ts';
import { type DatabasePool, openPool } from '../../src/persistence/pool.ts';
import { sql } from '../../src/persistence/sql.ts';
import { type CommitFate, postgresProxy, type PostgresProxy } from '../support/postgres-proxy.ts';
import { type TestProcess, useRuntime } from '../support/runtime.ts';
import { done } from '../support/scripted-effects.ts';
import { eventually } from '../support/wait.ts';

const runtime = useRuntime();
let proxy: PostgresProxy;
let pool: DatabasePool;
let process: TestProcess;

beforeEach(async () => {
  proxy = await postgresProxy(runtime.url());
  pool = await openPool({ url: proxy.url, maxConnections: 4 });
  process = runtime.process({ pool });
});

afterEach(async () => {
  // The proxy first: a connection that has fallen silent would never end.
  await proxy.close();
  await pool.end();
});

interface Loss {
  readonly name: string;
  readonly fate: CommitFate;
  /** For a COMMIT still on its way when it is looked for: whether it gets there. */
  readonly arrives?: boolean;
}

const losses: readonly Loss[] = [
  { name: 'it had committed', fate: 'answer-lost' },
  { name: 'it had not', fate: 'never-arrives' },
  { name: 'it was still on its way, and arrived', fate: 'held', arrives: true },
  { name: 'it was still on its way, and got lost', fate: 'held', arrives: false },
];

/** Does something whose COMMIT is lost; one that is held is released once somebody waits to hear of it. */
async function losing<T>({ fate, arrives }: Loss, act: () => Promise<T>): Promise<T> {
  proxy.nextCommit(fate);
  const acting = act();
  if (arrives !== undefined) {
    await eventually(async () => {
      const { rows } = await runtime
        .pg()
        .query<{ n: number }>(
          `select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event = 'advisory'`,
        );
      return (rows[0]?.n ?? 0) > 0;
    });
    proxy.release(arrives);
  }
  const result = await acting;
  expect(proxy.struck()).toBe(1);
  return result;
}

const paths = async (id: string) => (await process.system.history(id)).map(({ to }) => to);

describe.each(losses)('$name:', (loss) => {
  test('a start', async () => {
    const started = await losing(loss, () =>
      process.system.start({
        machine: 'trip',
        id: 't',
        input: { id: 't' },
        companion: { name: 'toy.accept', payload: { note: 'once' } },
      }),
    );
    expect(started).toMatchObject({ type: 'applied', revision: 1 });
    expect(await paths('t')).toEqual(['paying']);
    expect((await runtime.pg().query('select from toy.accepted')).rowCount).toBe(1);
    expect(process.published).toEqual(['t']);
  });

  test('a sent event', async () => {
    await process.system.start({ machine: 'inbox', id: 'i', input: {} });
    expect(await losing(loss, () => process.system.send('i', { type: 'ADD', n: 1 }))).toEqual({
      type: 'applied',
      revision: 2,
    });
    expect(await runtime.actor('i')).toMatchObject({ revision: 2, snapshot: { context: { got: [1] } } });
  });

  test('a local effect with its transition', async () => {
    const started = await process.system.start({ machine: 'trip', id: 't', input: { id: 't' }, until: 'accepted' });
    if (started.type === 'applied') await started.end;
    expect(await losing(loss, () => process.system.advance('t'))).toBe('waiting');
    expect(await paths('t')).toEqual(['paying', 'taking', 'resting']);
    expect(await runtime.applied('t')).toEqual(['t:shelf.take']);
  });

  test('a claim: one call, under the token that is stored', async () => {
    await process.system.start({ machine: 'trip', id: 't', input: { id: 't' } });
    process.effects.rule('bank.pay', () => 'hold');
    const visit = losing(loss, () => process.system.advance('t'));
    const call = await process.effects.held('bank.pay');
    const token = (await runtime.actor('t'))?.effects[0]?.token;
    call.settle(done());
    expect(await visit).toBe('waiting');
    expect(process.effects.callsOf('bank.pay')).toHaveLength(1);
    expect(process.observations.filter(({ type }) => type === 'outcome-stale' || type === 'outcome-fenced')).toEqual(
      [],
    );
    expect((await process.system.history('t'))[1]?.settled).toEqual({ effectId: 'pay@1', token });
  });

  test('the outcome of a remote effect', async () => {
    await process.system.start({ machine: 'trip', id: 't', input: { id: 't' } });
    process.effects.rule('bank.pay', () => 'hold');
    const visit = process.system.advance('t', { until: 'accepted' });
    const call = await process.effects.held('bank.pay');
    await losing(loss, () => {
      call.settle(done());
      return visit;
    });
    expect(await paths('t')).toEqual(['paying', 'taking']);
    expect((await process.system.history('t'))[1]?.settled).toEqual({ effectId: 'pay@1', token: 1 });
    expect(process.observations.filter(({ type }) => type === 'outcome-stale' || type === 'outcome-fenced')).toEqual(
      [],
    );
  });

  test('a consumed message', async () => {
    await process.system.start({ machine: 'inbox', id: 'i', input: {} });
    await process.system.start({ machine: 'talker', id: 'talker', input: {} });
    await process.system.send('talker', { type: 'SAY', to: 'i' });
    expect(await losing(loss, () => process.system.advance('i'))).toBe('waiting');
    expect(await runtime.actor('i')).toMatchObject({ revision: 4, snapshot: { context: { got: [1, 2, 3] } } });
    expect(await runtime.messages('i')).toEqual([]);
  });

  test('a whole batch of them', async () => {
    const ids = Array.from({ length: 20 }, (_, n) => `t${n}`);
    const started = await losing(loss, () =>
      Promise.all(ids.map((id) => process.system.start({ machine: 'trip', id, input: { id } }))),
    );
    expect(started.map(({ type }) => type)).toEqual(ids.map(() => 'applied'));
    expect((await runtime.pg().query('select from actors.transition')).rowCount).toBe(20);
  });
});

test('somebody else moved the actor on before it was looked for: the lost step still counts once', async () => {
  await process.system.start({ machine: 'trip', id: 't', input: { id: 't' } });
  const other = runtime.process();
  process.effects.rule('bank.pay', () => 'hold');
  const visit = process.system.advance('t', { until: 'accepted' });
  const call = await process.effects.held('bank.pay');
  proxy.nextCommit('held');
  call.settle(done());
  await eventually(() => proxy.struck() === 1);
  const moved = other.system.advance('t');
  proxy.release(true);
  await Promise.all([moved, visit]);
  await other.system.advance('t');
  expect(await paths('t')).toEqual(['paying', 'taking', 'resting']);
  expect(await runtime.applied('t')).toEqual(['t:shelf.take']);
});

test('a store that loses every COMMIT is away: the caller is told, and nobody tries for ever', async () => {
  const never = setInterval(() => proxy.nextCommit('never-arrives'), 1);
  proxy.nextCommit('never-arrives');
  try {
    const passing = setInterval(() => process.clock.pass(1_000), 5);
    await expect(process.system.start({ machine: 'trip', id: 't', input: { id: 't' } })).rejects.toMatchObject({
      name: 'StoreError',
      kind: 'unavailable',
    });
    clearInterval(passing);
  } finally {
    clearInterval(never);
  }
  expect(await runtime.actor('t')).toBeNull();
});

test('a connection that falls silent after COMMIT does not hold up its process for ever', async () => {
  // Longer than a busy machine takes for the statements before.
  const impatient = runtime.process({ pool, store: () => actorStore(pool, { deadlineMs: 1_500 }) });
  proxy.nextCommit('silence');
  const started = await impatient.system.start({ machine: 'trip', id: 't', input: { id: 't' } });
  expect([proxy.struck(), started.type]).toEqual([1, 'applied']);
  expect(await paths('t')).toEqual(['paying']);
  await impatient.system.start({ machine: 'trip', id: 'next', input: { id: 'next' } });
});

test('a transaction that is given up before its COMMIT never commits', async () => {
  let arrive = (): void => undefined;
  const slow = new Promise<void>((resolve) => (arrive = resolve));
  const store = actorStore(pool, { deadlineMs: 200 });
  let ended: Promise<unknown> = Promise.resolve();
  const given = store.transaction((tx) => {
    const work = slow.then(() =>
      tx.raw.query(sql.typeAlias('void')`insert into toy.applied (actor_id, key) values ('t', 'late')`),
    );
    ended = work;
    return work;
  });
  await expect(given).rejects.toMatchObject({ name: 'StoreError', kind: 'unavailable', commitUnknown: false });
  arrive();
  await ended;
  await eventually(async () => {
    const { rows } = await runtime
      .pg()
      .query<{ n: number }>(
        `select count(*)::int as n from pg_stat_activity where datname = current_database() and state = 'idle in transaction'`,
      );
    return rows[0]?.n === 0;
  });
  expect(await runtime.applied('t')).toEqual([]);
});
