/** What one step does to one actor: messages first, then timers, then the effect; and who is not to be moved at all. */
import { describe, expect, test } from 'vitest';
import { decide, type DecisionContext } from '../../src/actors/decide.ts';
import { claim } from '../../src/actors/fence.ts';
import { interpret } from '../../src/actors/interpret.ts';
import type { ActorRow, LockedActor, Message } from '../../src/actors/ports.ts';
import type { Step } from '../../src/actors/steps.ts';
import { initEvent, settledEvent } from '../../src/actors/xstate/events.ts';
import { restMs, toyMachine } from '../support/toys.ts';

const nowMs = 1_000_000;
const trip = toyMachine('trip');
const context: DecisionContext = {
  machineOf: (id, version) => (id === trip.id && (version === undefined || version === trip.version) ? trip : null),
  migrationOf: () => null,
  isRemote: (effect) => effect.startsWith('bank.'),
  random: () => 0.5,
  nowMs,
  commitId: 'c',
};
const commit = { id: 'c', nowMs, redeliveryMs: 5_000 };
const empty: ActorRow = {
  id: 't',
  machine: 'trip',
  version: '1',
  structureHash: trip.structureHash,
  revision: 0,
  path: '',
  snapshot: { status: 'active', value: '', context: {} },
  timers: [],
  effects: [],
  parked: null,
  traceparent: null,
  startedAtMs: 0,
  enteredAtMs: 0,
};
const paying = interpret(empty, trip.start({ id: 't' }), { event: initEvent({ id: 't' }) }, commit).row;
const settle = (row: ActorRow, invoke: string): ActorRow => {
  const event = settledEvent(invoke, { type: 'done', value: {} });
  const [settled] = row.effects;
  if (!settled) throw new Error('nothing is pending');
  return interpret(row, trip.step(trip.rehydrate(row.snapshot).state, event), { event, settled }, commit).row;
};
const taking = settle(paying, 'pay');
const resting = settle(taking, 'take');
const message: Message = {
  id: '7',
  senderId: 's',
  targetId: 't',
  targetMachine: 'trip',
  event: { type: 'NOTE' },
  traceparent: null,
};
const lock = (row: ActorRow): LockedActor => ({ row, wake: { dueAtMs: nowMs, redeliveries: 0 } });
const advance: Step = { type: 'advance', actorId: 't', until: null };
const look = (row: ActorRow | null, told: Message | null = null, step: Step = advance, at = context) => {
  const { action, observations, consumes } = decide(step, row && lock(row), told, at);
  const cause = action.type === 'move' || action.type === 'start' ? action.cause.event.type : null;
  return {
    action: action.type,
    cause,
    next: 'next' in action ? action.next.type : null,
    consumes: consumes?.id ?? null,
    observations,
  };
};
const nothing = { cause: null, consumes: null, observations: [] };

describe('advance', () => {
  test('a due message comes before a due timer, a timer before the effect', () => {
    const due = { ...resting, effects: taking.effects };
    const later = { ...context, nowMs: nowMs + restMs };
    expect(look(resting, message, advance, later)).toEqual({
      action: 'move',
      cause: 'NOTE',
      next: null,
      consumes: '7',
      observations: [],
    });
    expect(look(resting, null, advance, later)).toMatchObject({ action: 'move', cause: resting.timers[0]?.event.type });
    expect(due.timers).toHaveLength(1);
  });

  test('the earliest of several due timers comes first', () => {
    const [timer] = resting.timers;
    if (!timer) throw new Error('no timer');
    const two = {
      ...resting,
      timers: [
        { ...timer, id: 'late', dueAtMs: nowMs - 1 },
        { ...timer, id: 'early', dueAtMs: nowMs - 2 },
      ],
    };
    const { action } = decide(advance, lock(two), null, context);
    expect(action).toMatchObject({ type: 'move', cause: { timer: { id: 'early' } } });
  });

  test('a timer whose event the state does not accept is dropped, and counted', () => {
    const deaf = { ...resting, timers: [{ id: 'x', event: { type: 'NOBODY' }, dueAtMs: nowMs }] };
    const { action, observations } = decide(advance, lock(deaf), null, context);
    expect(action).toMatchObject({ type: 'rewrite', row: { timers: [] }, next: { type: 'again' } });
    expect(observations).toEqual([
      { type: 'event-ignored', actorId: 't', revision: 3, traceparent: null, event: 'NOBODY' },
    ]);
  });

  test('an unclaimed remote effect is claimed, a local one is run', () => {
    expect(look(paying)).toEqual({ ...nothing, action: 'claim', next: null });
    expect(look(taking)).toEqual({ ...nothing, action: 'local', next: null });
  });

  test('a live lease stops the call and nothing else', () => {
    const [effect] = paying.effects;
    if (!effect) throw new Error('no effect');
    const leased = { ...paying, effects: [claim(effect, { nowMs, marginMs: 0, commitId: 'c' })] };
    expect(look(leased)).toEqual({ ...nothing, action: 'nothing', next: 'waiting' });
    expect(look(leased, message)).toMatchObject({ action: 'move', cause: 'NOTE' });
    expect(
      look(leased, null, { type: 'send', actorId: 't', event: { type: 'CANCEL' }, companion: null }),
    ).toMatchObject({ action: 'move', cause: 'CANCEL' });
  });

  test.each<[number, string]>([
    [4, 'claim'],
    [5, 'move'],
  ])('after %d claims without an outcome: %s', (claims, action) => {
    const spent = { ...paying, effects: paying.effects.map((effect) => ({ ...effect, claims, token: claims })) };
    expect(look(spent).action).toBe(action);
  });

  test('nothing due is a no-op', () => {
    expect(look(resting)).toEqual({ ...nothing, action: 'nothing', next: 'waiting' });
  });

  test('at the tag `until` it stops, though an effect waits', () => {
    expect(look(taking, null, { ...advance, until: 'accepted' })).toEqual({
      ...nothing,
      action: 'nothing',
      next: 'handedOver',
    });
    expect(look(paying, null, { ...advance, until: 'accepted' }).action).toBe('claim');
  });

  test('a message that the state does not accept is consumed without a transition', () => {
    const odd = { ...message, event: { type: 'HURRY' } };
    expect(look(paying, odd)).toEqual({
      action: 'nothing',
      cause: null,
      next: 'again',
      consumes: '7',
      observations: [{ type: 'event-ignored', actorId: 't', revision: 1, traceparent: null, event: 'HURRY' }],
    });
  });

  test('a message starts an actor that is not there; without one there is nothing', () => {
    expect(look(null, message)).toMatchObject({ action: 'start', cause: 'xstate.init', consumes: null });
    expect(look(null)).toEqual({ ...nothing, action: 'nothing', next: 'absent' });
    expect(look(null, { ...message, targetMachine: 'unknown' })).toEqual({
      ...nothing,
      action: 'nothing',
      next: 'left',
    });
  });
});

describe('an actor that is not to be moved', () => {
  const final: ActorRow = {
    ...resting,
    timers: [],
    snapshot: { status: 'done', value: 'done', context: {} },
    path: 'done',
  };
  const parked: ActorRow = { ...paying, parked: { by: 'runtime', reason: 'r' } };
  const steps: readonly Step[] = [
    advance,
    { type: 'outcome', actorId: 't', effectId: 'pay@1', token: 0, outcome: { type: 'done', value: {} }, until: null },
    { type: 'notNow', actorId: 't', effectId: 'pay@1', token: 0, retryAfterMs: 1, late: false },
  ];

  test.each<[string, ActorRow, string]>([
    ['done', final, 'done'],
    ['parked by the runtime', parked, 'parked'],
    ['of an unknown version', { ...paying, version: '9' }, 'left'],
    ['of another structure', { ...paying, structureHash: 'x' }, 'left'],
  ])('%s', (_name, row, next) => {
    for (const step of steps) expect(look(row, null, step)).toMatchObject({ action: 'nothing', next, consumes: null });
    expect(look(row, null, { type: 'send', actorId: 't', event: { type: 'NOTE' }, companion: null }).action).toBe(
      'answer',
    );
  });

  test('its messages: consumed if it is done, kept if the runtime parked it or its version is unknown', () => {
    expect(look(final, message)).toMatchObject({ consumes: '7', next: 'again' });
    expect(look(parked, message)).toMatchObject({ consumes: null, next: 'parked' });
    expect(look({ ...paying, version: '9' }, message)).toMatchObject({ consumes: null, next: 'left' });
  });

  test('a poisoned one is parked by whatever step finds it', () => {
    const poisoned = { ...paying, snapshot: { ...paying.snapshot, value: 'gone' } };
    for (const step of [...steps, { type: 'send', actorId: 't', event: { type: 'NOTE' }, companion: null } as const])
      expect(look(poisoned, message, step)).toMatchObject({
        action: 'rewrite',
        next: 'parked',
        consumes: null,
        observations: [{ type: 'parked' }],
      });
  });

  test('done is never parked', () => {
    expect(look(final, null, { type: 'park', actorId: 't', reason: 'r' })).toEqual({
      ...nothing,
      action: 'nothing',
      next: 'done',
    });
  });
});

describe('notNow', () => {
  const [armed] = paying.effects;
  if (!armed) throw new Error('no effect');
  const held = claim(armed, { nowMs, marginMs: 0, commitId: 'c' });
  const notNow = (late: boolean): Step => ({
    type: 'notNow',
    actorId: 't',
    effectId: held.id,
    token: 1,
    retryAfterMs: 100,
    late,
  });
  const withEffect = (changes: object): ActorRow => ({ ...paying, effects: [{ ...held, ...changes }] });

  test.each<[string, number | null, boolean, string, string | null]>([
    ['the first time', null, false, 'rewrite', 'waiting'],
    ['for 29.999 s', nowMs - 29_999, false, 'rewrite', 'waiting'],
    ['for 30 s', nowMs - 30_000, false, 'move', null],
    ['too late to call, after 30 s of notNow', nowMs - 30_000, true, 'rewrite', 'again'],
  ])('%s', (_name, notNowSinceMs, late, action, next) => {
    expect(look(withEffect({ notNowSinceMs }), null, notNow(late))).toMatchObject({ action, next });
  });

  test('too late to call is nobody’s answer: it neither begins nor ends a row of them', () => {
    for (const notNowSinceMs of [null, nowMs - 5]) {
      const { action } = decide(notNow(true), lock(withEffect({ notNowSinceMs })), null, context);
      expect(action).toMatchObject({
        type: 'rewrite',
        row: { effects: [{ notNowSinceMs, claims: 0, token: 2, lease: null }] },
      });
    }
  });
});
