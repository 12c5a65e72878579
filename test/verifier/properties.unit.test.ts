import { describe, expect, it } from 'vitest';
import { calling, environment, final, found, parked, taking, toy, type ToyState } from './toy.ts';

/** Asks once; whatever comes, it ends. */
const asking = (more: ToyState = {}): ToyState => ({
  ...calling('desk.ship', { done: 'end', refused: 'end', lost: 'end' }),
  ...more,
});
const resting: ToyState = { after: { soon: 'end' } };

describe('a sound chart', () => {
  it('is found faultless: effects, timers, events, parking', () => {
    const machine = toy({
      waiting: { on: { GO: 'asking' } },
      asking: calling('desk.ship', { done: 'resting', refused: 'standing', lost: 'resting' }),
      resting: { after: { later: 'end' }, on: { GO: 'end' } },
      standing: parked('asking'),
      end: final,
    });
    const against = { ...taking({ GO: ['waiting', 'resting'], RETRY: ['standing'] }), startedBy: 'GO' };
    expect(found(machine, against)).toEqual([]);
  });

  it('may have parallel regions, history and no end', () => {
    const machine = toy({
      on: {
        type: 'parallel',
        on: { OFF: 'off' },
        states: {
          light: { initial: 'red', states: { red: { after: { soon: 'green' } }, green: { after: { soon: 'red' } } } },
          sound: { initial: 'low', states: { low: { on: { UP: 'high' } }, high: { after: { later: 'low' } } } },
          memory: { type: 'history', history: 'deep' },
        },
      },
      off: { after: { later: '#toy.on.memory' } },
    });
    expect(found(machine, taking({ OFF: ['on'], UP: ['on.sound.low'] }))).toEqual([]);
  });
});

describe('search-ends', () => {
  it('a counter without bound: said loudly, and nothing is claimed of what was not seen', () => {
    const machine = toy({
      open: { on: { ADD: { actions: 'count' }, END: 'end' }, after: { soon: 'end' } },
      end: final,
    });
    expect(found(machine, taking({ ADD: ['open'], END: ['open'], NEVER: ['open'] }), { maxNodes: 3 })).toEqual([
      {
        property: 'search-ends',
        message: 'there are more than 3 situations: nothing is proven',
        path: ['start ⇒ open', 'ADD ⇒ open'],
      },
    ]);
  });
});

describe('effects-have-deadlines', () => {
  it('an effect without meta.timeoutMs', () => {
    expect(found(toy({ asking: asking({ meta: { effect: 'desk.ship' } }), end: final }))).toEqual([
      { property: 'effects-have-deadlines', message: 'asking has no meta.timeoutMs', path: ['start ⇒ asking'] },
    ]);
  });

  it('a meta.effect that names another', () => {
    expect(found(toy({ asking: asking({ meta: { effect: 'bank.pay', timeoutMs: 5 } }), end: final }))).toEqual([
      {
        property: 'effects-have-deadlines',
        message: 'asking asks for desk.ship; its meta.effect is "bank.pay"',
        path: ['start ⇒ asking'],
      },
    ]);
  });
});

describe('every-state-reachable', () => {
  it('a state that nothing leads to, told once and not for each of its transitions', () => {
    expect(found(toy({ asking: asking(), attic: resting, end: final }))).toEqual([
      { property: 'every-state-reachable', message: 'attic is never entered', path: [] },
    ]);
  });

  it('a state that is left in the step that enters it is entered', () => {
    const passing: ToyState = { initial: 'first', onDone: 'end', states: { first: { always: 'last' }, last: final } };
    expect(found(toy({ resting: { after: { soon: 'passing' } }, passing, end: final }))).toEqual([]);
  });
});

describe('every-transition-reachable', () => {
  it('a guard that never holds', () => {
    const machine = toy({ asking: asking({ on: { GO: { guard: 'never', target: 'end' } } }), end: final });
    expect(found(machine)).toEqual([
      { property: 'every-transition-reachable', message: 'never taken: asking: GO', path: ['start ⇒ asking'] },
    ]);
  });
});

describe('nothing-throws', () => {
  it('a guard that throws on one payload', () => {
    const machine = toy({ resting: { ...resting, on: { GO: { guard: 'throwsOnTwo', target: 'end' } } }, end: final });
    const against = taking({ GO: ['resting'] }, [
      { type: 'GO', n: 1 },
      { type: 'GO', n: 2 },
    ]);
    expect(found(machine, against)).toEqual([
      {
        property: 'nothing-throws',
        message:
          "Unable to evaluate guard 'throwsOnTwo' in transition for event 'GO' in state node 'toy.resting': two is too many",
        path: ['start ⇒ resting', 'GO (#2) ⇒ ✗'],
      },
    ]);
  });

  it('an assign that throws at the start', () => {
    expect(found(toy({ asking: asking({ entry: 'break' }), end: final }))).toEqual([
      { property: 'nothing-throws', message: 'the machine failed: it broke', path: ['start ⇒ ✗'] },
    ]);
  });
});

describe('events-handled', () => {
  it('onDone without a branch for a refusal', () => {
    const { invoke: _, ...rest } = asking();
    const invoke: ToyState['invoke'] = {
      id: 'ship',
      src: 'desk.ship',
      onDone: { guard: 'done', target: 'end' },
      onError: 'end',
    };
    expect(found(toy({ asking: { ...rest, invoke }, end: final }))).toEqual([
      {
        property: 'events-handled',
        message: 'asking does not take the outcome refused of desk.ship',
        path: ['start ⇒ asking', 'ship → refused ⇒ ✗'],
      },
    ]);
  });

  it('no onError', () => {
    const invoke: ToyState['invoke'] = { id: 'ship', src: 'desk.ship', onDone: 'end' };
    expect(found(toy({ asking: asking({ invoke }), end: final }))).toEqual([
      {
        property: 'events-handled',
        message: 'asking does not take the outcome failed of desk.ship',
        path: ['start ⇒ asking', 'ship → failed ⇒ ✗'],
      },
      {
        property: 'events-handled',
        message: 'asking does not take the outcome unknown of desk.ship',
        path: ['start ⇒ asking', 'ship → unknown ⇒ ✗'],
      },
    ]);
  });

  it('an effect that the environment does not know', () => {
    const invoke: ToyState['invoke'] = { id: 'ship', src: 'desk.ship', onDone: 'end', onError: 'end' };
    const { 'desk.ship': _, ...effects } = environment().effects;
    expect(
      found(toy({ asking: asking({ invoke }), end: final }), environment({ effects })).map(({ message }) => message),
    ).toEqual(['the environment says nothing of desk.ship', 'never taken: asking: ship settled']);
  });

  it('a timer that its state does not take', () => {
    const machine = toy({
      resting: {
        ...resting,
        on: { GO: { actions: 'count' } },
        after: { soon: { guard: 'counted', target: 'end' }, later: 'end' },
      },
      end: final,
    });
    const once = { ...taking({ GO: ['resting'] }), maxAttempts: 1 };
    expect(found(machine, once, { maxNodes: 4 })[0]).toEqual({
      property: 'events-handled',
      message: 'resting does not take its timer xstate.after.soon.toy.resting',
      path: ['start ⇒ resting', 'timer soon ⇒ ✗'],
    });
  });

  it('an event that is taken where it is declared to be ignored', () => {
    const machine = toy({ resting: { after: { soon: 'late' }, on: { GO: 'end' } }, late: resting, end: final });
    expect(found(machine, taking({ GO: ['late'] }))).toEqual([
      {
        property: 'events-handled',
        message: 'resting takes GO, which is declared to be ignored there',
        path: ['start ⇒ resting', 'GO ⇒ end'],
      },
      {
        property: 'events-handled',
        message: 'late never takes GO, as is declared',
        path: ['start ⇒ resting', 'timer soon ⇒ late'],
      },
    ]);
  });

  it('an event that is declared for a state that is not there', () => {
    expect(found(toy({ resting, end: final }), taking({ GO: ['attic'] }))).toEqual([
      {
        property: 'events-handled',
        message: 'GO is declared to be taken in attic, where no situation is',
        path: [],
      },
    ]);
  });

  it('a pattern stands for all states in it, and * for any one name', () => {
    const step = (target: string): ToyState => ({
      initial: 'calling',
      states: { calling: { after: { soon: 'parked' } }, parked: { tags: ['parked'], on: { RETRY: target } } },
    });
    const machine = toy({ one: step('#toy.two'), two: step('#toy.end'), end: final });
    expect(found(machine, taking({ RETRY: ['*.parked'] }))).toEqual([]);
    expect(found(machine, taking({ RETRY: ['one', 'two'] })).map(({ message }) => message)).toEqual([
      'one.calling never takes RETRY, as is declared',
      'two.calling never takes RETRY, as is declared',
    ]);
  });
});

describe('statuses-in-order', () => {
  const statuses = { OPEN: ['PAID'], PAID: ['SENT'], SENT: [] };
  const chart = (...names: (string | undefined)[]) =>
    toy({
      a: { meta: names[0] === undefined ? {} : { status: names[0] }, after: { soon: 'b' } },
      b: { meta: { status: names[1] }, after: { soon: 'c' } },
      c: { meta: { status: names[2] }, type: 'final' },
    });

  it('a machine that keeps the order', () => {
    expect(found(chart('OPEN', 'PAID', 'SENT'), environment({ statuses }))).toEqual([]);
    expect(found(chart('OPEN', 'OPEN', 'PAID'), environment({ statuses }))).toEqual([]);
  });

  it('a status that goes back', () => {
    expect(found(chart('OPEN', 'PAID', 'OPEN'), environment({ statuses }))).toEqual([
      {
        property: 'statuses-in-order',
        message: 'OPEN is published after PAID',
        path: ['start ⇒ a', 'timer soon ⇒ b', 'timer soon ⇒ c'],
      },
    ]);
  });

  it('a state without a status, and one with a status that nobody knows', () => {
    expect(found(chart(undefined, 'PAYED', 'SENT'), environment({ statuses }))).toEqual([
      { property: 'statuses-in-order', message: 'a has no public status', path: ['start ⇒ a'] },
      {
        property: 'statuses-in-order',
        message: 'b has the unknown status PAYED',
        path: ['start ⇒ a', 'timer soon ⇒ b'],
      },
    ]);
  });
});

describe('timers-once', () => {
  it('a timer that is due again the moment it fires', () => {
    const machine = toy({ resting: { after: { 0: { target: 'resting', reenter: true }, soon: 'end' } }, end: final });
    expect(found(machine)[0]).toEqual({
      property: 'timers-once',
      message: 'the timer xstate.after.0.toy.resting is due again at once',
      path: ['start ⇒ resting', 'timer 0 ⇒ ✗'],
    });
  });
});

describe('can-end', () => {
  it('two states that take turns for ever', () => {
    const machine = toy({
      choosing: { after: { soon: 'tick', later: 'end' } },
      tick: { after: { soon: 'tock' } },
      tock: { after: { soon: 'tick' } },
      end: final,
    });
    expect(found(machine)).toEqual([
      {
        property: 'can-end',
        message: 'no way leads from tick to an end',
        path: ['start ⇒ choosing', 'timer soon ⇒ tick'],
      },
      {
        property: 'can-end',
        message: 'no way leads from tock to an end',
        path: ['start ⇒ choosing', 'timer soon ⇒ tick', 'timer soon ⇒ tock'],
      },
    ]);
  });
});

describe('waiting-ends', () => {
  it('a state that waits for an event that may never come', () => {
    const machine = toy({ resting: { after: { soon: 'hoping' } }, hoping: { on: { GO: 'end' } }, end: final });
    const hoping = {
      property: 'waiting-ends',
      message: 'hoping waits without a timer',
      path: ['start ⇒ resting', 'timer soon ⇒ hoping'],
    };
    expect(found(machine, taking({ GO: ['hoping'] }))).toEqual([hoping]);
    // It starts the actor; later it may as well never come.
    expect(found(machine, { ...taking({ GO: ['hoping'] }), startedBy: 'GO' })).toEqual([hoping]);
    const awaiting = toy({ hoping: { on: { GO: 'end' } }, end: final });
    expect(found(awaiting, { ...taking({ GO: ['hoping'] }), startedBy: 'GO' })).toEqual([]);
  });
});

describe('parked-is-still', () => {
  it('a parked state with a timer', () => {
    const machine = toy({ standing: { ...parked('end'), ...resting }, end: final });
    expect(found(machine, taking({ RETRY: ['standing'] }))).toEqual([
      {
        property: 'parked-is-still',
        message: 'standing is parked with the timer xstate.after.soon.toy.standing',
        path: ['start ⇒ standing'],
      },
    ]);
  });

  it('a parked state with an effect', () => {
    const machine = toy({ standing: { ...parked('end'), ...asking() }, end: final });
    expect(found(machine, taking({ RETRY: ['standing'] }))[1]).toEqual({
      property: 'parked-is-still',
      message: 'standing is parked with the effect desk.ship',
      path: ['start ⇒ standing'],
    });
  });
});

describe('parked-reacts', () => {
  it('a parked state that a customer may leave, but no operator', () => {
    const standing: ToyState = { tags: ['parked'], on: { GO: 'end' } };
    expect(found(toy({ standing, end: final }), taking({ GO: ['standing'] }))).toEqual([
      { property: 'parked-reacts', message: 'no operator event leads out of standing', path: ['start ⇒ standing'] },
    ]);
  });
});

describe('parked-reacts, when RETRY is taken', () => {
  it('must lead out, though another operator event does', () => {
    const standing: ToyState = { tags: ['parked'], on: { RETRY: { actions: 'reset' }, RESOLVE: 'end' } };
    expect(found(toy({ standing, end: final }), taking({ RETRY: ['standing'], RESOLVE: ['standing'] }))).toEqual([
      {
        property: 'parked-reacts',
        message: 'RETRY is taken, and standing stays parked',
        path: ['start ⇒ standing', 'RETRY ⇒ standing'],
      },
    ]);
  });
});

describe('retries-bounded', () => {
  const retrying = (after: ToyState['after']) =>
    toy({
      asking: calling('desk.ship', { done: 'end', refused: 'end', lost: 'resting' }),
      resting: { after: after ?? {} },
      end: final,
    });

  it('an effect that is tried again and again', () => {
    expect(found(retrying({ soon: 'asking' }), environment({ maxAttempts: 2 }))).toEqual([
      {
        property: 'retries-bounded',
        message: 'desk.ship is tried more than 2 times',
        path: [
          'start ⇒ asking',
          'ship → failed ⇒ resting',
          'timer soon ⇒ asking',
          'ship → failed ⇒ resting',
          'timer soon ⇒ asking',
        ],
      },
      {
        property: 'nothing-goes-round',
        message: 'this may go round for ever, by resting',
        path: [
          'start ⇒ asking',
          'ship → failed ⇒ resting',
          'timer soon ⇒ asking',
          'ship → failed ⇒ resting',
          'timer soon ⇒ asking',
          'ship → failed ⇒ resting',
        ],
      },
    ]);
  });

  it('a refusal is an attempt too', () => {
    const machine = toy({
      asking: calling('desk.ship', { done: 'end', refused: 'resting', lost: 'end' }),
      resting: { after: { soon: 'asking' } },
      end: final,
    });
    expect(found(machine, environment({ maxAttempts: 1 }))).toEqual([
      {
        property: 'retries-bounded',
        message: 'desk.ship is tried more than 1 times',
        path: ['start ⇒ asking', 'ship → refused ⇒ resting', 'timer soon ⇒ asking'],
      },
      {
        property: 'nothing-goes-round',
        message: 'this may go round for ever, by resting',
        path: ['start ⇒ asking', 'ship → refused ⇒ resting', 'timer soon ⇒ asking', 'ship → refused ⇒ resting'],
      },
    ]);
  });

  it('an operator gives it as many attempts again', () => {
    const machine = toy({
      asking: calling('desk.ship', { done: 'end', refused: 'end', lost: 'standing' }),
      standing: parked('asking'),
      end: final,
    });
    expect(found(machine, { ...taking({ RETRY: ['standing'] }), maxAttempts: 1 })).toEqual([]);
  });
});

describe('pending-not-rearmed', () => {
  it('an event that arms the pending effect again', () => {
    const machine = toy({ asking: asking({ on: { GO: { target: 'asking', reenter: true } } }), end: final });
    expect(found(machine, taking({ GO: ['asking'] }))[0]).toEqual({
      property: 'retries-bounded',
      message: 'desk.ship is tried more than 3 times',
      path: ['start ⇒ asking', 'GO ⇒ asking', 'GO ⇒ asking', 'GO ⇒ asking'],
    });
    expect(found(machine, taking({ GO: ['asking'] }))[1]).toEqual({
      property: 'pending-not-rearmed',
      message: 'desk.ship is armed again while it is pending',
      path: ['start ⇒ asking', 'GO ⇒ asking'],
    });
  });
});
