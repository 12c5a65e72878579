import { expect, it } from 'vitest';
import { chartOf, statesIn } from '../../src/diagrams/chart.ts';
import { stepsOf } from '../../src/diagrams/steps.ts';
import { parcel } from './toy-config.ts';

const step = (done: string) => ({
  initial: 'calling',
  states: {
    calling: {
      invoke: { src: 'x', onDone: [{ guard: 'done', target: done }, { target: '#m.back' }], onError: '#m.back' },
      on: { GO: 'calling' },
    },
    idle: { after: { 100: 'calling' } },
  },
});

it('a step is one box: what happens inside it is not drawn, but for when it parks', () => {
  const { root, edges, notes } = stepsOf(chartOf(parcel));
  expect(statesIn(root).map(({ path, type, effects }) => [path, type, effects.join()])).toEqual([
    ['', 'compound', ''],
    ['packing', 'atomic', 'box.pack'],
    ['unpacking', 'atomic', 'box.unpack'],
    ['sent', 'final', ''],
  ]);
  expect(edges).toEqual([
    { source: 'packing', target: 'sent', labels: ['done'] },
    { source: 'packing', target: 'unpacking', labels: ['done, not wanted', 'refused'] },
    { source: 'unpacking', target: 'sent', labels: ['done or refused'] },
  ]);
  expect([...notes]).toEqual([['packing', ['CANCEL / request stop', 'parks (attempts spent)']]]);
});

it('what every step of a state does alike is drawn once, from the state; its end needs no name', () => {
  const config = {
    id: 'm',
    initial: 'forth',
    states: {
      forth: {
        onDone: 'back',
        initial: 'one',
        states: { one: step('#m.forth.two'), two: step('#m.forth.end'), end: { type: 'final' } },
      },
      back: {},
    },
  };
  const { root, edges } = stepsOf(chartOf(config));
  expect(edges).toEqual([
    { source: 'forth', target: 'back', labels: [] },
    { source: 'forth.one', target: 'forth.two', labels: ['done'] },
    { source: 'forth', target: 'back', labels: ['refused', 'failed or unknown'] },
    { source: 'forth.two', target: 'forth.end', labels: ['done'] },
  ]);
  expect(statesIn(root).find(({ path }) => path === 'forth.end')?.type).toBe('end');
});

it('an end that is reached from elsewhere keeps its name', () => {
  const states = {
    part: { initial: 'on', states: { on: {}, off: { type: 'final' } } },
    away: { on: { GO: 'part.off' } },
  };
  const { root } = stepsOf(chartOf({ id: 'm', initial: 'part', states }));
  expect(statesIn(root).map(({ path, type }) => `${path} ${type}`)).toContain('part.off final');
});
