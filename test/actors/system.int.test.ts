/** The face of the library over a real Postgres: start, send, read, history, companions, projections, whole commits. */
import { describe, expect, test } from 'vitest';
import { type ActorRow, type ActorStore, StoreError } from '../../src/actors/index.ts';
import type { Tx } from '../../src/persistence/pool.ts';
import { redeliveryMs, startMs, useRuntime } from '../support/runtime.ts';
import { refused } from '../support/scripted-effects.ts';
import { restMs } from '../support/toys.ts';
import { eventually } from '../support/wait.ts';

const runtime = useRuntime();
const trace = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const accepted = async (): Promise<unknown[]> =>
  (await runtime.pg().query('select actor_id, payload from toy.accepted order by 1')).rows;
const gotBy = (actor: ActorRow | null): number[] =>
  (actor?.snapshot.context as { got: number[] } | undefined)?.got ?? [];
const statusOf = async (id: string): Promise<unknown> =>
  (await runtime.pg().query('select revision, path from toy.status where actor_id = $1', [id])).rows[0];

describe('start', () => {
  test('writes actor, log, wake row, companion and projection in one commit, and publishes a wake-up', async () => {
    const { system, published, seen } = runtime.process();
    const started = await system.start({
      machine: 'trip',
      id: 't',
      input: { id: 't' },
      companion: { name: 'toy.accept', payload: { note: 'hello' } },
      traceparent: trace,
    });
    expect(started).toMatchObject({ type: 'applied', revision: 1 });
    expect(await system.read('t')).toMatchObject({
      id: 't',
      machine: 'trip',
      version: '1',
      revision: 1,
      path: 'paying',
      effects: [{ id: 'pay@1', src: 'bank.pay', input: { attempt: 1 }, claims: 0, token: 0, lease: null }],
      timers: [],
      parked: null,
      traceparent: trace,
      state: { path: 'paying', tags: [], meta: { timeoutMs: 1_000 } },
      accepts: ['NOTE', 'CANCEL', 'LEAVE'],
    });
    const [line, ...rest] = await system.history('t');
    expect(rest).toEqual([]);
    expect(line).toEqual({
      actorId: 't',
      revision: 1,
      event: { type: 'xstate.init', input: { id: 't' } },
      from: null,
      to: 'paying',
      armed: [{ id: 'pay@1', src: 'bank.pay' }],
      settled: null,
      commitId: line?.commitId,
      atMs: startMs,
      traceparent: trace,
    });
    expect(await accepted()).toEqual([{ actor_id: 't', payload: { note: 'hello' } }]);
    expect(await statusOf('t')).toEqual({ revision: 1, path: 'paying' });
    expect(await runtime.wake('t')).toEqual({ inMs: redeliveryMs, redeliveries: 0 });
    expect(published).toEqual(['t']);
    expect(seen('commit')).toEqual([{ type: 'commit', actors: 1, transitions: 1 }]);
  });

  test('an id that exists: `exists`, and nothing of the second is written', async () => {
    const { system } = runtime.process();
    await system.start({ machine: 'trip', id: 't', input: { id: 't' } });
    const second = {
      machine: 'inbox',
      id: 't',
      input: {},
      companion: { name: 'toy.accept', payload: { note: 'second' } },
    };
    expect(await system.start(second)).toEqual({ type: 'exists', detail: { actor: 't' } });
    expect(await runtime.actor('t')).toMatchObject({ machine: 'trip', revision: 1 });
    expect(await accepted()).toEqual([]);
  });

  test('two processes start the same id at once: one is applied, the other finds it', async () => {
    const processes = [runtime.process(), runtime.process(), runtime.process(), runtime.process()];
    const answers = await Promise.all(
      processes.map(({ system }) => system.start({ machine: 'trip', id: 't', input: { id: 't' } })),
    );
    expect(answers.map(({ type }) => type).sort()).toEqual(['applied', 'exists', 'exists', 'exists']);
    expect((await runtime.actor('t'))?.revision).toBe(1);
  });

  test('one that waits for another to commit the same id answers `exists`, and its neighbours are started', async () => {
    let commit = (): void => undefined;
    const held = new Promise<void>((resolve) => (commit = resolve));
    let inserted = (): void => undefined;
    const inserting = new Promise<void>((resolve) => (inserted = resolve));
    const slow = runtime.process({
      store: (store) => ({
        ...store,
        transaction: (work) =>
          store.transaction(async (tx) => {
            const result = await work(tx);
            inserted();
            await held;
            return result;
          }),
      }),
    });
    const first = slow.system.start({ machine: 'trip', id: 't', input: { id: 't' } });
    await inserting;
    const { system, seen } = runtime.process();
    const second = Promise.all(
      ['t', 'u'].map((id) => system.start({ machine: 'trip', id, input: { id } }).then(({ type }) => type)),
    );
    await eventually(async () => {
      const { rows } = await runtime
        .pg()
        .query<{ n: number }>(
          `select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        );
      return rows[0]?.n === 1;
    });
    commit();
    expect([(await first).type, await second]).toEqual(['applied', ['exists', 'applied']]);
    expect(seen('commit-retried')).toEqual([{ type: 'commit-retried', reason: 'conflict' }]);
  });

  test.each(['refused', 'exists'] as const)(
    'a companion that answers `%s` takes its actor out of the batch, and no other',
    async (answer) => {
      const { system } = runtime.process();
      const start = (id: string, payload: object) =>
        system.start({ machine: 'trip', id, input: { id }, companion: { name: 'toy.accept', payload } });
      const [out, stays] = await Promise.all([
        start('out', { answer, note: 'because' }),
        start('stays', { note: 'fine' }),
      ]);
      expect(out).toEqual({ type: answer, detail: { note: 'because' } });
      expect(stays.type).toBe('applied');
      expect(await runtime.actor('out')).toBeNull();
      expect(await runtime.wake('out')).toBeUndefined();
      expect(await accepted()).toEqual([{ actor_id: 'stays', payload: { note: 'fine' } }]);
    },
  );

  test('with `until` the committer goes on itself, stops at the tag, and hands over', async () => {
    const { system, effects, published } = runtime.process();
    const started = await system.start({ machine: 'trip', id: 't', input: { id: 't' }, until: 'accepted' });
    if (started.type !== 'applied') throw new Error('not applied');
    expect(await started.end).toBe('handedOver');
    expect((await runtime.actor('t'))?.path).toBe('taking');
    expect(effects.calls.map(({ effect, key }) => [effect, key])).toEqual([['bank.pay', 't:bank.pay']]);
    expect(await runtime.applied('t')).toEqual([]);
    expect(published).toEqual(['t']);
  });

  test('an unknown machine, an id that cannot be one: refused by a throw, nothing written, neighbours unharmed', async () => {
    const { system } = runtime.process();
    const [unknown, neighbour] = await Promise.allSettled([
      system.start({ machine: 'nobody', id: 'x', input: {} }),
      system.start({ machine: 'trip', id: 'y', input: {} }),
    ]);
    expect([unknown.status, neighbour.status]).toEqual(['rejected', 'fulfilled']);
    await expect(system.start({ machine: 'trip', id: 'a b', input: {} })).rejects.toThrow('not an actor id');
    expect(await runtime.actor('x')).toBeNull();
  });
});

describe('send', () => {
  test('applies an accepted event at once, with its companion, and leaves what follows to a worker', async () => {
    const { system, published, effects } = runtime.process();
    await system.start({ machine: 'inbox', id: 'i', input: {} });
    published.length = 0;
    expect(await system.send('i', { type: 'CALL' }, { name: 'toy.accept', payload: { note: 'by hand' } })).toEqual({
      type: 'applied',
      revision: 2,
    });
    expect(published).toEqual(['i']);
    expect(effects.calls).toEqual([]);
    expect(await accepted()).toEqual([{ actor_id: 'i', payload: { note: 'by hand' } }]);
    expect(await runtime.wake('i')).toEqual({ inMs: redeliveryMs, redeliveries: 0 });
  });

  test.each([
    ['an event that the state does not accept', 'NOPE', { reason: 'not accepted', state: 'open' }],
    ['an event of another state', 'RETRY', { reason: 'not accepted', state: 'open' }],
  ])('%s is refused, and its companion is never asked', async (_name, type, detail) => {
    const { system } = runtime.process();
    await system.start({ machine: 'inbox', id: 'i', input: {} });
    const companion = { name: 'toy.accept', payload: { note: 'never' } };
    expect(await system.send('i', { type }, companion)).toEqual({ type: 'refused', detail });
    expect((await runtime.actor('i'))?.revision).toBe(1);
    expect(await accepted()).toEqual([]);
  });

  test('a companion that refuses stops the event', async () => {
    const { system } = runtime.process();
    await system.start({ machine: 'inbox', id: 'i', input: {} });
    const companion = { name: 'toy.accept', payload: { answer: 'refused', note: 'no' } };
    expect(await system.send('i', { type: 'ADD', n: 1 }, companion)).toEqual({
      type: 'refused',
      detail: { note: 'no' },
    });
    expect(await runtime.actor('i')).toMatchObject({ revision: 1, snapshot: { context: { got: [] } } });
  });

  test('nobody, or one that is done: refused', async () => {
    const { system } = runtime.process();
    expect(await system.send('nobody', { type: 'ADD', n: 1 })).toEqual({
      type: 'refused',
      detail: { reason: 'absent' },
    });
    await system.start({ machine: 'inbox', id: 'i', input: {} });
    await system.send('i', { type: 'CLOSE' });
    expect(await system.send('i', { type: 'ADD', n: 1 })).toMatchObject({ type: 'refused' });
    expect(await runtime.wake('i')).toBeUndefined();
  });

  test('many at once for one actor: all applied, one revision each', async () => {
    const { system } = runtime.process();
    const other = runtime.process();
    await system.start({ machine: 'inbox', id: 'i', input: {} });
    await Promise.all(
      Array.from({ length: 20 }, (_, n) => (n % 2 ? system : other.system).send('i', { type: 'ADD', n })),
    );
    const actor = await runtime.actor('i');
    expect(actor?.revision).toBe(21);
    expect(gotBy(actor).sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => n));
    await runtime.replayed('i');
  });
});

describe('a commit', () => {
  test('a projection that fails leaves nothing of its actor: no snapshot, no log, no effect of the participant', async () => {
    const { system } = runtime.process();
    await system.start({ machine: 'trip', id: 'bad', input: { id: 'bad', poison: true } });
    await system.start({ machine: 'trip', id: 'good', input: { id: 'good' } });
    await Promise.all([system.advance('bad'), system.advance('good')]);
    expect(await runtime.actor('bad')).toMatchObject({ revision: 1, path: 'paying', parked: { by: 'runtime' } });
    expect(await system.history('bad')).toHaveLength(1);
    expect(await runtime.applied('bad')).toEqual([]);
    expect(await statusOf('bad')).toEqual({ revision: 1, path: 'paying' });
    expect(await runtime.actor('good')).toMatchObject({ revision: 3, path: 'resting' });
  });

  test('a start whose outbox row cannot be written is not written at all', async () => {
    const { system } = runtime.process();
    await runtime.pg().query(`insert into actors.wake values ('t', now())`);
    await expect(
      system.start({ machine: 'trip', id: 't', input: {}, companion: { name: 'toy.accept', payload: { note: 'x' } } }),
    ).rejects.toThrow(StoreError);
    expect([await runtime.actor('t'), await system.history('t'), await accepted(), await statusOf('t')]).toEqual([
      null,
      [],
      [],
      undefined,
    ]);
  });

  test('the whole saga: one revision at a time, and the log replays to the stored snapshot', async () => {
    const { system, published } = runtime.process();
    await system.start({ machine: 'trip', id: 't', input: { id: 't' } });
    expect(await system.advance('t')).toBe('waiting');
    expect(await runtime.wake('t')).toEqual({ inMs: restMs, redeliveries: 0 });
    await runtime.advanceClock(restMs);
    expect(await system.advance('t')).toBe('done');
    expect((await system.history('t')).map(({ revision, from, to, settled }) => [revision, from, to, settled])).toEqual(
      [
        [1, null, 'paying', null],
        [2, 'paying', 'taking', { effectId: 'pay@1', token: 1 }],
        [3, 'taking', 'resting', null],
        [4, 'resting', 'done', null],
      ],
    );
    expect(await runtime.applied('t')).toEqual(['t:shelf.take']);
    expect(await runtime.wake('t')).toBeUndefined();
    expect(await statusOf('t')).toEqual({ revision: 4, path: 'done' });
    expect(published).toEqual(['t']);
    await runtime.replayed('t');
    expect(await system.advance('t')).toBe('done');
    expect((await runtime.actor('t'))?.revision).toBe(4);
  });

  test('a refusal is an outcome: remote and local alike', async () => {
    const { system, effects } = runtime.process();
    effects.rule('bank.pay', ({ actorId }) =>
      actorId === 'declined' ? refused({ code: 'no' }) : { type: 'done', value: {} },
    );
    await system.start({ machine: 'trip', id: 'declined', input: { id: 'declined' } });
    await system.start({ machine: 'trip', id: 'empty', input: { id: 'empty', shelf: 'refused' } });
    expect(await Promise.all([system.advance('declined'), system.advance('empty')])).toEqual(['done', 'done']);
    const paths = async (id: string) => (await system.history(id)).map(({ to }) => to);
    expect(await paths('declined')).toEqual(['paying', 'failed']);
    expect(await paths('empty')).toEqual(['paying', 'taking', 'undoing', 'failed']);
  });

  test('an injected conflict is tried again, and everything is applied once', async () => {
    let faults = 2;
    const flaky = (store: ActorStore<Tx>): ActorStore<Tx> => ({
      ...store,
      transaction: (work) =>
        store.transaction(async (tx) => {
          const result = await work(tx);
          if (faults > 0) {
            faults -= 1;
            throw new StoreError('conflict', 'deadlock detected');
          }
          return result;
        }),
    });
    const { system, seen } = runtime.process({ store: flaky });
    expect((await system.start({ machine: 'trip', id: 't', input: { id: 't' } })).type).toBe('applied');
    faults = 1;
    expect(await system.advance('t')).toBe('waiting');
    expect(seen('commit-retried').map(({ reason }) => reason)).toEqual(['conflict', 'conflict', 'conflict']);
    expect(await runtime.applied('t')).toEqual(['t:shelf.take']);
    await runtime.replayed('t');
  });

  test('parallel starts share few commits', async () => {
    const { system, seen } = runtime.process();
    await Promise.all(
      Array.from({ length: 200 }, (_, n) => system.start({ machine: 'inbox', id: `i${n}`, input: {} })),
    );
    const sizes = seen('commit').map(({ actors }) => actors);
    expect(sizes.reduce((a, b) => a + b, 0)).toBe(200);
    expect(sizes.length).toBeLessThanOrEqual(3);
  });
});

describe('waitFor', () => {
  test('looks again, and gives up with null when its time is over', async () => {
    const { system, clock } = runtime.process();
    const looks: number[] = [];
    const look = () => Promise.resolve(looks.push(clock.monotonicMs()) > 100 ? true : null);
    const waiting = system.waitFor('t', look, { timeoutMs: 600 });
    while (looks.length < 2) {
      clock.pass(250);
      await new Promise((resolve) => setImmediate(resolve));
    }
    clock.pass(600);
    expect(await waiting).toBeNull();
  });
});
