/** XState's machines: what they emit, as steps that can be stored; and back from what was stored. */
import { assign, emit, raise, sendTo, setup, spawnChild } from 'xstate';
import { describe, expect, test } from 'vitest';
import { interpret } from '../../../src/actors/interpret.ts';
import type { ActorEvent, ActorRow, Json } from '../../../src/actors/ports.ts';
import { replay } from '../../../src/actors/replay.ts';
import { type ActorMachine, actorMachine, type MachineStep } from '../../../src/actors/xstate/actor-machine.ts';
import { initEvent, outcomeOfEvent, settledEvent, uncertainEvent } from '../../../src/actors/xstate/events.ts';
import { RehydrationError } from '../../../src/actors/xstate/snapshots.ts';
import { tell } from '../../../src/machines/tell.ts';
import { stub } from '../../support/toys.ts';

interface Context {
  readonly n: number;
}
type Event = { readonly type: string; readonly by?: number };

const toy = setup({
  types: { context: {} as Context, events: {} as Event, input: {} as { n: number } | null },
  actors: { 'a.do': stub, 'b.do': stub },
  actions: { tell, custom: () => undefined },
  delays: { soon: 100, computed: ({ context }) => context.n * 10, late: ({ context }) => context.n * 1_000 },
  guards: {
    positive: ({ event }) => (event.by ?? 0) > 0,
    boom: () => {
      throw new Error('a guard threw');
    },
  },
});

const start = (machine: ActorMachine, input: Json = null): MachineStep => machine.start(input);
/** As the runtime does it: through JSON, restored before each event. */
function next(machine: ActorMachine, from: MachineStep, event: ActorEvent): MachineStep {
  const stored = JSON.parse(JSON.stringify(from.snapshot)) as MachineStep['snapshot'];
  return machine.step(machine.rehydrate(stored).state, event);
}

const base: ActorRow = {
  id: 'x',
  machine: 'm',
  version: '1',
  structureHash: '',
  revision: 0,
  path: '',
  snapshot: { status: 'active', value: 'one', context: {} },
  timers: [],
  effects: [],
  parked: null,
  traceparent: null,
  startedAtMs: 0,
  enteredAtMs: 0,
};
const commit = { id: 'c', nowMs: 1_000, redeliveryMs: 5_000 };

/** Applies events one after the other, as the store would keep the actor. */
function run(machine: ActorMachine, ...events: readonly ActorEvent[]): ActorRow {
  const first = machine.start(null);
  let row = interpret(base, first, { event: initEvent(null) }, commit).row;
  for (const event of events) {
    const step = machine.step(machine.rehydrate(row.snapshot).state, event);
    row = interpret(row, step, { event }, commit).row;
  }
  return row;
}

describe('effects of a step', () => {
  const machine = actorMachine(
    toy.createMachine({
      id: 'm',
      context: { n: 0 },
      initial: 'one',
      states: {
        one: { on: { GO: 'through', STAY: 'calling' } },
        through: { invoke: { id: 'first', src: 'a.do' }, always: 'calling' },
        calling: {
          meta: { timeoutMs: 77 },
          invoke: { id: 'second', src: 'b.do', input: { q: 1 }, onDone: 'one' },
          on: {
            NOTE: { actions: assign({ n: 1 }) },
            AGAIN: { target: 'calling', reenter: true },
            LEAVE: 'one',
          },
        },
      },
    }),
    '1',
  );

  test('an effect armed and left within one macrostep is not asked for', () => {
    const row = run(machine, { type: 'GO' });
    expect(row.path).toBe('calling');
    expect(row.effects.map(({ id, src, input, timeoutMs }) => ({ id, src, input, timeoutMs }))).toEqual([
      { id: 'second@2', src: 'b.do', input: { q: 1 }, timeoutMs: 77 },
    ]);
  });

  test('a targetless transition keeps the pending effect as it is', () => {
    expect(run(machine, { type: 'STAY' }, { type: 'NOTE' }, { type: 'NOTE' }).effects.map(({ id }) => id)).toEqual([
      'second@2',
    ]);
  });

  test('re-entry asks anew, under a new id', () => {
    expect(run(machine, { type: 'STAY' }, { type: 'AGAIN' }).effects.map(({ id }) => id)).toEqual(['second@3']);
  });

  test('leaving the state drops its effect', () => {
    expect(run(machine, { type: 'STAY' }, { type: 'LEAVE' }).effects).toEqual([]);
  });

  test('without a timeout in its meta an effect has ten seconds', () => {
    expect(
      run(actorMachine(toy.createMachine({ id: 'm', context: { n: 0 }, invoke: { id: 'i', src: 'a.do' } }), '1'))
        .effects[0]?.timeoutMs,
    ).toBe(10_000);
  });

  test('parallel states each keep their own effect', () => {
    const parallel = actorMachine(
      toy.createMachine({
        id: 'm',
        context: { n: 0 },
        type: 'parallel',
        states: {
          left: { initial: 'busy', states: { busy: { invoke: { id: 'l', src: 'a.do', onDone: 'idle' } }, idle: {} } },
          right: {
            initial: 'busy',
            states: { busy: { invoke: { id: 'r', src: 'b.do' }, on: { NUDGE: { target: 'busy', reenter: true } } } },
          },
        },
      }),
      '1',
    );
    expect(run(parallel).effects.map(({ id }) => id)).toEqual(['l@1', 'r@1']);
    const nudged = run(parallel, { type: 'NUDGE' });
    expect(nudged.effects.map(({ id }) => id)).toEqual(['l@1', 'r@2']);
    const left = run(parallel, { type: 'NUDGE' }, settledEvent('l', { type: 'done', value: {} }));
    expect([left.path, left.effects.map(({ id }) => id)]).toEqual(['(left.idle)|(right.busy)', ['r@2']]);
  });
});

describe('timers of a step', () => {
  const machine = actorMachine(
    toy.createMachine({
      id: 'm',
      context: ({ input }: { input: { n: number } | null | undefined }) => ({ n: input?.n ?? 3 }),
      initial: 'one',
      states: {
        one: {
          after: { computed: 'two', late: 'three' },
          on: { GROW: { actions: assign({ n: 50 }) }, SKIP: 'three', AGAIN: { target: 'one', reenter: true } },
        },
        two: { after: { soon: 'three' } },
        three: {},
      },
    }),
    '1',
  );

  test('a delay is resolved when its state is entered, not later', () => {
    expect(run(machine).timers.map(({ dueAtMs }) => dueAtMs)).toEqual([1_030, 4_000]);
    expect(run(machine, { type: 'GROW' }).timers.map(({ dueAtMs }) => dueAtMs)).toEqual([1_030, 4_000]);
    expect(run(machine, { type: 'GROW' }, { type: 'AGAIN' }).timers.map(({ dueAtMs }) => dueAtMs)).toEqual([
      1_500, 51_000,
    ]);
  });

  test('leaving the state cancels its timers', () => {
    expect(run(machine, { type: 'SKIP' }).timers).toEqual([]);
  });

  test('the event of a timer takes its transition, and other timers of the state are cancelled', () => {
    const before = run(machine);
    const [timer] = before.timers;
    if (!timer) throw new Error('no timer');
    const step = machine.step(machine.rehydrate(before.snapshot).state, timer.event);
    const { row } = interpret(before, step, { event: timer.event, timer }, commit);
    expect([row.path, row.timers.map(({ dueAtMs }) => dueAtMs)]).toEqual(['two', [1_100]]);
  });

  test('a delay that is no number is refused', () => {
    const wrong = actorMachine(
      toy.createMachine({
        id: 'm',
        context: { n: Number.NaN },
        initial: 'one',
        states: { one: { after: { computed: 'two' } }, two: {} },
      }),
      '1',
    );
    expect(() => run(wrong)).toThrow('the delay of');
  });
});

describe('the end of an actor', () => {
  const machine = actorMachine(
    toy.createMachine({
      id: 'm',
      context: { n: 0 },
      type: 'parallel',
      states: {
        a: { initial: 'x', states: { x: { on: { END: 'z' } }, z: { type: 'final' } } },
        b: { initial: 'x', states: { x: { on: { END: 'z' } }, z: { type: 'final' } } },
      },
      after: { soon: { actions: assign({ n: 1 }) } },
      invoke: { id: 'i', src: 'a.do' },
      output: { total: 1 },
    }),
    '1',
  );

  test('drops timers and effects, and keeps the output', () => {
    const before = run(machine);
    expect([before.timers.length, before.effects.length]).toEqual([1, 1]);
    const after = run(machine, { type: 'END' });
    expect([after.snapshot.status, after.snapshot.output, after.timers, after.effects]).toEqual([
      'done',
      { total: 1 },
      [],
      [],
    ]);
  });

  test('no event moves it any more', () => {
    const after = run(machine, { type: 'END' });
    expect(machine.accepts(machine.rehydrate(after.snapshot).state, { type: 'END' })).toBe(false);
  });
});

describe('messages and actions', () => {
  const act = (actions: unknown) =>
    actorMachine(toy.createMachine({ id: 'm', context: { n: 0 }, on: { DO: { actions: actions as never } } }), '1');
  const does = (actions: unknown) => next(act(actions), start(act(actions)), { type: 'DO' }).actions;

  test('tell is sent in the order told', () => {
    const told = (n: number) => ({ type: 'tell', params: { machine: 'inbox', id: 'i', event: { type: 'ADD', n } } });
    expect(does([told(1), told(2)])).toEqual([
      { type: 'tell', machine: 'inbox', id: 'i', event: { type: 'ADD', n: 1 } },
      { type: 'tell', machine: 'inbox', id: 'i', event: { type: 'ADD', n: 2 } },
    ]);
  });

  test('a raise with a delay is a timer, one without is taken at once', () => {
    expect(does(raise({ type: 'LATER' }, { delay: 5, id: 'later' }))).toEqual([
      { type: 'setTimer', id: 'later', event: { type: 'LATER' }, delayMs: 5 },
    ]);
    expect(does(raise({ type: 'NOW' }))).toEqual([]);
  });

  test.each([
    ['an inline action', () => undefined],
    ['a named action with a body', 'custom'],
    ['emit', emit({ type: 'x' })],
    ['sendTo', sendTo('somebody', { type: 'x' })],
    ['an actor spawned by an action', spawnChild('a.do', { id: 'spawned' })],
  ])('%s is refused: the runtime cannot do it again after a crash', (_name, action) => {
    expect(() => does(action)).toThrow(/a durable machine cannot|invoke it|Unable to send/);
  });

  test('a message to somebody whose id cannot be one is refused', () => {
    expect(() => does({ type: 'tell', params: { machine: 'inbox', id: 'a,b', event: { type: 'ADD' } } })).toThrow(
      'not an actor id',
    );
  });
});

describe('outcomes as events', () => {
  const machine = actorMachine(
    toy.createMachine({
      id: 'm',
      context: { n: 0 },
      initial: 'calling',
      states: {
        calling: { invoke: { id: 'c', src: 'a.do', onDone: { target: 'ok', actions: assign({ n: 1 }) } } },
        ok: {},
      },
    }),
    '1',
  );

  test('a settled one arrives with its type beside its value', () => {
    expect(settledEvent('c', { type: 'refused', value: { code: 'no', type: 'liar' } })).toEqual({
      type: 'xstate.done.actor.c',
      actorId: 'c',
      output: { code: 'no', type: 'refused' },
    });
    expect(next(machine, start(machine), settledEvent('c', { type: 'done', value: {} })).view.path).toBe('ok');
  });

  test('an uncertain one carries chance, so that a backoff replays', () => {
    expect(uncertainEvent('c', { type: 'unknown', code: 'timeout', message: 'late' }, 0.25)).toEqual({
      type: 'xstate.error.actor.c',
      actorId: 'c',
      error: { type: 'unknown', code: 'timeout', message: 'late', random: 0.25 },
    });
  });

  test('one that no state handles is an error of the machine, never passed over', () => {
    expect(() =>
      next(machine, start(machine), uncertainEvent('c', { type: 'failed', code: 'x', message: 'm' }, 0)),
    ).toThrow('the machine failed');
  });

  test('is recognised again in a log', () => {
    expect(outcomeOfEvent(settledEvent('c', { type: 'refused', value: {} }))).toEqual({
      invoke: 'c',
      outcome: 'refused',
    });
    expect(outcomeOfEvent(uncertainEvent('c', { type: 'failed', code: 'x', message: 'm' }, 0))).toEqual({
      invoke: 'c',
      outcome: 'failed',
    });
    expect(outcomeOfEvent({ type: 'CANCEL' })).toBeNull();
  });
});

describe('what an actor accepts', () => {
  const machine = actorMachine(
    toy.createMachine({
      id: 'm',
      context: { n: 0 },
      initial: 'one',
      on: {
        ALWAYS: { actions: assign({ n: 1 }) },
        PICKY: { guard: ({ event }) => String(event.by).length > 0 && event.by! > 0, target: '.two' },
      },
      states: {
        one: {
          on: {
            GO: 'two',
            FORBIDDEN: undefined,
            GUARDED: { guard: 'positive', target: 'two' },
            BOOM: { guard: 'boom', target: 'two' },
          },
        },
        two: {},
      },
    }),
    '1',
  );
  const { state } = start(machine);

  test('a transition with a target or an action whose guard holds; nothing else', () => {
    const accepts = (event: ActorEvent) => machine.accepts(state, event);
    expect(accepts({ type: 'GO' })).toBe(true);
    expect(accepts({ type: 'ALWAYS' })).toBe(true);
    expect(accepts({ type: 'FORBIDDEN' })).toBe(false);
    expect(accepts({ type: 'GUARDED', by: 0 })).toBe(false);
    expect(accepts({ type: 'GUARDED', by: 1 })).toBe(true);
    expect(accepts({ type: 'UNKNOWN' })).toBe(false);
  });

  test('a guard that throws is heard of', () => {
    expect(() => machine.accepts(state, { type: 'BOOM' })).toThrow('a guard threw');
  });

  test('by type alone: its own events whose guard holds without a payload; a throwing guard hides no other', () => {
    expect(machine.acceptedEvents(state)).toEqual(['ALWAYS', 'GO']);
  });
});

describe('restoring', () => {
  const machine = actorMachine(
    toy.createMachine({
      id: 'm',
      context: { n: 4 },
      initial: 'work',
      states: {
        work: {
          initial: 'a',
          tags: ['busy'],
          meta: { level: 1, outer: true },
          states: {
            a: { on: { NEXT: 'b' } },
            b: { tags: ['deep'], meta: { level: 2 } },
            hist: { type: 'history', history: 'deep' },
          },
          on: { PAUSE: 'paused' },
        },
        paused: { on: { RESUME: 'work.hist' } },
      },
    }),
    '1',
  );

  test('a history state survives being stored', () => {
    const paused = run(machine, { type: 'NEXT' }, { type: 'PAUSE' });
    expect(paused.snapshot.historyValue).toEqual({ 'm.work.hist': ['m.work.b'] });
    expect(run(machine, { type: 'NEXT' }, { type: 'PAUSE' }, { type: 'RESUME' }).path).toBe('work.b');
  });

  test('gives the same snapshot, path, tags and meta', () => {
    const step = next(machine, start(machine), { type: 'NEXT' });
    const back = machine.rehydrate(step.snapshot);
    expect(back.snapshot).toEqual(step.snapshot);
    expect(back.view).toEqual({ path: 'work.b', tags: ['busy', 'deep'], meta: { level: 2, outer: true } });
    expect(step.view).toEqual(back.view);
  });

  test.each([
    ['a state that is gone', { status: 'active', value: 'gone', context: {} }],
    ['a nested state that is gone', { status: 'active', value: { work: 'z' }, context: {} }],
    ['a value that is incomplete', { status: 'active', value: 'work', context: {} }],
    [
      'a remembered state that is gone',
      { status: 'active', value: 'paused', context: {}, historyValue: { 'm.work.hist': ['m.work.z'] } },
    ],
    ['another status', { status: 'error', value: 'paused', context: {} }],
    ['nothing at all', {}],
    ['null', null],
    ['a list', []],
  ])('%s is refused, never guessed', (_name, snapshot) => {
    expect(() => machine.rehydrate(snapshot as never)).toThrow(RehydrationError);
  });

  test('replaying the log gives the stored snapshot', () => {
    const events: ActorEvent[] = [initEvent({ n: 1 }), { type: 'NEXT' }, { type: 'PAUSE' }, { type: 'RESUME' }];
    let step: MachineStep | null = null;
    for (const event of events) step = replay(machine, step?.state ?? null, event);
    expect(step?.snapshot).toEqual(run(machine, ...events.slice(1)).snapshot);
    expect(() => replay(machine, null, { type: 'NEXT' })).toThrow(RehydrationError);
  });

  test('always is followed to the end, in the same step', () => {
    const chain = actorMachine(
      toy.createMachine({
        id: 'm',
        context: { n: 0 },
        initial: 'a',
        states: {
          a: { on: { GO: 'b' } },
          b: { entry: assign({ n: ({ context }) => context.n + 1 }), always: 'c' },
          c: {
            entry: assign({ n: ({ context }) => context.n + 1 }),
            always: { guard: ({ context }) => context.n > 1, target: 'd' },
          },
          d: {},
        },
      }),
      '1',
    );
    const row = run(chain, { type: 'GO' });
    expect([row.path, row.snapshot.context, row.revision]).toEqual(['d', { n: 2 }, 2]);
  });

  test('a machine that never comes to rest throws, it does not hang', () => {
    const circle = actorMachine(
      toy.createMachine({
        id: 'm',
        context: { n: 0 },
        initial: 'a',
        states: { a: { on: { GO: 'b' } }, b: { always: 'c' }, c: { always: 'b' } },
      }),
      '1',
    );
    expect(() => run(circle, { type: 'GO' })).toThrow('Infinite loop');
  });
});

describe('the structure hash', () => {
  const config = {
    id: 'm',
    context: { n: 0 },
    initial: 'one',
    states: {
      one: { on: { GO: { target: 'two', guard: 'positive' } }, tags: ['busy'] },
      two: { after: { soon: 'one' } },
    },
  };
  const hash = (changed: object): string =>
    actorMachine(toy.createMachine({ ...config, ...changed } as never) as never, '1').structureHash;

  test.each([
    ['a state', { states: { ...config.states, three: {} } }],
    ['a target', { states: { ...config.states, two: { after: { soon: 'two' } } } }],
    ['a guard', { states: { ...config.states, one: { on: { GO: 'two' }, tags: ['busy'] } } }],
    ['a delay', { states: { ...config.states, two: { after: { late: 'one' } } } }],
    ['a tag', { states: { ...config.states, one: { on: config.states.one.on } } }],
    ['the order of states, in which they are entered', { states: { two: config.states.two, one: config.states.one } }],
  ])('changes with %s', (_name, changed) => {
    expect(hash(changed)).not.toBe(hash({}));
  });

  test('changes neither with the order of other keys nor with a description', () => {
    expect(
      hash({
        states: { one: { tags: ['busy'], on: { GO: { guard: 'positive', target: 'two' } } }, two: config.states.two },
      }),
    ).toBe(hash({}));
    expect(
      hash({
        description: 'a toy',
        states: { one: { description: 'first', ...config.states.one }, two: config.states.two },
      }),
    ).toBe(hash({}));
  });
});
