import { describe, expect, it } from 'vitest';
import type { Json } from '../../src/actors/index.ts';
import { chartOf, statesIn } from '../../src/diagrams/chart.ts';
import { labelOf } from '../../src/diagrams/labels.ts';
import { parcel } from './toy-config.ts';

const labels = (config: Json): string[] =>
  chartOf(config).transitions.map(
    (it) => `${it.source || '(machine)'} → ${it.targets.join(' + ') || '·'}: ${labelOf(it)}`,
  );

describe('chartOf', () => {
  it('tells of every state what it is to its reader', () => {
    const told = statesIn(chartOf(parcel).root).map(({ path, type, initial, effects, undoes, parked, status }) =>
      [path, type, initial, effects.join(), undoes && 'undoes', parked && 'parked', status].filter(Boolean).join(' '),
    );
    expect(told).toEqual([
      'compound packing',
      'packing compound packing.calling PACKING',
      'packing.calling atomic box.pack',
      'packing.backingOff atomic',
      'packing.parked atomic parked',
      'unpacking atomic box.unpack undoes',
      'sent final',
    ]);
  });

  it('labels transitions by what they wait for: outcomes as far as guards tell them apart', () => {
    expect(labels(parcel)).toEqual([
      'packing → ·: CANCEL [notStopping] / requestStop code=cancelled',
      'packing.calling → sent: pack done [doneAndWanted]',
      'packing.calling → unpacking: pack done [else]',
      'packing.calling → unpacking: pack refused',
      'packing.calling → packing.parked: failed or unknown [attemptsSpent]',
      'packing.calling → packing.backingOff: failed or unknown [else]',
      'packing.backingOff → packing.calling: after backoff',
      'packing.parked → packing.calling: RETRY',
      'unpacking → sent: box.unpack done or refused',
    ]);
  });

  it('reads what the shop’s machines do not use', () => {
    const config = {
      id: 'all',
      type: 'parallel',
      on: { '*': { target: ['.a.two', '.b.h'] }, HUSH: {} },
      onDone: { actions: ['ƒ cheer', 'ƒ '] },
      states: {
        a: {
          initial: { target: 'one' },
          states: {
            one: {
              id: 'first',
              after: { 1500: 'two', 20: '#odd.in\\.side' },
              always: [{ guard: 'ƒ check', target: 'two' }, 'two'],
            },
            two: {
              invoke: [
                { src: 'x' },
                { id: 'y', src: 'y', onDone: { guard: 'rich', target: '#first' }, onError: 'one', onSnapshot: 'one' },
              ],
            },
          },
        },
        b: {
          initial: 'h',
          states: {
            h: { type: 'history', history: 'deep', target: 'odd' },
            odd: { id: 'odd', initial: 'in.side', states: { 'in.side': {} } },
          },
        },
      },
    } satisfies Json;
    expect(labels(config)).toEqual([
      '(machine) → a.two + b.h: any other event',
      '(machine) → ·: HUSH / nothing',
      '(machine) → ·: done / cheer, inline',
      'a.one → a.two: [check]',
      'a.one → a.two: [else]',
      'a.one → b.odd.in\\.side: after 20 ms',
      'a.one → a.two: after 1.5 s',
      'a.two → a.one: y done or refused [rich]',
      'a.two → a.one: y failed or unknown',
      'a.two → a.one: y snapshot',
      'b.h → b.odd: nothing remembered',
    ]);
  });

  it('refuses a target that does not exist', () => {
    expect(() => chartOf({ id: 'm', initial: 'a', states: { a: { on: { GO: 'b' } } } })).toThrow(
      'a: no state is named b',
    );
    expect(() => chartOf({ id: 'm', initial: 'a', states: { a: { on: { GO: '#x' } } } })).toThrow(
      'a: no state is named #x',
    );
    expect(() => chartOf('m')).toThrow('not a machine config');
  });
});
