/** An actor that cannot be moved stands still with a reason; its neighbours in the batch never notice. */
import { describe, expect, test } from 'vitest';
import { actorMachine } from '../../src/actors/index.ts';
import { assign, setup } from 'xstate';
import { redeliveryMs, type TestProcess, useRuntime } from '../support/runtime.ts';
import { stub, toyMachine } from '../support/toys.ts';

const runtime = useRuntime();

async function poison(id: string, change: string): Promise<void> {
  await runtime.pg().query(`update actors.actor set ${change} where id = $1`, [id]);
}

/** 49 healthy actors and `bad`, all started and not yet moved. */
async function fifty({ system }: TestProcess, input: object = {}): Promise<string[]> {
  const healthy = Array.from({ length: 49 }, (_, n) => `ok${n}`);
  await Promise.all(healthy.map((id) => system.start({ machine: 'trip', id, input: { id } })));
  await system.start({ machine: 'trip', id: 'bad', input: { id: 'bad', ...input } });
  // In the middle of the batch.
  return [...healthy.slice(0, 25), 'bad', ...healthy.slice(25)];
}

async function moveAll({ system }: TestProcess, ids: readonly string[]): Promise<void> {
  const ends = await Promise.allSettled(ids.map((id) => system.advance(id)));
  expect(ends.map((end) => (end.status === 'fulfilled' ? end.value : end.reason))).toEqual(
    ids.map((id) => (id === 'bad' ? 'parked' : 'waiting')),
  );
  for (const id of ids.filter((other) => other !== 'bad')) expect((await runtime.actor(id))?.path).toBe('resting');
}

describe('a poisoned actor among 49 others is parked with a reason, and they go on', () => {
  test.each([
    ['its state is gone', `snapshot = jsonb_set(snapshot, '{value}', '"gone"')`, 'the snapshot does not fit'],
    ['its snapshot is an empty object', `snapshot = '{}'`, 'the snapshot does not fit'],
    ['its snapshot is no object', `snapshot = 'null'`, 'the snapshot does not fit'],
    ['its snapshot is a list', `snapshot = '[1]'`, 'the snapshot does not fit'],
    ['its effect belongs to no active state', `effects = jsonb_set(effects, '{0,src}', '"bank.gone"')`, 'pay@1'],
    ['its effects are no list', `effects = '7'`, ''],
    ['its timers are no list', `timers = '7'`, ''],
  ])('%s', async (_name, change, reason) => {
    const process = runtime.process();
    const ids = await fifty(process);
    await poison('bad', change);
    await moveAll(process, ids);
    const bad = await runtime.actor('bad');
    expect(bad).toMatchObject({ revision: 1, parked: { by: 'runtime' } });
    expect(bad?.parked?.reason).toContain(reason);
    expect(process.seen('parked')).toMatchObject([{ actorId: 'bad', parking: bad?.parked }]);
    expect(await runtime.wake('bad')).toBeUndefined();
    expect(await process.system.read('bad')).toMatchObject({ id: 'bad', parked: { by: 'runtime' }, accepts: [] });
  });

  test('its projection is refused by the database', async () => {
    const process = runtime.process();
    await moveAll(process, await fifty(process, { poison: true }));
    expect((await runtime.actor('bad'))?.parked?.reason).toContain('status_poison_check');
    expect(await runtime.applied('bad')).toEqual([]);
  });

  test('its participant throws', async () => {
    const process = runtime.process();
    await moveAll(process, await fifty(process, { shelf: 'throw' }));
    expect(await runtime.actor('bad')).toMatchObject({
      revision: 2,
      path: 'taking',
      parked: { by: 'runtime', reason: 'the shelf broke' },
    });
  });
});

describe('what no actor is to blame for parks nobody', () => {
  test('a table is missing: the visit fails, and goes through once it is there', async () => {
    const { system } = runtime.process();
    await system.start({ machine: 'trip', id: 't', input: { id: 't' } });
    await runtime.pg().query('alter table actors.transition rename to transition_away');
    await expect(system.advance('t')).rejects.toMatchObject({ name: 'StoreError', kind: 'unavailable' });
    await runtime.pg().query('alter table actors.transition_away rename to transition');
    expect(await runtime.actor('t')).toMatchObject({ revision: 1, parked: null });
    expect(await system.advance('t')).toBe('waiting');
  });

  test('an effect without a handler: the system is refused as it is put together', () => {
    const machine = setup({ actors: { 'nobody.acts': stub } }).createMachine({
      id: 'lonely',
      initial: 'asking',
      states: { asking: { invoke: { id: 'ask', src: 'nobody.acts' } } },
    });
    expect(() => runtime.process({ machines: [actorMachine(machine, '1')] })).toThrow(
      'lonely v1 asks for effects without a handler: nobody.acts',
    );
  });
});

describe('an event that makes a guard throw', () => {
  test('sent: refused, and the actor is parked', async () => {
    const { system } = runtime.process();
    await system.start({ machine: 'inbox', id: 'i', input: {} });
    const answer = await system.send('i', { type: 'BOOM' });
    expect(answer).toMatchObject({ type: 'refused', detail: { by: 'runtime' } });
    expect(await runtime.actor('i')).toMatchObject({ revision: 1, parked: { by: 'runtime' } });
    expect(await system.send('i', { type: 'ADD', n: 1 })).toEqual(answer);
  });

  test('by message: the message stays, neighbours go on', async () => {
    const { system } = runtime.process();
    for (const id of ['i', 'j']) await system.start({ machine: 'inbox', id, input: {} });
    await runtime.pg().query(
      `insert into actors.message (sender_id, target_id, target_machine, event, deliver_at, due_at)
       select 's', id, 'inbox', event, actors.clock(), actors.clock()
       from (values ('i', '{"type":"BOOM"}'::jsonb), ('j', '{"type":"ADD","n":1}')) as t (id, event)`,
    );
    expect(await Promise.all([system.advance('i'), system.advance('j')])).toEqual(['parked', 'waiting']);
    expect(await runtime.messages('i')).toEqual([{ type: 'BOOM' }]);
    expect(await runtime.actor('j')).toMatchObject({ snapshot: { context: { got: [1] } } });
  });

  test('a snapshot that does not fit: a sent event is refused, never answered as applied', async () => {
    const { system } = runtime.process();
    await system.start({ machine: 'inbox', id: 'i', input: {} });
    await poison('i', `snapshot = jsonb_set(snapshot, '{value}', '"gone"')`);
    expect(await system.send('i', { type: 'ADD', n: 1 })).toMatchObject({ type: 'refused', detail: { by: 'runtime' } });
  });
});

describe('a transition that cannot be computed', () => {
  const brittle = actorMachine(
    setup({
      types: { context: {} as { filler: string }, events: {} as { type: string } },
      actors: { 'bank.pay': stub, 'shelf.take': stub },
      actions: {
        grow: assign({ filler: 'x'.repeat(300_000) }),
        breaks: assign(() => {
          throw new Error('an assign threw');
        }),
      },
    }).createMachine({
      id: 'brittle',
      context: { filler: '' },
      on: { GROW: { actions: 'grow' }, BREAK: { actions: 'breaks' }, TAKE: '.taking' },
      initial: 'paying',
      states: {
        paying: { invoke: { id: 'p', src: 'bank.pay' } },
        taking: { invoke: { id: 't', src: 'shelf.take', input: { shelf: 'done' }, onDone: { actions: 'breaks' } } },
      },
    }),
    '1',
  );

  test.each([
    ['an assign that throws', 'BREAK', 'an assign threw'],
    ['a snapshot beyond its bound', 'GROW', 'more than 262144'],
    ['an outcome that no state handles', null, 'the machine failed'],
  ])('%s parks the actor', async (_name, event, reason) => {
    const { system, effects } = runtime.process({ machines: [brittle] });
    effects.rule('bank.pay', () => ({ type: 'failed', code: 'x', message: 'y' }));
    await system.start({ machine: 'brittle', id: 'b', input: {} });
    const answer = event === null ? await system.advance('b') : (await system.send('b', { type: event })).type;
    expect(answer).toBe(event === null ? 'parked' : 'refused');
    expect((await runtime.actor('b'))?.parked?.reason).toContain(reason);
  });

  test('after a message: the message stays', async () => {
    const { system } = runtime.process({ machines: [brittle] });
    await system.start({ machine: 'brittle', id: 'b', input: {} });
    await runtime.pg().query(
      `insert into actors.message (sender_id, target_id, target_machine, event, deliver_at, due_at)
       values ('s', 'b', 'brittle', '{"type":"BREAK"}', actors.clock(), actors.clock())`,
    );
    expect(await system.advance('b')).toBe('parked');
    expect(await runtime.messages('b')).toEqual([{ type: 'BREAK' }]);
  });

  test('leaves nothing of a local effect that had been applied already', async () => {
    const { system } = runtime.process({ machines: [brittle] });
    await system.start({ machine: 'brittle', id: 'b', input: {} });
    await system.send('b', { type: 'TAKE' });
    expect(await system.advance('b')).toBe('parked');
    expect(await runtime.actor('b')).toMatchObject({ revision: 2, parked: { reason: 'an assign threw' } });
    expect(await runtime.applied('b')).toEqual([]);
  });

  test('leaves nothing of a companion that had written already', async () => {
    const { system } = runtime.process({ machines: [brittle] });
    await system.start({ machine: 'brittle', id: 'b', input: {} });
    await expect(system.send('b', { type: 'BREAK' }, { name: 'toy.accept', payload: { note: 'x' } })).rejects.toThrow(
      'an assign threw',
    );
    expect((await runtime.pg().query('select from toy.accepted')).rowCount).toBe(0);
  });
});

describe('an actor that is done', () => {
  test('is never parked, whatever its snapshot: messages for it are consumed', async () => {
    const { system } = runtime.process();
    await system.start({ machine: 'inbox', id: 'i', input: {} });
    await system.send('i', { type: 'CLOSE' });
    await poison('i', `snapshot = jsonb_set(snapshot, '{value}', '"gone"'), version = '0'`);
    await runtime.pg().query(
      `insert into actors.message (sender_id, target_id, target_machine, event, deliver_at, due_at)
       values ('s', 'i', 'inbox', '{"type":"ADD"}', actors.clock(), actors.clock())`,
    );
    expect(await system.advance('i')).toBe('done');
    expect(await runtime.messages('i')).toEqual([]);
    expect(await system.unpark('i')).toMatchObject({ type: 'refused' });
  });
});

describe('un-parking', () => {
  test('goes on from where the actor stood, with its timers and effects', async () => {
    const process = runtime.process();
    await process.system.start({ machine: 'trip', id: 't', input: { id: 't', shelf: 'throw' } });
    expect(await process.system.advance('t')).toBe('parked');
    await poison('t', `effects = jsonb_set(effects, '{0,input,shelf}', '"done"')`);
    expect(await process.system.unpark('t')).toEqual({ type: 'applied', revision: 2 });
    await process.work();
    expect(await runtime.actor('t')).toMatchObject({ path: 'resting', parked: null });
  });

  test.each([
    ['has no room: due at once, nobody was told of it', false, 0],
    ['takes its wake-up: due again after an interval', true, redeliveryMs],
  ])('while the queue %s', async (_, takes, inMs) => {
    const { system } = runtime.process({ takes: () => takes });
    await system.start({ machine: 'trip', id: 't', input: { id: 't', shelf: 'throw' } });
    expect(await system.advance('t')).toBe('parked');
    await system.unpark('t');
    expect(await runtime.wake('t')).toEqual({ inMs, redeliveries: 0 });
  });

  test('what was not parked by the runtime is left as it is', async () => {
    const { system } = runtime.process();
    await system.start({ machine: 'inbox', id: 'i', input: {} });
    await system.send('i', { type: 'PARK' });
    expect(await system.unpark('i')).toEqual({ type: 'refused', detail: { reason: 'not parked by the runtime' } });
    expect(await system.send('i', { type: 'RETRY' })).toEqual({ type: 'applied', revision: 3 });
  });
});

describe('versions', () => {
  const known = toyMachine('trip');

  test.each([
    ['a version', { ...known, version: '2' }],
    ['a structure', { ...known, structureHash: 'changed' }],
  ])('%s that is unknown here is left to others, and looked at again in a second', async (_name, other) => {
    const [old, young] = [runtime.process(), runtime.process({ machines: [other] })];
    await old.system.start({ machine: 'trip', id: 't', input: { id: 't' } });
    for (let round = 0; round < 3; round += 1) {
      await runtime.pg().query('update actors.wake set due_at = actors.clock()');
      const before = (await runtime.wake('t'))?.inMs ?? 0;
      await young.work();
      expect(await runtime.wake('t')).toEqual({ inMs: before + 1_000, redeliveries: 0 });
    }
    expect(await young.system.send('t', { type: 'NOTE' })).toEqual({
      type: 'refused',
      detail: { reason: 'unknown version' },
    });
    expect(young.seen('unknown-version')[0]).toEqual({
      type: 'unknown-version',
      actorId: 't',
      revision: 1,
      traceparent: null,
      machine: 'trip',
      version: '1',
    });
    expect((await runtime.actor('t'))?.parked).toBeNull();
    await old.system.advance('t');
    expect((await runtime.actor('t'))?.path).toBe('resting');
  });

  test('actors stay on theirs while it is registered; new ones take the last', async () => {
    const both = runtime.process({ machines: [known, { ...known, version: '2' }] });
    await runtime.process().system.start({ machine: 'trip', id: 'old', input: { id: 'old' } });
    await both.system.start({ machine: 'trip', id: 'new', input: { id: 'new' } });
    await Promise.all([both.system.advance('old'), both.system.advance('new')]);
    expect([(await runtime.actor('old'))?.version, (await runtime.actor('new'))?.version]).toEqual(['1', '2']);
    expect([(await runtime.actor('old'))?.path, (await runtime.actor('new'))?.path]).toEqual(['resting', 'resting']);
  });
});
