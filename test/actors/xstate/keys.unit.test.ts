/** The keys that XState makes up are read here as XState itself writes them. */
import { assign, createMachine, enqueueActions, initialTransition, log, raise, transition } from 'xstate';
import { describe, expect, it } from 'vitest';
import {
  actionKeys,
  completionKey,
  delayInState,
  delayOf,
  initKey,
  isAfterTimer,
  isCompletionKey,
  isOwnKey,
  moveTimer,
  outcomeOfKey,
  settledKey,
  uncertainKey,
} from '../../../src/actors/xstate/keys.ts';
import { stub } from '../../support/toys.ts';

const chart = createMachine({
  id: 'm',
  initial: 'a',
  states: {
    a: {
      initial: 'b',
      entry: [raise({ type: 'LATER' }, { delay: 9 }), assign({}), enqueueActions(() => {}), log('x')],
      invoke: { id: 'call', src: 'a.do', onDone: 'z', onError: 'z' },
      after: { backoff: 'z', 'half.hour': 'z' },
      onDone: 'z',
      states: { b: { on: { GO: 'c' } }, c: { type: 'final' } },
    },
    z: {},
  },
});

it('the types of XState’s own events are the ones it declares; an author’s event is none of them', () => {
  const own = ['xstate.after.backoff.m.a', 'xstate.after.half.hour.m.a'];
  expect(new Set(chart.events)).toEqual(
    new Set(['GO', settledKey('call'), uncertainKey('call'), completionKey('m.a'), ...own]),
  );
  expect(chart.events.filter((type) => !isOwnKey(type))).toEqual(['GO']);
});

it('the types of actions are the ones it emits, and of those that it does itself the ones it gives them', () => {
  const timed = chart.provide({ actors: { 'a.do': stub }, delays: { backoff: 1, 'half.hour': 2 } });
  const [entered, onEntry] = initialTransition(timed);
  const [, onExit] = transition(timed, entered, { type: 'GO' });
  const { assign: assigning, enqueue, ...emitted } = actionKeys;
  expect(new Set([...onEntry, ...onExit].map(({ type }) => type))).toEqual(new Set(Object.values(emitted)));
  expect([assign({}), enqueueActions(() => {})].map((action) => 'type' in action && action.type)).toEqual([
    assigning,
    enqueue,
  ]);
});

it('an outcome tells its effect, and how it settled', () => {
  expect(['a.b', 'c'].map((invoke) => outcomeOfKey(settledKey(invoke)))).toEqual([
    { invoke: 'a.b', outcome: 'settled' },
    { invoke: 'c', outcome: 'settled' },
  ]);
  expect(outcomeOfKey(uncertainKey('c'))).toEqual({ invoke: 'c', outcome: 'uncertain' });
  expect([initKey, completionKey('m.a'), 'CANCEL'].map(outcomeOfKey)).toEqual([null, null, null]);
  expect([completionKey('m.a'), settledKey('c')].map(isCompletionKey)).toEqual([true, false]);
});

describe('a timer', () => {
  const id = 'xstate.after.backoff.m.a';

  it('of `after` tells its delay; any other is its own name', () => {
    expect([delayOf(id), delayOf('xstate.after.1000.m.a'), delayOf('reminder')]).toEqual([
      'backoff',
      '1000',
      'reminder',
    ]);
    expect([id, 'reminder'].map(isAfterTimer)).toEqual([true, false]);
    expect(delayInState('xstate.after.half.hour.m.a', 'm.a')).toBe('half.hour');
  });

  it('of `after` moves with its state; any other, and one of a state with an id of its own, stays', () => {
    const move = (path: string): string => `there.${path}`;
    expect([
      moveTimer('m', id, move),
      moveTimer('m', 'xstate.after.half.hour.m.a.b', move),
      moveTimer('m', 'xstate.after.backoff.mine', move),
      moveTimer('m', 'reminder', move),
    ]).toEqual(['xstate.after.backoff.m.there.a', 'xstate.after.half.hour.m.there.a.b', null, null]);
  });
});
