import { expect, it } from 'vitest';
import { pathOf } from '../../src/actors/index.ts';
import { activeStates } from '../../src/diagrams/active.ts';
import { chartOf } from '../../src/diagrams/chart.ts';

const chart = chartOf({
  id: 'm',
  initial: 'a',
  states: {
    a: { initial: 'x.y', states: { 'x.y': {}, x: {} } },
    p: {
      type: 'parallel',
      states: {
        q: { initial: 'on', states: { on: {}, off: {} } },
        r: { type: 'parallel', states: { s: { initial: 'on', states: { on: {} } }, t: {} } },
      },
    },
  },
});

it.each([
  [{ a: 'x.y' }, ['a', String.raw`a.x\.y`]],
  ['a', ['a']],
  [{ p: { q: 'off', r: { s: 'on', t: {} } } }, ['p', 'p.q', 'p.q.off', 'p.r', 'p.r.s', 'p.r.s.on', 'p.r.t']],
])('%j, as its path is stored, names these states and those around them', (value, expected) => {
  expect(activeStates(chart, pathOf(value))).toEqual(expected);
});

it.each(['', 'b', 'a.z', 'ax', '(p.q.on)|(b)', '(', ')', '(a', 'p.(q.on)|(q.no)', '()|()'])(
  '%j is no state of it',
  (path) => {
    expect(activeStates(chart, path)).toBeNull();
  },
);
