import { createMachine } from 'xstate';
import { describe, expect, it } from 'vitest';
import { actorMachine, initEvent } from '../../../src/actors/index.ts';

const machine = actorMachine(
  createMachine({
    id: 'lamp',
    initial: 'off',
    on: { BREAK: '.broken', IGNORED: undefined },
    states: {
      off: {
        meta: { status: 'OFF' },
        on: { TOGGLE: [{ guard: { type: 'hasPower', params: { volts: 9 } }, target: 'on' }, { actions: 'log' }] },
      },
      on: {
        type: 'parallel',
        tags: ['lit'],
        after: { 1_000: 'off' },
        states: { red: { initial: 'dim', states: { dim: { always: 'bright' }, bright: {} } }, blue: {} },
      },
      asking: {
        invoke: { id: 'ask', src: 'desk.ask', onDone: { target: 'off' }, onError: [{ target: 'off' }] },
        onDone: 'off',
      },
      broken: { type: 'final' },
    },
  }).provide({ guards: { hasPower: () => true } }),
  '1',
);

describe('what a chart declares', () => {
  it('states by their paths, in document order', () => {
    expect(machine.states.map(({ path, type, initial }) => `${path} ${type} ${initial ?? ''}`.trim())).toEqual([
      'compound off',
      'off atomic',
      'on parallel',
      'on.red compound on.red.dim',
      'on.red.dim atomic',
      'on.red.bright atomic',
      'on.blue atomic',
      'asking atomic',
      'broken final',
    ]);
    expect(machine.states.find(({ path }) => path === 'asking')).toEqual({
      path: 'asking',
      type: 'atomic',
      initial: null,
      tags: [],
      meta: {},
      invokes: [{ id: 'ask', src: 'desk.ask' }],
    });
  });

  it('transitions by what leads from where; one that only forbids an event is none', () => {
    expect(machine.transitions.map(({ id, guard, targets }) => [id, guard, targets])).toEqual([
      ['lamp: BREAK', null, ['broken']],
      ['off: TOGGLE #1', 'hasPower', ['on']],
      ['off: TOGGLE #2', null, []],
      ['on: after 1000', null, ['off']],
      ['on.red.dim: always', null, ['on.red.bright']],
      ['asking: done', null, ['off']],
      ['asking: ask settled', null, ['off']],
      ['asking: ask uncertain', null, ['off']],
    ]);
    expect(new Set(machine.transitions.map(({ id }) => id)).size).toBe(machine.transitions.length);
  });
});

describe('a traced step', () => {
  const { state } = machine.trace(null, initEvent(null));

  it('tells what it took, in order, and else is the same step', () => {
    const { taken, ...traced } = machine.trace(state, { type: 'TOGGLE' });
    const plain = machine.step(state, { type: 'TOGGLE' });
    expect(taken).toEqual(['off: TOGGLE #1', 'on.red.dim: always']);
    expect([traced.snapshot, traced.view, traced.actions, traced.invokes]).toEqual([
      plain.snapshot,
      plain.view,
      plain.actions,
      plain.invokes,
    ]);
  });

  it('that starts an actor takes only what follows by itself', () => {
    expect(machine.trace(null, initEvent(null)).taken).toEqual([]);
  });

  it('throws what a plain one throws', () => {
    expect(() => machine.trace(null, { type: 'TOGGLE' })).toThrow('a log starts with TOGGLE');
  });
});
