/** Messages between actors: order, who is started by one, who is deaf, what a parked actor keeps. */
import { describe, expect, test } from 'vitest';
import { redeliveryMs, type TestProcess, useRuntime } from '../support/runtime.ts';
import { done } from '../support/scripted-effects.ts';

const runtime = useRuntime();

const got = async (id: string) => ((await runtime.actor(id))?.snapshot.context as { got: number[] } | undefined)?.got;
const say = ({ system }: TestProcess, to: string, from = 'talker', n = 0) => system.send(from, { type: 'SAY', to, n });

async function talkerAnd(process: TestProcess, inbox: string | null): Promise<void> {
  await process.system.start({ machine: 'talker', id: 'talker', input: {} });
  if (inbox !== null) await process.system.start({ machine: 'inbox', id: inbox, input: {} });
  process.published.length = 0;
}

describe('a message', () => {
  test('is written in the commit that sends it, wakes its target, and goes in the commit that applies it', async () => {
    const process = runtime.process();
    await talkerAnd(process, 'i');
    await say(process, 'i');
    expect(process.published).toEqual(['i']);
    expect(await runtime.messages('i')).toEqual([1, 2, 3].map((n) => ({ type: 'ADD', n })));
    await process.work();
    expect(await runtime.messages('i')).toEqual([]);
    expect(await got('i')).toEqual([1, 2, 3]);
    expect((await runtime.actor('i'))?.revision).toBe(4);
    await runtime.replayed('i');
  });

  test.each([
    ['has no room: due at once, nobody was told of it', false, 0],
    ['takes its wake-up: due again after an interval', true, redeliveryMs],
  ])('while the queue %s', async (_, takes, inMs) => {
    const process = runtime.process({ takes: () => takes });
    await talkerAnd(process, 'i');
    await say(process, 'i');
    const { rows } = await runtime
      .pg()
      .query<{ ms: number }>(
        'select distinct actors.to_ms(due_at) - actors.to_ms(deliver_at) as ms from actors.message',
      );
    expect(rows).toEqual([{ ms: inMs }]);
  });

  test('one wake-up applies all that wait, in the order sent', async () => {
    const process = runtime.process();
    await talkerAnd(process, 'i');
    for (let n = 0; n < 10; n += 1) await say(process, 'i');
    expect(await process.system.advance('i')).toBe('waiting');
    expect(await got('i')).toEqual(Array.from({ length: 30 }, (_, n) => n + 1));
  });

  test('keeps the order per sender, however many processes apply them', async () => {
    const processes = Array.from({ length: 4 }, () => runtime.process());
    await processes[0]?.system.start({ machine: 'inbox', id: 'i', input: {} });
    for (const sender of ['a', 'b']) await processes[0]?.system.start({ machine: 'talker', id: sender, input: {} });
    const both = (process: TestProcess) => Promise.all([say(process, 'i', 'a'), say(process, 'i', 'b', 1_000)]);
    const sending = Array.from({ length: 5 }, () => Promise.all(processes.map(both)));
    await Promise.all([...sending, ...processes.map(({ system }) => system.advance('i'))]);
    await Promise.all(processes.map(({ system }) => system.advance('i')));
    const numbers = (await got('i')) ?? [];
    const counted = Array.from({ length: 60 }, (_, n) => n + 1);
    expect(numbers.filter((n) => n < 1_000)).toEqual(counted);
    expect(numbers.filter((n) => n > 1_000)).toEqual(counted.map((n) => n + 1_000));
    await runtime.replayed('i');
  });

  test('starts its target if there is none, and is applied in the same visit', async () => {
    const process = runtime.process();
    await talkerAnd(process, null);
    await say(process, 'new');
    expect(await process.system.advance('new')).toBe('waiting');
    expect(await got('new')).toEqual([1, 2, 3]);
    expect(await process.system.history('new')).toMatchObject([
      { event: { type: 'xstate.init', input: { id: 'new' } } },
      {},
      {},
      {},
    ]);
    expect(await runtime.wake('new')).toEqual({ inMs: Infinity, redeliveries: 0 });
  });

  test('two processes that find the target missing start it once', async () => {
    const processes = Array.from({ length: 4 }, () => runtime.process());
    await talkerAnd(processes[0]!, null);
    await say(processes[0]!, 'new');
    await Promise.all(processes.map(({ system }) => system.advance('new')));
    expect(await got('new')).toEqual([1, 2, 3]);
    expect((await runtime.actor('new'))?.revision).toBe(4);
  });

  test('whose wake-up is lost comes again from the outbox', async () => {
    const process = runtime.process();
    await talkerAnd(process, 'i');
    await say(process, 'i');
    process.published.length = 0;
    await runtime.advanceClock(redeliveryMs - 1);
    expect(await process.work()).toBe(0);
    await runtime.advanceClock(1);
    expect(await process.work()).toBe(1);
    expect(await got('i')).toEqual([1, 2, 3]);
  });

  test('that the state does not accept is consumed, and counted', async () => {
    const process = runtime.process();
    await talkerAnd(process, null);
    await process.system.start({ machine: 'talker', id: 'other', input: {} });
    await say(process, 'other');
    expect(await process.system.advance('other')).toBe('waiting');
    expect(await runtime.messages('other')).toEqual([]);
    expect((await runtime.actor('other'))?.revision).toBe(1);
    expect(process.seen('event-ignored')).toEqual(
      [1, 2, 3].map(() => ({ type: 'event-ignored', actorId: 'other', revision: 1, traceparent: null, event: 'ADD' })),
    );
  });

  test.each([
    ['done', 'CLOSE'],
    ['parked by its machine', 'PARK'],
  ])('for an actor that is %s is consumed', async (_name, event) => {
    const process = runtime.process();
    await talkerAnd(process, 'i');
    await process.system.send('i', { type: event });
    await say(process, 'i');
    await process.work();
    expect(await runtime.messages('i')).toEqual([]);
    expect(await got('i')).toEqual([]);
    expect(await runtime.wake('i')).toBeUndefined();
  });

  test('that arrives during a call is applied at once, and the call goes on', async () => {
    const [a, b] = [runtime.process(), runtime.process()];
    await talkerAnd(a, 'i');
    a.effects.rule('bank.pay', () => 'hold');
    await a.system.send('i', { type: 'CALL' });
    const visit = a.system.advance('i');
    const call = await a.effects.held('bank.pay');
    await say(b, 'i');
    await b.work();
    expect(await got('i')).toEqual([1, 2, 3]);
    expect(await runtime.actor('i')).toMatchObject({ path: 'calling', effects: [{ token: 1 }] });
    call.settle(done());
    expect(await visit).toBe('waiting');
    expect((await runtime.actor('i'))?.path).toBe('open');
    await runtime.replayed('i');
  });

  test('for an actor that the runtime parked stays, and is applied when it goes on', async () => {
    const process = runtime.process();
    await talkerAnd(process, 'i');
    await runtime
      .pg()
      .query(`update actors.actor set snapshot = jsonb_set(snapshot, '{value}', '"gone"') where id = 'i'`);
    await say(process, 'i');
    await process.work();
    expect(await runtime.actor('i')).toMatchObject({ parked: { by: 'runtime' }, revision: 1 });
    await runtime.advanceClock(60_000);
    await process.work();
    expect(await runtime.messages('i')).toHaveLength(3);
    await runtime
      .pg()
      .query(`update actors.actor set snapshot = jsonb_set(snapshot, '{value}', '"open"') where id = 'i'`);
    expect(await process.system.unpark('i')).toEqual({ type: 'applied', revision: 1 });
    expect(process.published).toEqual(['i']);
    await process.work();
    expect(await got('i')).toEqual([1, 2, 3]);
    expect(await runtime.actor('i')).toMatchObject({ parked: null, revision: 4 });
    expect(await runtime.wake('i')).toEqual({ inMs: Infinity, redeliveries: 0 });
  });

  test('of a machine that nobody here knows is left for others', async () => {
    const process = runtime.process({ machines: [] });
    const knows = runtime.process();
    await talkerAnd(knows, null);
    await say(knows, 'new');
    expect(await process.system.advance('new')).toBe('left');
    expect(await runtime.messages('new')).toHaveLength(3);
    expect(await knows.system.advance('new')).toBe('waiting');
    expect(await got('new')).toEqual([1, 2, 3]);
  });
});
