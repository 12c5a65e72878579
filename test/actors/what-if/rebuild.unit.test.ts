/** An actor at an earlier revision, from its log alone. */
import { expect, test } from 'vitest';
import { raise, setup } from 'xstate';
import { type DryStep, dryStart, dryStep } from '../../../src/actors/dry-run.ts';
import {
  actorMachine,
  type ActorRow,
  type Cause,
  rebuild,
  settledEvent,
  type TransitionRecord,
} from '../../../src/actors/index.ts';
import { stub } from '../../support/toys.ts';

/** Its timer, its effect and its reminder are over without leaving the state: only their cause says so. */
const machine = actorMachine(
  setup({
    types: { events: {} as { type: string } },
    actors: { 'bank.pay': stub },
    actions: { note: () => {} },
    delays: { nag: 100, due: 50 },
  }).createMachine({
    id: 'still',
    initial: 'here',
    states: {
      here: {
        entry: raise({ type: 'REMIND' }, { delay: 'due' }),
        invoke: { id: 'pay', src: 'bank.pay', onDone: {} },
        after: { nag: {} },
        on: { REMIND: {}, LEAVE: 'gone' },
      },
      gone: {},
    },
  }),
  '1',
);

test('timers, effects and instants are those of then, though the state was never left', () => {
  const rows: ActorRow[] = [];
  const log: TransitionRecord[] = [];
  const keep = ({ row, record }: DryStep): ActorRow => {
    rows.push(row);
    log.push(record);
    return row;
  };
  const timer = (row: ActorRow, type: string): Cause => {
    const found = row.timers.find(({ event }) => event.type.includes(type));
    if (!found) throw new Error(`no timer brings ${type}`);
    return { event: found.event, timer: found };
  };
  let row = keep(dryStart(machine, 's', {}, 1_000));
  // From outside, long before the reminder is due.
  row = keep(dryStep(machine, row, { event: { type: 'REMIND' } }, 1_010));
  row = keep(dryStep(machine, row, timer(row, 'REMIND'), 1_060));
  const [settled] = row.effects;
  if (!settled) throw new Error('an effect is pending');
  row = keep(
    dryStep(machine, row, { event: settledEvent('pay', { type: 'done', value: {} }), settled, remote: true }, 1_070),
  );
  row = keep(dryStep(machine, row, timer(row, 'nag'), 1_100));
  keep(dryStep(machine, row, { event: { type: 'LEAVE' } }, 1_200));

  expect(rows.map(({ timers, effects }) => [timers.length, effects.length])).toEqual([
    [2, 1],
    [2, 1],
    [1, 1],
    [1, 0],
    [0, 0],
    [0, 0],
  ]);
  expect(log.map((_, i) => rebuild(machine, log.slice(0, i + 1)))).toEqual(rows);
});

test('a log that does not replay is refused', () => {
  const { record } = dryStart(machine, 's', {}, 0);
  expect(() => rebuild(machine, [])).toThrow('a log starts with revision 1');
  expect(() => rebuild(machine, [{ ...record, revision: 2 }])).toThrow('a log starts with revision 1');
  const wrong = { ...record, revision: 2, event: { type: 'LEAVE' }, to: 'here' };
  expect(() => rebuild(machine, [record, wrong])).toThrow('revision 2 is logged at here, replayed to 2 at gone');
});
