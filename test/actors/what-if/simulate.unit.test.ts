/** What-ifs on toys: the runtime's rules under a virtual clock, and nothing of it is thrown. */
import { describe, expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { dryStart } from '../../../src/actors/dry-run.ts';
import { claim } from '../../../src/actors/fence.ts';
import { actorMachine, type ActorMachine, type ActorRow, type SettledOutcome } from '../../../src/actors/index.ts';
import { simulate } from '../../../src/actors/what-if/simulate.ts';
import {
  possibleInputs,
  type SimulatedStep,
  type Simulation,
  type SimulationOptions,
} from '../../../src/actors/what-if/simulation.ts';
import { readWhatIfs } from '../../../src/actors/what-if/what-if.ts';
import { restMs, stub, toyMachine } from '../../support/toys.ts';

const nowMs = 1_000_000;
const likely: readonly SettledOutcome[] = [
  { type: 'done', value: {} },
  { type: 'refused', value: { code: 'no', n: 1 } },
  { type: 'refused', value: { code: 'never', n: 2 } },
];

const begun = (machine: ActorMachine, input = {}): ActorRow => dryStart(machine, 't', input, nowMs).row;

function run(machine: ActorMachine, row: ActorRow, text: string, options: Partial<SimulationOptions> = {}): Simulation {
  const read = readWhatIfs(text);
  if (read.type === 'malformed') throw new Error(read.problem);
  const inputs = read.inputs.map(({ input }) => input);
  return simulate(machine, row, inputs, { nowMs, likelyAnswers: () => likely, ...options });
}

/** `text at → path`, or what became of it instead. */
const told = ({ steps }: Simulation): string[] =>
  steps.map((step) => `${step.text} +${step.atMs - nowMs} → ${endOf(step)}`);

function endOf(step: SimulatedStep): string {
  if (step.type === 'transition') return step.to.path;
  return 'reason' in step ? `${step.type}: ${step.reason}` : step.type;
}

const trip = toyMachine('trip');

describe('a simulated path', () => {
  test('each step tells what it would arm, leave, set, cancel and change', () => {
    const row = begun(trip, { id: 't' });
    const { start, steps, end, stopped } = run(trip, row, 'pay failed, timer backoff, CANCEL, pay done');
    expect(stopped).toBeNull();
    expect(start).toMatchObject({ row, atMs: nowMs, view: { path: 'paying' } });
    expect(steps[0]).toEqual({
      type: 'transition',
      input: 0,
      text: 'pay failed',
      atMs: nowMs,
      event: {
        type: 'xstate.error.actor.pay',
        actorId: 'pay',
        error: { type: 'failed', code: 'simulated', message: 'simulated', random: 0.5 },
      },
      revision: 2,
      from: 'paying',
      to: { path: 'backingOff', tags: [], meta: {} },
      armed: [],
      left: [],
      timersSet: [{ id: 'xstate.after.backoff.trip.backingOff', delay: 'backoff', dueAtMs: nowMs + 1_500 }],
      timersCancelled: [],
      told: [],
      changes: [
        { path: '/attempts', before: 0, after: 1 },
        { path: '/random', before: 0, after: 0.5 },
        { path: '/trouble', before: null, after: 'simulated' },
      ],
    });
    // The timer that fired was not cancelled.
    expect(steps[1]).toMatchObject({
      input: 1,
      atMs: nowMs + 1_500,
      armed: [{ id: 'pay@3', src: 'bank.pay', input: { attempt: 2 } }],
      timersCancelled: [],
    });
    expect(steps[2]).toMatchObject({
      event: { type: 'CANCEL' },
      changes: [{ path: '/cancelled', before: false, after: true }],
    });
    // The effect that was answered was not left.
    expect(steps[3]).toMatchObject({ to: { path: 'undoing' }, left: [], armed: [{ src: 'bank.undo' }] });
    expect(end).toMatchObject({ row: { revision: 5, path: 'undoing' }, atMs: nowMs + 1_500 });
    expect(possibleInputs(end.possible)).toEqual([
      'NOTE',
      'undo done',
      'undo refused',
      'undo failed',
      'undo unknown',
      'happy',
    ]);
  });

  test('a state that is left with its effect pending, and a final one', () => {
    const { steps, end } = run(trip, begun(trip), 'LEAVE');
    expect(steps).toMatchObject([{ to: { path: 'failed' }, left: [{ id: 'pay@1' }], armed: [] }]);
    expect(end.possible).toEqual({ events: [], effects: [], timers: [] });
    expect(run(trip, end.row, 'NOTE, pay done')).toMatchObject({
      steps: [
        { type: 'refused', reason: 'not accepted' },
        { type: 'impossible', reason: 'pay is not pending' },
      ],
      end: { row: end.row },
    });
  });

  test('a timer that is cancelled is told, and so is a message', () => {
    const { row } = run(trip, begun(trip), 'pay done, take done').end;
    expect(run(trip, row, 'CANCEL').steps).toMatchObject([
      { timersCancelled: [{ delay: 'rest', dueAtMs: nowMs + restMs }] },
    ]);
    const talker = toyMachine('talker');
    expect(run(talker, begun(talker), 'SAY {"to":"x","n":10}').steps).toMatchObject([
      { told: [11, 12, 13].map((n) => ({ targetId: 'x', targetMachine: 'inbox', event: { type: 'ADD', n } })) },
    ]);
  });

  test('happy: every effect is done, in parallel states too, until none is pending', () => {
    expect(told(run(trip, begun(trip), 'happy'))).toEqual(['pay done +0 → taking', 'take done +0 → resting']);
    const pair = toyMachine('pair');
    expect(told(run(pair, begun(pair), 'r done, happy'))).toEqual([
      'r done +0 → (left.busy)|(right.done)',
      'l done +0 → (left.done)|(right.done)',
    ]);
    const { row } = run(trip, begun(trip), 'pay done, take done').end;
    expect(told(run(trip, row, 'happy'))).toEqual(['happy +0 → impossible: no effect is pending']);
  });

  test('an answer is the likely one, or the one that its payload agrees with, with these fields', () => {
    const outputs = (text: string) =>
      run(trip, begun(trip), text).steps.map((step) => step.type === 'transition' && step.event['output']);
    expect(outputs('pay refused')).toEqual([{ type: 'refused', code: 'no', n: 1 }]);
    expect(outputs('pay refused {"code":"never"}')).toEqual([{ type: 'refused', code: 'never', n: 2 }]);
    expect(outputs('pay refused {"n":3}')).toEqual([{ type: 'refused', code: 'no', n: 3 }]);
    const unknown = { likelyAnswers: () => [] };
    expect(told(run(trip, begun(trip), 'pay refused', unknown))).toEqual([
      'pay refused +0 → impossible: no such answer of bank.pay is known: give its payload',
    ]);
    expect(told(run(trip, begun(trip), 'pay refused {}', unknown))).toEqual(['pay refused +0 → failed']);
  });

  test('an uncertain outcome may bring its own code and random', () => {
    const { steps } = run(trip, begun(trip), 'pay unknown {"code":"timeout","random":0.25}');
    expect(steps).toMatchObject([
      { event: { error: { type: 'unknown', code: 'timeout', random: 0.25 } }, timersSet: [{ dueAtMs: nowMs + 1_250 }] },
    ]);
  });
});

describe('the runtime’s rules', () => {
  test('an outcome needs its effect pending, by whatever name; a stale id is not', () => {
    expect(told(run(trip, begun(trip), 'undo done'))).toEqual(['undo done +0 → impossible: undo is not pending']);
    expect(told(run(trip, begun(trip), 'pay@9 done'))).toEqual(['pay@9 done +0 → impossible: pay@9 is not pending']);
    for (const name of ['pay', 'pay@1', 'bank.pay'])
      expect(told(run(trip, begun(trip), `${name} done`))).toEqual(['pay done +0 → taking']);
  });

  test('an effect that is being called may be answered all the same', () => {
    const row = begun(trip);
    const called = row.effects.map((effect) => claim(effect, { nowMs, marginMs: 0, commitId: 'c' }));
    expect(told(run(trip, { ...row, effects: called }, 'pay done'))).toEqual(['pay done +0 → taking']);
  });

  test('a refused event changes nothing, and the next one has its turn; what is impossible ends it', () => {
    const simulation = run(trip, begun(trip), 'HURRY, CANCEL, timer backoff, NOTE');
    expect(told(simulation)).toEqual([
      'HURRY +0 → refused: not accepted',
      'CANCEL +0 → paying',
      'timer backoff +0 → impossible: no such timer is set',
    ]);
    expect(simulation.steps[0]).toMatchObject({ possible: { events: ['NOTE', 'CANCEL', 'LEAVE'] } });
    expect(simulation).toMatchObject({ stopped: 'impossible', end: { row: { revision: 2 } } });
  });

  test('a guard that throws parks the actor, as it would; RETRY lets it go on, and nothing else does', () => {
    const inbox = toyMachine('inbox');
    const simulation = run(inbox, begun(inbox), 'BOOM, ADD {"n":1}, RETRY, ADD {"n":1}');
    expect(told(simulation).map((line) => line.replace(/: .*\n/, ': … '))).toEqual([
      'BOOM +0 → parked: … a guard threw',
      'ADD +0 → refused: … a guard threw',
      'RETRY +0 → unparked',
      'ADD +0 → open',
    ]);
    expect(simulation.steps[1]).toMatchObject({ possible: { events: ['RETRY'], effects: [], timers: [] } });
    expect(simulation.end.row).toMatchObject({ revision: 2, parked: null, snapshot: { context: { got: [1] } } });
  });

  test('an actor that the runtime parked answers no outcome', () => {
    const parked: ActorRow = { ...begun(trip), parked: { by: 'runtime', reason: 'r' } };
    expect(told(run(trip, parked, 'pay done'))).toEqual(['pay done +0 → impossible: the runtime has parked it']);
  });

  test('a snapshot that does not fit is told, not thrown', () => {
    const row: ActorRow = { ...begun(trip), snapshot: { status: 'active', value: 'gone', context: {} } };
    expect(run(trip, row, '')).toMatchObject({ start: { view: null }, steps: [], stopped: null });
    expect(run(trip, row, 'NOTE')).toMatchObject({
      steps: [{ type: 'parked' }],
      end: { row: { parked: { by: 'runtime' } } },
    });
  });

  test('one of another structure is left to others', () => {
    const row: ActorRow = { ...begun(trip), structureHash: 'x' };
    expect(told(run(trip, row, 'NOTE, pay done'))).toEqual([
      'NOTE +0 → refused: unknown version',
      'pay done +0 → impossible: its version is another',
    ]);
  });
});

/** Three timers of which the middle one sets another, and the last is cancelled by it. */
const clock = actorMachine(
  setup({
    types: { context: {} as { n: number }, events: {} as { type: string } },
    actors: { 'bank.pay': stub },
    delays: { early: 10, middle: 20, late: 30, again: 5 },
    actions: { count: assign(({ context }) => ({ n: context.n + 1 })) },
  }).createMachine({
    id: 'clock',
    context: { n: 0 },
    initial: 'waiting',
    on: { TICK: { actions: 'count' } },
    states: {
      waiting: {
        after: { early: { actions: 'count' }, middle: 'set', late: 'over' },
        on: { SPIN: 'spinning' },
      },
      set: { after: { again: { target: 'over', actions: 'count' } } },
      spinning: { after: { 0: { target: 'spinning', reenter: true } } },
      over: { type: 'final' },
    },
  }),
  '1',
);

describe('the virtual clock', () => {
  test('timers that are due on the way fire, earliest first, also those that are set on it', () => {
    expect(told(run(clock, begun(clock), 'wait 100ms'))).toEqual([
      'timer early +10 → waiting',
      'timer middle +20 → set',
      'timer again +25 → over',
    ]);
    expect(run(clock, begun(clock), 'wait 100ms').end.atMs).toBe(nowMs + 100);
    const short = run(clock, begun(clock), 'wait 9ms, wait 1ms');
    expect([told(short), short.end.possible.timers.map(({ delay }) => delay)]).toEqual([
      ['timer early +10 → waiting'],
      ['middle', 'late'],
    ]);
  });

  test('a jump to a timer stops there; one that is cancelled on the way is impossible', () => {
    expect(told(run(clock, begun(clock), 'timer middle'))).toEqual([
      'timer early +10 → waiting',
      'timer middle +20 → set',
    ]);
    const id = 'xstate.after.middle.clock.waiting';
    expect(told(run(clock, begun(clock), `timer ${id}`)).at(-1)).toBe('timer middle +20 → set');
    expect(told(run(clock, begun(clock), 'timer late, TICK')).slice(1)).toEqual([
      'timer middle +20 → set',
      'timer late +20 → impossible: timer middle came before it',
    ]);
  });

  test('a timer that was due before the fork fires at once', () => {
    expect(told(run(clock, begun(clock), 'wait 0ms', { nowMs: nowMs + 15 }))).toEqual(['timer early +15 → waiting']);
  });

  test('a timer that its state does not take is dropped, and the clock goes on', () => {
    const row = begun(clock);
    const odd = { id: 'odd', event: { type: 'NOBODY' }, dueAtMs: nowMs + 5 };
    const simulation = run(clock, { ...row, timers: [...row.timers, odd] }, 'timer odd, wait 5ms');
    expect(told(simulation)).toEqual(['timer odd +5 → refused: not accepted', 'timer early +10 → waiting']);
    expect(simulation.end.row.timers.map(({ id }) => id)).not.toContain('odd');
  });

  test('a circle of timers ends at the bound', () => {
    const simulation = run(clock, begun(clock), 'SPIN, wait 1s, TICK', { maxSteps: 7 });
    expect(simulation.stopped).toBe('too many steps');
    expect(told(simulation)).toHaveLength(7);
  });
});
