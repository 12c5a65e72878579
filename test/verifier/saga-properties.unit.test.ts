import { describe, expect, it } from 'vitest';
import {
  calling,
  environment,
  final,
  found,
  parked,
  saga,
  sagaEnvironment,
  taking,
  toy,
  type ToyStates,
} from './toy.ts';

/** What is found in the sound saga with these states changed. */
const broken = (states: ToyStates, against = sagaEnvironment) => found(toy({ ...saga, ...states }), against);

const paid = ['start ⇒ paying', 'pay → done ⇒ taking'];
const confirming = [...paid, 'take → done ⇒ confirming'];
const confirmedUnheard = [...confirming, 'confirm → unknown, but it took effect ⇒ unconfirmed', 'RETRY ⇒ confirming'];

describe('a sound saga', () => {
  it('is found faultless', () => {
    expect(broken({})).toEqual([]);
  });

  it('a person may settle what an undo did not', () => {
    const unpaid = { tags: ['parked'], on: { RETRY: 'refunding', RESOLVE: 'deciding' } };
    expect(broken({ unpaid }, taking({ ...sagaEnvironment.accepted, RESOLVE: ['unpaid'] }))).toEqual([]);
  });

  it('may have effects that nothing undoes, and give them up', () => {
    const states = { sending: calling('desk.ship', { done: 'sent', refused: 'given', lost: 'given' }) };
    expect(found(toy({ ...states, sent: final, given: final }))).toEqual([]);
  });
});

describe('final-means-settled', () => {
  it('ends while something is held', () => {
    expect(broken({ unpaid: parked('deciding') })[0]).toEqual({
      property: 'final-means-settled',
      message: 'failed while what bank.refund would give back is held',
      path: [
        'start ⇒ paying',
        'pay → unknown, but it took effect ⇒ refunding',
        'refund → refused ⇒ unpaid',
        'RETRY ⇒ failed',
      ],
    });
  });

  it('ends past the pivot with an effect that was not done', () => {
    const shipping = {
      confirming: calling('desk.confirm', { done: 'shipping', refused: 'refunding', lost: 'unconfirmed', pivot: true }),
      shipping: calling('desk.ship', { done: 'completed', refused: 'completed', lost: 'unshipped' }),
      unshipped: parked('shipping'),
    };
    const { accepted } = sagaEnvironment;
    expect(broken(shipping, taking({ RETRY: [...(accepted['RETRY'] ?? []), 'unshipped'] }))).toEqual([
      {
        property: 'final-means-settled',
        message: 'completed past the pivot, and desk.ship is not done',
        path: [...confirming, 'confirm → done ⇒ shipping', 'ship → refused ⇒ completed'],
      },
    ]);
  });
});

describe('undos-declared', () => {
  const asking = (meta: object) => {
    const paying = calling('bank.pay', { done: 'asking', refused: 'failed', lost: 'refunding', undo: 'bank.refund' });
    const ask = calling('desk.ship', { done: 'taking', refused: 'refunding', lost: 'refunding' });
    return { paying, asking: { ...ask, meta: { ...ask.meta, ...meta } } };
  };

  it('an effect before the pivot that says nothing of its undo', () => {
    expect(broken(asking({}))).toEqual([
      {
        property: 'undos-declared',
        message: 'desk.ship is armed before the pivot, and declares no undo',
        path: ['start ⇒ paying', 'pay → done ⇒ asking'],
      },
    ]);
  });

  it('one that needs none says so', () => {
    expect(broken(asking({ undo: null })).filter(({ property }) => property === 'undos-declared')).toEqual([]);
  });
});

describe('none-forgotten', () => {
  it('an undo that is skipped when the last outcome was failed', () => {
    const paying = calling('bank.pay', { done: 'taking', refused: 'failed', lost: 'refunding', undo: 'bank.refund' });
    const invoke = {
      id: 'pay',
      src: 'bank.pay',
      onDone: [{ guard: 'done', target: 'taking' }, { target: 'failed' }],
      onError: [{ guard: 'failed', target: 'failed' }, { target: 'refunding' }],
    } as const;
    expect(broken({ paying: { ...paying, invoke } })).toEqual([
      {
        property: 'none-forgotten',
        message: 'failed while bank.refund is owed',
        path: ['start ⇒ paying', 'pay → failed ⇒ failed'],
      },
    ]);
  });

  it('a refusal that is not remembered says nothing of an earlier claim', () => {
    const { 'bank.pay': pay, ...effects } = environment().effects;
    const forgetful = { ...sagaEnvironment, effects: { ...effects, 'bank.pay': { outcomes: pay?.outcomes ?? [] } } };
    expect(broken({}, forgetful)).toEqual([
      {
        property: 'none-forgotten',
        message: 'failed while bank.refund is owed',
        path: ['start ⇒ paying', 'pay → refused ⇒ failed'],
      },
    ]);
  });

  it('RETRY that goes on from a parked undo without it', () => {
    expect(broken({ unput: parked('failed') }).map(({ property, path }) => ({ property, last: path.at(-1) }))).toEqual([
      { property: 'final-means-settled', last: 'RETRY ⇒ failed' },
      { property: 'none-forgotten', last: 'RETRY ⇒ failed' },
    ]);
  });
});

describe('no-undo-unarmed', () => {
  it('an undo of what was never armed', () => {
    expect(broken({ deciding: { always: 'putting' } })).toEqual([
      {
        property: 'no-undo-unarmed',
        message: 'shelf.put is armed, but there is nothing that it would undo',
        path: ['start ⇒ paying', 'pay → failed ⇒ refunding', 'refund → done ⇒ putting'],
      },
    ]);
  });

  it('an undo of what was refused for good', () => {
    expect(broken({ untaken: { entry: 'count', always: 'refunding' } })).toEqual([
      {
        property: 'no-undo-unarmed',
        message: 'shelf.put is armed, but there is nothing that it would undo',
        path: [...paid, 'take → refused ⇒ refunding', 'refund → done ⇒ putting'],
      },
    ]);
  });
});

describe('undone-once', () => {
  it('an undo that is asked for again after it was done', () => {
    const twice = {
      putting: calling('shelf.put', { done: 'again', refused: 'unput', lost: 'unput' }),
      again: calling('bank.refund', { done: 'failed', refused: 'failed', lost: 'failed' }),
    };
    expect(broken(twice)[0]).toEqual({
      property: 'undone-once',
      message: 'bank.refund is armed after it was done',
      path: [...paid, 'take → failed ⇒ refunding', 'refund → done ⇒ putting', 'put → done ⇒ again'],
    });
  });
});

describe('declared-order', () => {
  it('an undo that is done before one whose state stands before its own', () => {
    const { refunding = {}, ...others } = saga;
    // Last in document order now.
    const states = { ...others, refunding };
    expect(found(toy(states), sagaEnvironment)).toEqual([
      {
        property: 'declared-order',
        message: 'bank.refund is done before shelf.put, which is declared first',
        path: [...paid, 'take → failed ⇒ refunding', 'refund → done ⇒ putting', 'put → done ⇒ failed'],
      },
    ]);
  });
});

describe('left-pending-is-owed', () => {
  it('an effect without an undo that is left while it is pending', () => {
    const machine = toy({
      sending: { ...calling('desk.ship', { done: 'end', refused: 'end', lost: 'end' }), on: { GO: 'end' } },
      end: final,
    });
    expect(found(machine, taking({ GO: ['sending'] }))).toEqual([
      {
        property: 'left-pending-is-owed',
        message: 'desk.ship is left pending, and no undo is owed for it',
        path: ['start ⇒ sending', 'GO ⇒ end'],
      },
    ]);
  });

  it('an effect with an undo may be left: that is owed then', () => {
    const taken = { ...saga['taking'], on: { GO: 'refunding' } };
    expect(broken({ taking: taken }, taking({ ...sagaEnvironment.accepted, GO: ['taking'] }))).toEqual([]);
  });
});

describe('pivot-is-final', () => {
  it('turns back when the answer of the pivot is lost', () => {
    const lost = {
      confirming: calling('desk.confirm', { done: 'completed', refused: 'refunding', lost: 'refunding', pivot: true }),
      unconfirmed: final,
    };
    expect(
      broken(lost, taking({ RETRY: ['unpaid', 'unput'] })).find(({ property }) => property === 'pivot-is-final'),
    ).toEqual({
      property: 'pivot-is-final',
      message: 'bank.refund is armed past the pivot',
      path: [...confirming, 'confirm → unknown, but it took effect ⇒ refunding'],
    });
  });

  it('takes an event past the pivot, and turns back', () => {
    const confirmed = { ...saga['confirming'], on: { GO: 'refunding' } };
    const findings = broken({ confirming: confirmed }, taking({ ...sagaEnvironment.accepted, GO: ['confirming'] }));
    expect(findings.find(({ property }) => property === 'pivot-is-final')).toEqual({
      property: 'pivot-is-final',
      message: 'bank.refund is armed past the pivot',
      path: [...confirmedUnheard, 'GO ⇒ refunding'],
    });
  });
});
