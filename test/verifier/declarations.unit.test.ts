import { describe, expect, it } from 'vitest';
import { actorMachine } from '../../src/actors/index.ts';
import { orderMachine, orderNoticeMachine } from '../../src/machines/index.ts';
import { declarationsOf, isWithin, parentOf } from '../../src/verifier/declarations.ts';

describe('what meta declares', () => {
  it('of the order machine: two effects share the undo of money; the pivot is declared by the step around its effect', () => {
    const { undoOf, undos, pivots, stepsOf } = declarationsOf(actorMachine(orderMachine, '1'));
    expect(Object.fromEntries(undoOf)).toEqual({
      'payments.authorize': 'payments.undo',
      'payments.capture': 'payments.undo',
      'orders.create': 'orders.cancel',
      'inventory.reserve': 'inventory.release',
    });
    expect(undos).toEqual(['payments.undo', 'inventory.release', 'orders.cancel']);
    expect([...pivots]).toEqual(['orders.confirm']);
    expect(stepsOf.get('payments.capture')).toEqual(['fulfilling.capturingPayment']);
  });

  it('of a machine without undos or pivot: nothing', () => {
    const { undoOf, undos, pivots } = declarationsOf(actorMachine(orderNoticeMachine, '1'));
    expect([undoOf.size, undos, pivots.size]).toEqual([0, [], 0]);
  });
});

describe('paths of states', () => {
  it('lie within themselves, their parents and the root', () => {
    expect(['a.b.c', 'a.b', 'a', ''].every((ancestor) => isWithin('a.b.c', ancestor))).toBe(true);
    expect(['a.b.c.d', 'a.bc', 'b', 'a.b.cd'].some((ancestor) => isWithin('a.b.c', ancestor))).toBe(false);
    expect(['a.b.c', 'a', ''].map(parentOf)).toEqual(['a.b', '', '']);
  });
});
