/** An actor that another transaction holds: who only looks passes by at once, who brings something waits. */
import { expect, test } from 'vitest';
import { useRuntime } from '../support/runtime.ts';
import { done } from '../support/scripted-effects.ts';
import { eventually } from '../support/wait.ts';

const runtime = useRuntime();

/** Holds the row as a slow commit of another process would. */
async function hold(id: string): Promise<{ release(): Promise<void> }> {
  const session = await runtime.pg().connect();
  await session.query('begin');
  await session.query('select from actors.actor where id = $1 for no key update', [id]);
  return {
    async release() {
      await session.query('rollback');
      session.release();
    },
  };
}

const somebodyWaits = () =>
  eventually(async () => {
    const { rowCount } = await runtime
      .pg()
      .query(`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`);
    return (rowCount ?? 0) > 0;
  });

test('a wake-up passes it by after a few looks, and the outbox keeps what is due', async () => {
  const process = runtime.process();
  await process.system.start({ machine: 'trip', id: 't', input: { id: 't' } });
  const before = { actor: await runtime.actor('t'), wake: await runtime.wake('t') };
  const held = await hold('t');
  expect(await process.system.advance('t')).toBe('busy');
  expect(process.effects.calls).toEqual([]);
  expect({ actor: await runtime.actor('t'), wake: await runtime.wake('t') }).toEqual(before);
  await held.release();
  process.effects.rule('bank.pay', () => done());
  expect(await process.system.advance('t')).not.toBe('busy');
  expect(process.effects.calls).toHaveLength(1);
});

test('it holds up none of its neighbours', async () => {
  const process = runtime.process();
  for (const id of ['a', 'b', 'c']) await process.system.start({ machine: 'trip', id, input: { id } });
  process.effects.rule('bank.pay', () => done());
  const held = await hold('b');
  const visits = ['a', 'b', 'c'].map((id) => process.system.advance(id));
  await Promise.all([visits[0], visits[2]]);
  expect(process.effects.calls).toHaveLength(2);
  expect((await Promise.all(visits)).map((end) => end === 'busy')).toEqual([false, true, false]);
  await held.release();
});

test('the outcome of a call waits for it, and is applied', async () => {
  const process = runtime.process();
  process.effects.rule('bank.pay', () => 'hold');
  await process.system.start({ machine: 'trip', id: 't', input: { id: 't' } });
  const visit = process.system.advance('t');
  const call = await process.effects.held('bank.pay');
  const held = await hold('t');
  call.settle(done());
  await somebodyWaits();
  await held.release();
  expect(await visit).not.toBe('busy');
  expect((await process.system.history('t'))[1]?.settled).toEqual({ effectId: 'pay@1', token: 1 });
});

test('an event waits for it, and is applied', async () => {
  const process = runtime.process();
  await process.system.start({ machine: 'inbox', id: 'i', input: {} });
  const held = await hold('i');
  const sent = process.system.send('i', { type: 'ADD', n: 1 });
  await somebodyWaits();
  await held.release();
  expect(await sent).toMatchObject({ type: 'applied' });
});
