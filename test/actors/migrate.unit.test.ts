/** What a migration does to one actor: its states, context and history, and the effects and timers that it has or gets. */
import { setup } from 'xstate';
import { describe, expect, test } from 'vitest';
import { dryStart, dryStep } from '../../src/actors/dry-run.ts';
import { migrate, type Migrated } from '../../src/actors/migrate.ts';
import { type Migration, migrationPaths } from '../../src/actors/migration.ts';
import type { ActorEvent, ActorRow, PendingEffect } from '../../src/actors/ports.ts';
import { type ActorMachine, actorMachine } from '../../src/actors/xstate/actor-machine.ts';
import { settledEvent, uncertainEvent } from '../../src/actors/xstate/events.ts';
import { payTimeoutMs, stub, toyMachine } from '../support/toys.ts';
import { backoffMs, deadlineMs, parcel1, parcel2, parcelMigration, remindMs } from '../support/versions.ts';

const startMs = 1_000;
const nowMs = 5_000;
const commit = { id: 'c', nowMs };

/** An actor after these events, as the runtime would have stored it at the start. */
function actor(machine: ActorMachine, ...events: readonly ActorEvent[]): ActorRow {
  let { row } = dryStart(machine, 'p', null, startMs);
  for (const event of events) {
    const settled = row.effects.find(({ invoke }) => event['actorId'] === invoke);
    row = dryStep(machine, row, { event, ...(settled ? { settled } : {}) }, startMs).row;
  }
  return structuredClone(row);
}

function result(migrations: readonly Migration[], target: ActorMachine, row: ActorRow) {
  const path = migrationPaths([target], migrations)(row.machine, row.version);
  if (!path) throw new Error(`nothing leads out of version ${row.version}`);
  return migrate(path, row, commit);
}

function migrated(row: ActorRow, migration: Migration = parcelMigration, target = parcel2): Migrated {
  const found = result([migration], target, row);
  if (found.type !== 'migrated') throw new Error(`${found.type}: ${found.reason}`);
  return found;
}

const paid = settledEvent('pay', { type: 'done', value: {} });
const unpaid = uncertainEvent('pay', { type: 'failed', code: 'x', message: 'm' }, 0);
const paying = actor(parcel1);
const waiting = actor(parcel1, unpaid);
const weighing = actor(parcel1, { type: 'WEIGH' });
const loading = actor(parcel1, paid);
const moving = actor(parcel1, paid, { type: 'SKIP' });
const halted = actor(parcel1, paid, { type: 'SKIP' }, { type: 'HALT' });
const stuck = actor(parcel1, { type: 'GIVE_UP' });
const claimed = (row: ActorRow): ActorRow => ({
  ...row,
  effects: row.effects.map((effect) => ({
    ...effect,
    claims: 2,
    token: 3,
    lease: { untilMs: 9_000, commitId: 'earlier' },
  })),
});
const timer = (state: string, delay: string, dueAtMs: number) => {
  const id = `xstate.after.${delay}.parcel.${state}`;
  return { id, event: { type: id }, dueAtMs };
};

describe('states', () => {
  test.each([
    ['one that is not listed keeps its path', paying, 'paying'],
    ['one that is listed takes the new path', waiting, 'backingOff'],
    ['one that lies in a listed one goes with it', loading, 'carrying.loading'],
    ['the longest listed path decides', moving, 'carrying.insuring'],
    ['a parked one stays parked', stuck, 'stuck'],
  ])('%s', (_rule, row, path) => {
    expect(migrated(row).row).toMatchObject({ path, version: '2', structureHash: parcel2.structureHash });
  });

  test('a path with states of its own begins at its initial one', () => {
    const table = { ...parcelMigration.states, 'shipping.moving': 'carrying' };
    expect(migrated(moving, { ...parcelMigration, states: table }).row.path).toBe('carrying.loading');
  });

  test('one without a place in the new version is lacking, and nothing is guessed', () => {
    expect(result([{ ...parcelMigration, states: {} }], parcel2, waiting)).toEqual({
      type: 'lacks',
      reason: 'parcel v2 has no state waiting',
    });
  });

  test.each([
    ['where it would end', { paying: 'delivered' }, 'it has ended'],
    ['where an always leads on', { paying: 'carrying.underWay' }, 'go on at once'],
    ['nowhere', { paying: null }, 'no state of paying is left'],
  ])('nobody is put %s', (_where, states, reason) => {
    const context = (): { calls: number; insured: boolean } => ({ calls: 1, insured: true });
    const found = result([{ ...parcelMigration, states, context, drops: ['bank.pay'] }], parcel2, paying);
    expect(found).toEqual({ type: 'fails', reason: expect.stringContaining(reason) });
  });

  const regions = (...names: readonly string[]): ActorMachine =>
    actorMachine(
      setup({ actors: { 'bank.pay': stub, 'bank.undo': stub } }).createMachine({
        id: 'pair',
        type: 'parallel',
        states: Object.fromEntries(
          names.map((name) => [
            name,
            { initial: 'busy', states: { busy: { invoke: { id: name, src: 'bank.pay', onDone: 'done' } }, done: {} } },
          ]),
        ),
      }),
      '2',
    );

  test('regions move by themselves; one may go, and a new one begins', () => {
    const pair = actor(toyMachine('pair'), settledEvent('l', { type: 'done', value: {} }));
    const states = { left: 'west', right: null };
    const { row, effects } = migrated(pair, { machine: 'pair', from: '1', to: '2', states }, regions('west', 'south'));
    expect([row.path, effects]).toEqual([
      '(south.busy)|(west.done)',
      { kept: [], begun: ['bank.pay'], dropped: ['bank.undo'] },
    ]);
  });

  test('two that would exclude each other are refused', () => {
    const pair = actor(toyMachine('pair'), settledEvent('l', { type: 'done', value: {} }));
    const states = { left: 'west', right: 'west' };
    expect(result([{ machine: 'pair', from: '1', to: '2', states }], regions('west'), pair)).toEqual({
      type: 'fails',
      reason: 'an actor is in done or busy, not both',
    });
  });
});

describe('context', () => {
  test('is mapped with the path that the actor had', () => {
    const paths: string[] = [];
    const context: Migration['context'] = (before, path) => {
      paths.push(path);
      return { ...before, insured: path === 'shipping.moving' };
    };
    expect(migrated(moving, { ...parcelMigration, context }).row.snapshot.context).toEqual({ calls: 1, insured: true });
    expect(paths).toEqual(['shipping.moving']);
  });

  test('stays as it is where nothing maps it', () => {
    const { context: _, ...migration } = parcelMigration;
    expect(migrated(paying, migration).row.snapshot.context).toEqual({ calls: 1 });
  });

  test('entry actions do not run again', () => {
    expect(migrated(paying).row.snapshot.context).toEqual({ calls: 1, insured: false });
  });

  test('a mapping that throws is a failure of this actor alone', () => {
    const context = (): never => {
      throw new Error('no such field');
    };
    expect(result([{ ...parcelMigration, context }], parcel2, paying)).toEqual({
      type: 'fails',
      reason: 'no such field',
    });
  });

  test('one that grew too large fails', () => {
    const context = () => ({ calls: 1, note: 'x'.repeat(300_000) });
    expect(result([{ ...parcelMigration, context }], parcel2, paying)).toMatchObject({
      type: 'fails',
      reason: expect.stringContaining('bytes'),
    });
  });
});

describe('history', () => {
  test('what is remembered moves by its own table, the history state with its parent', () => {
    const { row } = migrated(halted);
    expect(row.snapshot.historyValue).toEqual({ 'parcel.carrying.last': ['parcel.carrying.underWay'] });
    expect(dryStep(parcel2, row, { event: { type: 'RESUME' } }, nowMs).row.path).toBe('carrying.underWay');
  });

  test('is forgotten where the migration says so', () => {
    const { row } = migrated(halted, { ...parcelMigration, history: { 'shipping.last': null } });
    expect(row.snapshot.historyValue).toBeUndefined();
    expect(dryStep(parcel2, row, { event: { type: 'RESUME' } }, nowMs).row.path).toBe('carrying.loading');
  });

  test.each([
    ['a history state that is gone', { 'shipping.last': 'carrying.first' }, 'no state is named carrying.first'],
    ['a state that lies elsewhere', { 'shipping.moving': 'paying' }, 'cannot remember paying'],
  ])('%s fails', (_what, history, reason) => {
    const found = result([{ ...parcelMigration, history }], parcel2, halted);
    expect(found).toEqual({ type: 'fails', reason: expect.stringContaining(reason) });
  });
});

describe('effects', () => {
  test('one that the new state waits for too stays as it is, with its lease: a call may be under way', () => {
    const { row, effects, record } = migrated(claimed(paying));
    expect(row.effects).toEqual(claimed(paying).effects);
    expect([effects, record.armed]).toEqual([{ kept: ['bank.pay'], begun: [], dropped: [] }, []]);
  });

  test('those of the new state that it has not are armed under the revision of the migration', () => {
    const { row, effects, record } = migrated(moving);
    const insure: PendingEffect = {
      id: `insure@${moving.revision + 1}`,
      invoke: 'insure',
      src: 'bank.undo',
      input: null,
      timeoutMs: payTimeoutMs,
      claims: 0,
      token: 0,
      lease: null,
      notNowSinceMs: null,
    };
    expect(row.effects).toEqual([insure]);
    expect([effects.begun, record.armed]).toEqual([['bank.undo'], [{ id: insure.id, src: 'bank.undo' }]]);
  });

  test('one that was settled while its state stayed is not asked for again, unless the migration says so', () => {
    const greeter = setup({ actors: { 'bank.pay': stub } }).createMachine({
      id: 'greeter',
      initial: 'open',
      states: { open: { invoke: { id: 'welcome', src: 'bank.pay', onDone: { actions: [] } } } },
    });
    const welcoming = actorMachine(greeter, '1');
    const row: ActorRow = { ...actor(welcoming, settledEvent('welcome', { type: 'done', value: {} })), version: '0' };
    const migration: Migration = { machine: 'greeter', from: '0', to: welcoming.version };
    expect(row.effects).toEqual([]);
    expect(result([migration], welcoming, row)).toEqual({
      type: 'fails',
      reason: 'whether bank.pay of open is new or over already is not known: list it in missing',
    });
    const effectsWith = (said: 'begin' | 'leave') =>
      migrated(row, { ...migration, missing: { 'bank.pay': said } }, welcoming).effects;
    expect(effectsWith('leave')).toEqual({ kept: [], begun: [], dropped: [] });
    expect(effectsWith('begin')).toEqual({ kept: [], begun: ['bank.pay'], dropped: [] });
  });

  test('one that was never called is dropped', () => {
    const { row, effects } = migrated(weighing);
    expect(row.effects.map(({ id }) => id)).toEqual(['pay@3']);
    expect(effects).toEqual({ kept: [], begun: ['bank.pay'], dropped: ['bank.undo'] });
  });

  test('one that may have been called is not, unless the migration says so', () => {
    expect(result([parcelMigration], parcel2, claimed(weighing))).toEqual({
      type: 'fails',
      reason: 'the pending effect weigh (bank.undo) may have been called, and paying does not wait for it',
    });
    expect(migrated(claimed(weighing), { ...parcelMigration, drops: ['bank.undo'] }).effects.dropped).toEqual([
      'bank.undo',
    ]);
  });
});

describe('timers', () => {
  test('one of a state that has moved keeps its instant, also one of an outer state', () => {
    expect(migrated(waiting).row.timers).toEqual([timer('backingOff', 'backoff', startMs + backoffMs)]);
    const { row, timers } = migrated(moving);
    expect(row.timers).toEqual([timer('carrying', 'deadline', startMs + deadlineMs)]);
    expect(timers).toEqual({ kept: ['xstate.after.deadline.parcel.carrying'], begun: [], dropped: [] });
  });

  test('one that the new state has and the old had not runs from now', () => {
    expect(migrated(halted).row.timers).toEqual([timer('halted', 'remind', nowMs + remindMs)]);
  });

  test('one of a state it stays in is begun, or left because it has fired, as the migration says; else nothing is done', () => {
    const left = migrated(halted, { ...parcelMigration, missing: { remind: 'leave' } });
    expect([left.row.timers, left.timers]).toEqual([[], { kept: [], begun: [], dropped: [] }]);
    expect(result([{ ...parcelMigration, missing: {} }], parcel2, halted)).toEqual({
      type: 'fails',
      reason: 'whether remind of halted is new or over already is not known: list it in missing',
    });
  });

  test('one of an outer state, which has fired, is not set again behind a new name of that state', () => {
    const late: ActorRow = { ...moving, timers: [] };
    expect(result([parcelMigration], parcel2, late)).toEqual({
      type: 'fails',
      reason: 'whether deadline of carrying is new or over already is not known: list it in missing',
    });
    const missing = { ...parcelMigration.missing, deadline: 'leave' } as const;
    expect(migrated(late, { ...parcelMigration, missing }).row.timers).toEqual([]);
  });

  test('one that the new state has not goes', () => {
    const { row, timers } = migrated(waiting, { ...parcelMigration, states: { waiting: 'paying' } });
    expect(row.timers).toEqual([]);
    expect(timers.dropped).toEqual(['xstate.after.backoff.parcel.waiting']);
  });

  test('one that no state has set stays', () => {
    const raised = { id: 'later', event: { type: 'LATER' }, dueAtMs: 7_000 };
    expect(migrated({ ...paying, timers: [raised] }).row.timers).toEqual([raised]);
  });

  test('a parked state with one fails: nobody would ever look at it', () => {
    const raised = { id: 'later', event: { type: 'LATER' }, dueAtMs: 7_000 };
    expect(result([parcelMigration], parcel2, { ...stuck, timers: [raised] })).toEqual({
      type: 'fails',
      reason: 'stuck is tagged parked, yet waits for effects or timers',
    });
  });
});

describe('what is stored', () => {
  test('the row goes on one revision later, and the log line carries the snapshot', () => {
    const { row, record } = migrated(waiting);
    const snapshot = { status: 'active', value: 'backingOff', context: { calls: 1, insured: false } } as const;
    expect(row).toEqual({
      ...waiting,
      version: '2',
      structureHash: parcel2.structureHash,
      revision: 3,
      path: 'backingOff',
      enteredAtMs: 5_000,
      snapshot,
      timers: row.timers,
      effects: [],
    });
    expect(record).toEqual({
      actorId: 'p',
      revision: 3,
      event: { type: 'actor.migrated', from: '1', to: '2', snapshot },
      from: 'waiting',
      to: 'backingOff',
      armed: [],
      settled: null,
      commitId: 'c',
      atMs: nowMs,
      traceparent: null,
    });
  });

  test.each([
    ['into a parked state', waiting, { waiting: 'stuck' }, { by: 'machine', reason: 'stuck' }],
    ['out of one', stuck, { stuck: 'paying' }, null],
  ] as const)('%s, the parking follows the tag', (_way, row, states, parked) => {
    expect(migrated(row, { ...parcelMigration, states }).row.parked).toEqual(parked);
  });
});

describe('chains', () => {
  const oneToTwo: Migration = { ...parcelMigration, from: '0', to: '1', states: { resting: 'waiting' }, history: {} };
  const resting: ActorRow = {
    ...waiting,
    version: '0',
    path: 'resting',
    snapshot: { ...waiting.snapshot, value: 'resting' },
    timers: [timer('resting', 'backoff', 8_000)],
  };

  test('lead over versions that are gone, as one transition', () => {
    const found = result([parcelMigration, oneToTwo], parcel2, resting);
    expect(found).toMatchObject({
      row: { version: '2', path: 'backingOff', revision: 3, timers: [timer('backingOff', 'backoff', 8_000)] },
      record: { event: { from: '0', to: '2' } },
    });
  });

  test('each context gets the path of its own version', () => {
    const paths: string[] = [];
    const spy = (migration: Migration): Migration => ({
      ...migration,
      context: (context, path) => {
        paths.push(path);
        return context;
      },
    });
    result([spy(parcelMigration), spy(oneToTwo)], parcel2, resting);
    expect(paths).toEqual(['resting', 'waiting']);
  });

  test('stop at the first version that is registered; from one that is, nothing leads', () => {
    const find = migrationPaths([parcel1, parcel2], [parcelMigration, oneToTwo]);
    expect(find('parcel', '0')?.target).toBe(parcel1);
    expect([find('parcel', '1'), find('parcel', '2'), find('parcel', '7'), find('other', '0')]).toEqual([
      null,
      null,
      null,
      null,
    ]);
  });

  test.each([
    ['a fork', [parcelMigration, { ...parcelMigration, to: '3' }], 'two migrations start at parcel v1'],
    ['a circle', [parcelMigration, { ...parcelMigration, from: '2', to: '1' }], 'lead in a circle'],
    ['an end that is not registered', [{ ...parcelMigration, to: '3' }], 'parcel v3, which is not registered'],
    ['another machine', [{ ...parcelMigration, machine: 'box' }], 'box v2, which is not registered'],
  ])('%s is refused at once', (_what, migrations, reason) => {
    expect(() => migrationPaths([parcel2], migrations)).toThrow(reason);
  });
});
