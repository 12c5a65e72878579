import { createMachine } from 'xstate';
import { describe, expect, it } from 'vitest';
import { activeLeaves, actorMachine } from '../../../src/actors/index.ts';
import { pathOf, pathOfStateId, valueOf } from '../../../src/actors/xstate/state-paths.ts';
import { stub } from '../../support/toys.ts';

describe('a state value', () => {
  it('as a path: nested by a dot, parallel in brackets', () => {
    expect([
      pathOf('a'),
      pathOf({ a: { b: 'c' } }),
      pathOf({ l: 'x', r: { y: 'z' } }),
      pathOf({ l: {}, r: 'y' }),
      pathOf({}),
    ]).toEqual(['a', 'a.b.c', '(l.x)|(r.y.z)', '(l)|(r.y)', '']);
  });

  it.each([
    ['a', ['a']],
    [{ a: 'b' }, ['a.b']],
    [{ a: { b: 'c', d: { e: 'f' } } }, ['a.b.c', 'a.d.e.f']],
    [{ a: {}, b: 'c' }, ['a', 'b.c']],
    [{}, ['']],
  ])('%j has the leaves %j, and they lead back to it', (value, leaves) => {
    expect(activeLeaves(value)).toEqual(leaves);
    expect(pathOf(valueOf(leaves))).toBe(pathOf(value));
  });
});

it('a machine without states is entered at its root', () => {
  const machine = actorMachine(
    createMachine({ id: 'm', invoke: { id: 'i', src: 'a.do' } }).provide({ actors: { 'a.do': stub } }),
    '1',
  );
  const start = machine.start(null);
  const entered = machine.enter({ states: activeLeaves(start.snapshot.value), context: null, history: {} });
  expect([entered.snapshot.value, entered.actions]).toEqual([start.snapshot.value, start.actions]);
});

it('the id of a state leads to its path, unless its author made it up', () => {
  expect([pathOfStateId('m', 'm.a.b'), pathOfStateId('m', 'mine')]).toEqual(['a.b', null]);
});
