/** The gate before a deployment, on the stored actors of an older release. */
import { beforeEach, describe, expect, test } from 'vitest';
import type { ActorMachine, Migration } from '../../src/actors/index.ts';
import { checkVersions } from '../../src/audit/check-versions.ts';
import { renderVersions } from '../../src/cli/machines/check.ts';
import { useRuntime } from '../support/runtime.ts';
import { failed } from '../support/scripted-effects.ts';
import { toyMachine } from '../support/toys.ts';
import { parcel1, parcel2, parcelMigration } from '../support/versions.ts';

const runtime = useRuntime();
const inbox = toyMachine('inbox');
const check = (machines: readonly ActorMachine[], migrations: readonly Migration[] = []) =>
  checkVersions(runtime.pool(), { machines: [inbox, ...machines], migrations });
const nothing = { kept: {}, begun: {}, dropped: {} };

/** Two that wait, one that was never called, one whose call is on its way, one that moves, one that waits for a person. */
beforeEach(async () => {
  const old = runtime.process({ machines: [inbox, parcel1] });
  const start = (id: string) => old.system.start({ machine: 'parcel', id, input: {} });
  await old.system.start({ machine: 'inbox', id: 'inbox', input: {} });
  await Promise.all(
    ['a-new', 'b-waits', 'c-waits', 'd-moves', 'e-stuck', 'f-ended', 'g-weighs', 'h-weighs'].map(start),
  );
  await Promise.all(['d-moves', 'f-ended'].map((id) => old.system.advance(id)));
  await old.system.send('f-ended', { type: 'ARRIVE' });
  old.effects.rule('bank.pay', () => failed);
  await Promise.all(['b-waits', 'c-waits'].map((id) => old.system.advance(id)));
  await old.system.send('e-stuck', { type: 'GIVE_UP' });
  await Promise.all(['g-weighs', 'h-weighs'].map((id) => old.system.send(id, { type: 'WEIGH' })));
});

/** A call that is on its way, for as long as the test takes. */
async function call(id: string): Promise<void> {
  const old = runtime.process({ machines: [parcel1] });
  old.effects.rule('bank.undo', () => 'hold');
  void old.system.advance(id);
  await old.effects.held('bank.undo');
}

const verdicts = (report: Awaited<ReturnType<typeof check>>) =>
  report.groups.map(({ machine, version, state, actors, verdict, to }) =>
    [`${machine} v${version}`, state, actors, verdict, to].join(' '),
  );

describe('unfinished actors', () => {
  test('of a version that is registered stay, with or without a migration', async () => {
    const report = await check([parcel1, parcel2], [parcelMigration]);
    expect([report.clean, report.actors]).toEqual([true, { stays: 8, migrates: 0, lacks: 0, fails: 0 }]);
    expect(renderVersions(report)).toMatch(/this build can move all 8 unfinished actors: 8 stay, 0 migrate$/);
  });

  test('of one that is gone migrate: to which state, with which effects and timers', async () => {
    const before = await runtime.pg().query('select * from actors.actor order by id');
    const report = await check([parcel2], [parcelMigration]);
    expect((await runtime.pg().query('select * from actors.actor order by id')).rows).toEqual(before.rows);
    expect([report.clean, report.actors]).toEqual([true, { stays: 1, migrates: 7, lacks: 0, fails: 0 }]);
    expect(verdicts(report)).toEqual([
      'inbox v1 open 1 stays ',
      'parcel v1 paying 1 migrates 2',
      'parcel v1 shipping.moving 1 migrates 2',
      'parcel v1 stuck 1 migrates 2',
      'parcel v1 waiting 2 migrates 2',
      'parcel v1 weighing 2 migrates 2',
    ]);
    const by = (state: string) => report.groups.find((group) => group.state === state);
    expect(by('waiting')).toEqual({
      machine: 'parcel',
      version: '1',
      structureHash: parcel1.structureHash,
      state: 'waiting',
      actors: 2,
      verdict: 'migrates',
      problems: [],
      to: '2',
      states: { backingOff: 2 },
      effects: nothing,
      timers: { ...nothing, kept: { 'xstate.after.backoff.parcel.backingOff': 2 } },
    });
    expect(by('shipping.moving')?.effects).toEqual({ ...nothing, begun: { 'bank.undo': 1 } });
    expect(by('weighing')?.effects).toEqual({ kept: {}, begun: { 'bank.pay': 2 }, dropped: { 'bank.undo': 2 } });
    expect(renderVersions(report)).toMatch(/^parcel +1 +waiting +2 +migrates +v2 backingOff +2 kept$/m);
  });

  test.each([
    ['their version is gone', [], 'not registered, and no migration leads on', null],
    [
      'their version has another structure',
      [{ ...parcel1, structureHash: 'x' }],
      'v1 has another structure here',
      null,
    ],
  ] as const)('lack what moves them when %s', async (_why, machines, reason, to) => {
    const report = await check(machines);
    expect([report.clean, report.actors]).toEqual([false, { stays: 1, migrates: 0, lacks: 7, fails: 0 }]);
    expect(report.groups.at(-2)).toMatchObject({ state: 'waiting', verdict: 'lacks', to });
    expect(report.groups.at(-2)?.problems).toEqual([{ reason, actors: 2, ids: ['b-waits', 'c-waits'] }]);
    expect(renderVersions(report)).toMatch(/cannot move 7 of 8 unfinished actors: do not deploy it$/);
  });

  test('lack a place when their state has none', async () => {
    const report = await check(
      [parcel2],
      [{ ...parcelMigration, states: { ...parcelMigration.states, waiting: 'x' } }],
    );
    expect([report.clean, report.actors]).toEqual([false, { stays: 1, migrates: 5, lacks: 2, fails: 0 }]);
    expect(report.groups.at(-2)?.problems).toEqual([
      { reason: 'parcel v2 has no state x', actors: 2, ids: ['b-waits', 'c-waits'] },
    ]);
  });

  test('fail one by one: a call that is on its way fails its group, and is named', async () => {
    await call('h-weighs');
    const report = await check([parcel2], [parcelMigration]);
    expect([report.clean, report.actors]).toEqual([false, { stays: 1, migrates: 6, lacks: 0, fails: 1 }]);
    expect(report.groups.at(-1)).toMatchObject({
      state: 'weighing',
      actors: 2,
      verdict: 'fails',
      states: { paying: 1 },
      problems: [
        {
          reason: 'the pending effect weigh (bank.undo) may have been called, and paying does not wait for it',
          actors: 1,
          ids: ['h-weighs'],
        },
      ],
    });
    expect(renderVersions(report)).toContain('(1 actors: h-weighs)');
  });

  test('that fail each for a reason of its own do not fill the report', async () => {
    const old = runtime.process({ machines: [parcel1] });
    const ids = Array.from({ length: 30 }, (_, n) => `n-${n}`);
    await Promise.all(ids.map((id) => old.system.start({ machine: 'parcel', id, input: {} })));
    let n = 0;
    const context = (): never => {
      n += 1;
      throw new Error(`reason ${n}`);
    };
    const report = await check([parcel2], [{ ...parcelMigration, context }]);
    const paying = report.groups.find(({ state }) => state === 'paying');
    expect(paying?.problems).toHaveLength(11);
    expect(paying?.problems.at(-1)).toMatchObject({ reason: 'other reasons', actors: 21 });
    expect(paying?.problems.at(-1)?.ids).toHaveLength(5);
  });
});

test('none at all: any build can be deployed', async () => {
  await runtime.pg().query('delete from actors.actor');
  const report = await check([]);
  expect(report).toEqual({ clean: true, groups: [], actors: { stays: 0, migrates: 0, lacks: 0, fails: 0 } });
  expect(renderVersions(report)).toContain('no unfinished actors');
});
