/** Actors whose version is gone, on the real store: when they are migrated, and what that does to everybody concerned. */
import { afterEach, assert, describe, expect, test } from 'vitest';
import { type Migration, migrationOfEvent } from '../../src/actors/index.ts';
import { checkLogs } from '../../src/audit/check-logs.ts';
import { openPool } from '../../src/persistence/pool.ts';
import { postgresProxy } from '../support/postgres-proxy.ts';
import {
  leaseMarginMs,
  type ProcessOptions,
  redeliveryMs,
  startMs,
  type TestProcess,
  useRuntime,
} from '../support/runtime.ts';
import { done, failed } from '../support/scripted-effects.ts';
import { payTimeoutMs, toyMachines } from '../support/toys.ts';
import { backoffMs, deadlineMs, parcel1, parcel2, parcelMigration } from '../support/versions.ts';

const runtime = useRuntime();
const migrations = [parcelMigration];
/** Three releases: the old one, one that knows both versions, and one that knows the new version and the way to it. */
const oldRelease = (): TestProcess => runtime.process({ machines: [...toyMachines, parcel1] });
const bothRelease = (): TestProcess => runtime.process({ machines: [...toyMachines, parcel1, parcel2], migrations });
const newRelease = (options: ProcessOptions = {}): TestProcess =>
  runtime.process({ machines: [...toyMachines, parcel2], migrations, ...options });

const findings = async (machines = [parcel1, parcel2]) =>
  (await checkLogs(runtime.pool(), { machines: [...toyMachines, ...machines], migrations, maxFindings: 20 })).findings;
afterEach(async () => assert.deepEqual(await findings(), []));

const start = ({ system }: TestProcess, id = 'p') => system.start({ machine: 'parcel', id, input: {} });
const log = async ({ system }: TestProcess, id = 'p') =>
  (await system.history(id)).map(({ revision, event, to }) => `${revision} ${event.type} ${to}`);
const stored = async (id = 'p') => {
  const row = await runtime.actor(id);
  return row && { version: row.version, revision: row.revision, path: row.path };
};
const status = async (id = 'p') =>
  (await runtime.pg().query('select revision, path from toy.status where actor_id = $1', [id])).rows[0];

/** An actor of version 1 that waits for its next attempt. */
async function waiting(id = 'p'): Promise<void> {
  const old = oldRelease();
  old.effects.rule('bank.pay', () => failed);
  await start(old, id);
  expect(await old.system.advance(id)).toBe('waiting');
}

describe('an actor whose version is gone', () => {
  test('is migrated at the next step, in a commit of its own, and keeps its timers', async () => {
    await waiting();
    await runtime.advanceClock(500);
    const young = newRelease();
    expect(await young.system.advance('p')).toBe('waiting');
    expect(young.seen('migrated')).toEqual([
      { type: 'migrated', actorId: 'p', revision: 3, traceparent: null, machine: 'parcel', from: '1', to: '2' },
    ]);
    expect(young.seen('transition').map(({ record }) => [record.event.type, record.from, record.to])).toEqual([
      ['actor.migrated', 'waiting', 'backingOff'],
    ]);
    expect(await stored()).toEqual({ version: '2', revision: 3, path: 'backingOff' });
    expect((await runtime.actor('p'))?.structureHash).toBe(parcel2.structureHash);
    expect(await runtime.wake('p')).toEqual({ inMs: backoffMs, redeliveries: 0 });
    expect(await status()).toEqual({ revision: 3, path: 'backingOff' });
    expect(await young.system.advance('p')).toBe('waiting');
    expect(young.seen('migrated')).toHaveLength(1);
  });

  test('goes on to its end on the new version', async () => {
    await waiting();
    const young = newRelease();
    await runtime.advanceClock(backoffMs);
    expect(await young.system.advance('p')).toBe('waiting');
    expect(await log(young)).toEqual([
      '1 xstate.init paying',
      '2 xstate.error.actor.pay waiting',
      '3 actor.migrated backingOff',
      '4 xstate.after.backoff.parcel.backingOff paying',
      '5 xstate.done.actor.pay carrying.loading',
      '6 xstate.done.actor.take carrying.insuring',
      '7 xstate.done.actor.insure carrying.underWay',
    ]);
    expect(await young.system.send('p', { type: 'ARRIVE' })).toEqual({ type: 'applied', revision: 8 });
    expect(await young.system.advance('p')).toBe('done');
  });

  test('stays on it as long as that is registered, also where a migration is', async () => {
    await waiting();
    const both = bothRelease();
    await runtime.advanceClock(backoffMs);
    both.effects.rule('bank.pay', () => failed);
    await both.system.advance('p');
    expect(await stored()).toEqual({ version: '1', revision: 4, path: 'waiting' });
    expect(both.seen('migrated')).toEqual([]);
  });

  test('is left to others where no migration leads on', async () => {
    await waiting();
    const lost = runtime.process({ machines: [parcel2] });
    expect(await lost.system.advance('p')).toBe('left');
    expect(await lost.system.read('p')).toMatchObject({ state: null, accepts: [] });
    expect(lost.seen('unknown-version')).toHaveLength(1);
  });

  test('that has ended is left as it is', async () => {
    const old = oldRelease();
    old.effects.rule('bank.pay', () => done());
    await start(old);
    await old.system.advance('p');
    await old.system.send('p', { type: 'ARRIVE' });
    const young = newRelease();
    expect(await young.system.advance('p')).toBe('done');
    expect(await young.system.send('p', { type: 'ARRIVE' })).toMatchObject({ type: 'refused' });
    expect(await stored()).toMatchObject({ version: '1', path: 'delivered' });
  });

  test('gets the effects of its new state, and they are run', async () => {
    const old = oldRelease();
    await start(old);
    await old.system.advance('p');
    expect(await stored()).toMatchObject({ path: 'shipping.moving' });
    const young = newRelease();
    young.effects.rule('bank.undo', () => 'hold');
    const visit = young.system.advance('p');
    const call = await young.effects.held('bank.undo');
    expect(call.request).toMatchObject({ key: 'p:bank.undo', actorId: 'p' });
    expect((await young.system.history('p')).at(-1)?.armed).toEqual([{ id: 'insure@4', src: 'bank.undo' }]);
    call.settle(done());
    expect(await visit).toBe('waiting');
    expect(await stored()).toEqual({ version: '2', revision: 5, path: 'carrying.underWay' });
    expect((await runtime.actor('p'))?.timers.map(({ dueAtMs }) => dueAtMs)).toEqual([startMs + deadlineMs]);
  });
});

describe('an event for one that is not migrated yet', () => {
  test('finds it migrated: two commits, the companion in the second', async () => {
    const old = oldRelease();
    await start(old);
    await old.system.advance('p');
    const young = newRelease();
    const companion = { name: 'toy.accept', payload: { note: 'sent' } };
    expect(await young.system.send('p', { type: 'HALT' }, companion)).toEqual({ type: 'applied', revision: 5 });
    expect((await log(young)).slice(3)).toEqual(['4 actor.migrated carrying.insuring', '5 HALT halted']);
    expect((await runtime.pg().query('select payload from toy.accepted')).rows).toEqual([
      { payload: { note: 'sent' } },
    ]);
    expect(new Set((await young.system.history('p')).slice(3).map(({ commitId }) => commitId)).size).toBe(2);
  });

  test('that its new state refuses is refused; it is migrated all the same, and looked at in time', async () => {
    const old = oldRelease();
    await start(old);
    await old.system.advance('p');
    const young = newRelease();
    expect(await young.system.send('p', { type: 'RETRY' })).toEqual({
      type: 'refused',
      detail: { reason: 'not accepted', state: 'carrying.insuring' },
    });
    expect(await stored()).toMatchObject({ version: '2' });
    expect(await runtime.wake('p')).toEqual({ inMs: redeliveryMs, redeliveries: 0 });
  });

  test('comes by message too: migrated first, then delivered', async () => {
    const old = oldRelease();
    await old.system.start({ machine: 'inbox', id: 'i', input: {} });
    const renamed = { ...parcelMigration, machine: 'inbox', states: {}, history: {} };
    const { context: _, ...migration } = renamed;
    const next = toyMachines.map((machine) => (machine.id === 'inbox' ? { ...machine, version: '2' } : machine));
    const young = runtime.process({ machines: next, migrations: [migration] });
    await young.system.start({ machine: 'talker', id: 'tell', input: {} });
    await young.system.send('tell', { type: 'SAY', to: 'i' });
    await young.work();
    expect((await log(young, 'i')).slice(0, 3)).toEqual(['1 xstate.init open', '2 actor.migrated open', '3 ADD open']);
    expect((await runtime.actor('i'))?.snapshot.context).toEqual({ got: [1, 2, 3] });
    await runtime.pg().query(`delete from actors.actor; delete from actors.transition`);
  });
});

describe('one that waits for a person', () => {
  const parked = async (): Promise<void> => {
    const old = oldRelease();
    await start(old);
    await old.system.send('p', { type: 'GIVE_UP' });
    expect(await runtime.wake('p')).toBeUndefined();
  };

  test('is shown as it will be, and migrated by what the person does', async () => {
    await parked();
    const young = newRelease();
    expect(await young.system.read('p')).toMatchObject({
      version: '2',
      revision: 2,
      path: 'stuck',
      parked: { by: 'machine', reason: 'stuck' },
      accepts: ['RETRY'],
      snapshot: { context: { insured: false } },
    });
    expect(await stored()).toMatchObject({ version: '1', revision: 2 });
    expect(await young.system.send('p', { type: 'RETRY' })).toEqual({ type: 'applied', revision: 4 });
    expect(await young.system.advance('p')).toBe('waiting');
    expect(await stored()).toMatchObject({ version: '2', path: 'carrying.underWay' });
  });

  test('into a state that does not, is woken', async () => {
    await parked();
    const states = { ...parcelMigration.states, stuck: 'backingOff' };
    const young = newRelease({ migrations: [{ ...parcelMigration, states }] });
    expect(await young.system.advance('p')).toBe('waiting');
    expect((await runtime.actor('p'))?.parked).toBeNull();
    expect(await runtime.wake('p')).toEqual({ inMs: backoffMs, redeliveries: 0 });
  });
});

describe('a migration that cannot be made', () => {
  const failing: Migration = { ...parcelMigration, states: { waiting: 'nowhere' } };
  const reason = 'it cannot be migrated to v2: parcel v2 has no state nowhere';

  test('parks its actor with the reason, as it was; a better one and a retry let it go on', async () => {
    await waiting();
    const before = await runtime.actor('p');
    const bad = newRelease({ migrations: [failing] });
    expect(await bad.system.advance('p')).toBe('parked');
    expect(await runtime.actor('p')).toEqual({ ...before, parked: { by: 'runtime', reason } });
    expect(await bad.system.send('p', { type: 'RETRY' })).toEqual({
      type: 'refused',
      detail: { by: 'runtime', reason },
    });
    const good = newRelease();
    expect(await good.system.advance('p')).toBe('parked');
    expect(await good.system.read('p')).toMatchObject({ path: 'backingOff', accepts: [], parked: { by: 'runtime' } });
    expect(await good.system.unpark('p')).toEqual({ type: 'applied', revision: 2 });
    expect(await good.system.advance('p')).toBe('waiting');
    expect(await stored()).toEqual({ version: '2', revision: 3, path: 'backingOff' });
  });

  test('refuses the event that met it', async () => {
    await waiting();
    const bad = newRelease({ migrations: [failing] });
    expect(await bad.system.send('p', { type: 'HALT' })).toEqual({
      type: 'refused',
      detail: { by: 'runtime', reason },
    });
    expect(await stored()).toMatchObject({ version: '1', revision: 2 });
  });

  test('leaves its neighbours alone', async () => {
    await waiting('bad');
    const old = oldRelease();
    await start(old, 'good');
    await old.system.advance('good');
    const young = newRelease({
      migrations: [{ ...failing, states: { ...parcelMigration.states, waiting: 'nowhere' } }],
    });
    await Promise.all([young.system.advance('bad'), young.system.advance('good')]);
    expect([await stored('bad'), await stored('good')]).toEqual([
      { version: '1', revision: 2, path: 'waiting' },
      { version: '2', revision: 5, path: 'carrying.underWay' },
    ]);
  });
});

describe('two releases at work on one actor', () => {
  test('a call that the old one is making goes on; its outcome is left, and the new one calls again when the lease is over', async () => {
    const old = oldRelease();
    old.effects.rule('bank.pay', () => 'hold');
    await start(old);
    const visit = old.system.advance('p');
    const call = await old.effects.held('bank.pay');
    const young = newRelease();
    expect(await young.system.advance('p')).toBe('waiting');
    expect((await runtime.actor('p'))?.effects).toMatchObject([{ id: 'pay@1', claims: 1, token: 1 }]);
    expect(young.effects.calls).toEqual([]);
    call.settle(done());
    expect(await visit).toBe('left');
    expect(old.seen('unknown-version')).toHaveLength(1);
    await runtime.advanceClock(payTimeoutMs + leaseMarginMs);
    expect(await young.system.advance('p')).toBe('waiting');
    expect(young.effects.callsOf('bank.pay').map(({ key }) => key)).toEqual(['p:bank.pay']);
    expect(await stored()).toMatchObject({ version: '2', path: 'carrying.underWay' });
  });

  test('an outcome of a release that knows both is applied on the version it finds', async () => {
    const both = bothRelease();
    both.effects.rule('bank.pay', () => 'hold');
    const old = oldRelease();
    await start(old);
    const visit = both.system.advance('p');
    const call = await both.effects.held('bank.pay');
    await newRelease().system.advance('p');
    call.settle(done());
    expect(await visit).toBe('waiting');
    expect((await log(both)).slice(1, 3)).toEqual([
      '2 actor.migrated paying',
      '3 xstate.done.actor.pay carrying.loading',
    ]);
  });

  test('they migrate at the same time: once', async () => {
    await waiting();
    const young = [newRelease(), newRelease(), newRelease()];
    await Promise.all(young.map(({ system }) => system.advance('p')));
    expect(await stored()).toEqual({ version: '2', revision: 3, path: 'backingOff' });
    expect(young.flatMap((process) => process.seen('migrated'))).toHaveLength(1);
  });

  test('new actors begin on the newest version of whoever starts them, and are left by who does not know it', async () => {
    const old = oldRelease();
    await start(bothRelease());
    expect(await old.system.advance('p')).toBe('left');
    expect(old.seen('unknown-version')).toEqual([
      { type: 'unknown-version', actorId: 'p', revision: 1, traceparent: null, machine: 'parcel', version: '2' },
    ]);
    expect(await runtime.wake('p')).toEqual({ inMs: 1_000, redeliveries: 0 });
  });
});

describe('a crash', () => {
  test('after the migration and before the step: another process goes on from there', async () => {
    await waiting();
    await runtime.advanceClock(backoffMs);
    let commits = 0;
    const dying = newRelease({
      store: (store) => ({
        ...store,
        transaction: async (work) => {
          commits += 1;
          if (commits > 1) throw new Error('killed');
          return store.transaction(work);
        },
      }),
    });
    await expect(dying.system.advance('p')).rejects.toThrow('killed');
    expect(await stored()).toEqual({ version: '2', revision: 3, path: 'backingOff' });
    const next = newRelease();
    // The wake row stands at the timer that is due: the relay brings it.
    expect(await next.work()).toBe(1);
    expect(await stored()).toMatchObject({ version: '2', path: 'carrying.underWay' });
  });

  test.each(['answer-lost', 'never-arrives'] as const)(
    'the answer to its COMMIT is lost (%s): it is migrated once',
    async (fate) => {
      await waiting();
      const proxy = await postgresProxy(runtime.url());
      const pool = await openPool({ url: proxy.url, maxConnections: 4 });
      const young = newRelease({ pool });
      proxy.nextCommit(fate);
      const end = await young.system.advance('p');
      const struck = proxy.struck();
      await proxy.close();
      await pool.end();
      expect([end, struck, await log(oldRelease())]).toEqual([
        'waiting',
        1,
        ['1 xstate.init paying', '2 xstate.error.actor.pay waiting', '3 actor.migrated backingOff'],
      ]);
    },
  );
});

describe('the audit of migrated logs', () => {
  test('replays each part with its version; without the old one from the migration on', async () => {
    await waiting();
    await runtime.advanceClock(backoffMs);
    await newRelease().system.advance('p');
    expect([await findings(), await findings([parcel2])]).toEqual([[], []]);
    const damaged = `update actors.transition set event = jsonb_set(event, '{snapshot,context,calls}', '7')
      where event ->> 'type' = 'actor.migrated'`;
    await runtime.pg().query(damaged);
    expect((await findings([parcel2])).map(({ invariant }) => invariant)).toEqual(['G3']);
    await runtime.pg().query(damaged.replace("'7'", "'1'"));
  });

  test('finds what was wrong before the migration, if the old version is known', async () => {
    await waiting();
    const young = newRelease();
    await young.system.advance('p');
    const [, , line] = await young.system.history('p');
    expect(line && migrationOfEvent(line.event)?.to).toBe('2');
    const set = (to: string) =>
      runtime.pg().query(`update actors.transition set to_state = $1 where revision = 1`, [to]);
    await set('weighing');
    expect((await findings()).map(({ invariant }) => invariant)).toEqual(['G2', 'G3']);
    expect((await findings([parcel2])).map(({ invariant }) => invariant)).toEqual(['G2']);
    await set('paying');
  });

  test('an unfinished actor that no version and no migration can move is found', async () => {
    await waiting();
    const report = await checkLogs(runtime.pool(), { machines: toyMachines, migrations: [], maxFindings: 20 });
    expect(report.findings).toEqual([
      {
        invariant: 'G3',
        row: {
          actor: 'p',
          machine: 'parcel',
          version: '1',
          problem: 'not registered, and no migration leads out of it',
        },
      },
    ]);
    const known = await checkLogs(runtime.pool(), { machines: [parcel2], migrations, maxFindings: 20 });
    expect([known.findings, known.ofGoneVersions]).toEqual([[], 1]);
  });
});
