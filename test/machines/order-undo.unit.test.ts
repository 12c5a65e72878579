/** The way back: money, stock, order, each only if owed, each parked rather than forgotten. */
import { describe, expect, it } from 'vitest';
import type { OrderEvent, OrderInvokes, Settlement } from '../../src/machines/order-context.ts';
import { done, uncertain } from '../support/saga.ts';
import {
  at,
  cancel,
  cancelRefused,
  captureDeclined,
  captureExpired,
  captured,
  confirmRefused,
  creationRefused,
  expired,
  input,
  nothingUndone,
  type Order,
  orderCancelled,
  outOfStock,
  refunded,
  released,
  releaseRefused,
  resolve,
  retry,
  seen,
  settlement,
  spent,
  totalCents,
  undoRefused,
  voided,
} from './order-fixture.ts';

describe('what is owed is undone in the order money, stock, order', () => {
  it.each<{ why: string; order: () => Order; undos: [OrderEvent, string][] }>([
    {
      why: 'authorization unknown',
      order: () => spent(at.authorizing(), 'authorize'),
      undos: [[voided, 'payments.undo']],
    },
    {
      why: 'creation refused',
      order: () => at.creatingOrder().when(creationRefused),
      undos: [[voided, 'payments.undo']],
    },
    {
      why: 'creation unknown',
      order: () => spent(at.creatingOrder(), 'createOrder'),
      undos: [
        [voided, 'payments.undo'],
        [orderCancelled, 'orders.cancel'],
      ],
    },
    {
      why: 'out of stock',
      order: () => at.reservingInventory().when(outOfStock),
      undos: [
        [voided, 'payments.undo'],
        [orderCancelled, 'orders.cancel'],
      ],
    },
    {
      why: 'reservation unknown',
      order: () => spent(at.reservingInventory(), 'reserve'),
      undos: [
        [voided, 'payments.undo'],
        [released, 'inventory.release'],
        [orderCancelled, 'orders.cancel'],
      ],
    },
    {
      why: 'capture declined',
      order: () => at.capturingPayment().when(captureDeclined),
      undos: [
        [voided, 'payments.undo'],
        [released, 'inventory.release'],
        [orderCancelled, 'orders.cancel'],
      ],
    },
    {
      why: 'confirmation refused',
      order: () => at.confirmingOrder().when(confirmRefused),
      undos: [
        [refunded, 'payments.undo'],
        [released, 'inventory.release'],
        [orderCancelled, 'orders.cancel'],
      ],
    },
  ])('$why', ({ order, undos }) => {
    let state = order();
    for (const [undone, effect] of undos) {
      expect([state.meta['status'], state.armed.map(({ src }) => src)]).toEqual(['COMPENSATING', [effect]]);
      state = state.when(undone);
    }
    expect([state.path, state.meta['status'], state.isFinal, seen(state).owes]).toEqual(['failed', 'FAILED', true, []]);
    const reason = state.context.failure?.code;
    expect(state.told.map(({ event }) => event)).toEqual([
      { type: 'ORDER_ENDED', orderId: input.orderId, outcome: 'failed', reason },
    ]);
  });
});

describe('the payment is kept true to what the undo tells', () => {
  const zero = { authorizedCents: 0, capturedCents: 0, voidedCents: 0, refundedCents: 0, expiredCents: 0 };
  it.each<{ why: string; order: Order; payment: Partial<typeof zero> }>([
    {
      why: 'void',
      order: at.undoingPayment().when(voided),
      payment: { authorizedCents: totalCents, voidedCents: totalCents },
    },
    {
      why: 'refund of an answered capture',
      order: at.capturingPayment().when(cancel, captured, refunded),
      payment: { authorizedCents: totalCents, capturedCents: totalCents, refundedCents: totalCents },
    },
    {
      why: 'refund of a capture whose answer was lost',
      order: spent(at.capturingPayment(), 'capture').when(refunded),
      payment: { authorizedCents: totalCents, capturedCents: totalCents, refundedCents: totalCents },
    },
    {
      why: 'void of an authorization whose answer was lost',
      order: spent(at.authorizing(), 'authorize').when(voided),
      payment: { authorizedCents: totalCents, voidedCents: totalCents },
    },
    { why: 'nothing to undo', order: spent(at.authorizing(), 'authorize').when(nothingUndone), payment: {} },
    {
      why: 'an expiry told by the capture and by the undo counts once',
      order: at.capturingPayment().when(captureExpired, expired),
      payment: { authorizedCents: totalCents, expiredCents: totalCents },
    },
    {
      why: 'a void that contradicts an answered capture is not papered over',
      order: at.capturingPayment().when(cancel, captured, voided),
      payment: { authorizedCents: totalCents, capturedCents: totalCents, voidedCents: totalCents },
    },
  ])('$why', ({ order, payment }) => {
    const { authorizationId, declineCode, settlement, ...cents } = order.context.payment;
    expect(cents).toEqual({ ...zero, ...payment });
    expect([declineCode, settlement]).toEqual([null, null]);
    expect(authorizationId).toBe(order.context.failure?.code === 'authorization_unknown' ? null : 'auth-1');
  });
});

describe.each<{ step: keyof typeof at; id: keyof OrderInvokes; refusal: OrderEvent; code: string; owes: string[] }>([
  {
    step: 'undoingPayment',
    id: 'undoPayment',
    refusal: undoRefused,
    code: 'gateway_says_no',
    owes: ['money', 'stock', 'order'],
  },
  {
    step: 'releasingStock',
    id: 'release',
    refusal: releaseRefused,
    code: 'reservation_sold',
    owes: ['stock', 'order'],
  },
  { step: 'cancellingOrder', id: 'cancelOrder', refusal: cancelRefused, code: 'order_confirmed', owes: ['order'] },
])('$step', ({ step, id, refusal, code, owes }) => {
  const parked = {
    path: `compensating.${step}.parked`,
    status: 'NEEDS_ATTENTION',
    armed: [],
    timers: [],
    owes,
    failure: { code: 'capture_declined', detail: null },
  };

  it('attempts spent → parked, still owed', () => {
    const order = spent(at[step](), id);
    expect(seen(order)).toEqual(parked);
    expect(order.tags).toEqual(['accepted', 'compensating', 'parked']);
    expect(order.context.step).toEqual({ attempts: 5, random: 0.5, trouble: { outcome: 'unknown', code: 'timeout' } });
  });

  it('refused → parked at once, still owed', () => {
    const order = at[step]().when(refusal);
    expect(seen(order)).toEqual(parked);
    expect(order.context.step).toEqual({ attempts: 0, random: 0, trouble: { outcome: 'refused', code } });
  });

  it('RETRY → calls again with all attempts', () => {
    const retried = spent(at[step](), id).when(retry);
    expect(seen(retried)).toEqual(seen(at[step]()));
    expect(retried.context.step).toEqual({ attempts: 0, random: 0, trouble: null });
    expect(spent(retried, id).path).toBe(parked.path);
  });

  it('RETRY is not accepted before it is parked', () => {
    expect([at[step]().accepts(retry), at[step]().when(uncertain(id, 'failed')).accepts(retry)]).toEqual([
      false,
      false,
    ]);
  });
});

describe('RESOLVE', () => {
  it('records the settlement beside the sums, and goes on with the stock', () => {
    const order = spent(at.undoingPayment(), 'undoPayment').when(resolve);
    expect(seen(order)).toMatchObject({
      path: 'compensating.releasingStock.calling',
      armed: ['inventory.release'],
      owes: ['stock', 'order'],
    });
    expect(order.context.payment).toEqual({
      authorizationId: 'auth-1',
      authorizedCents: totalCents,
      capturedCents: 0,
      voidedCents: 0,
      refundedCents: 0,
      expiredCents: 0,
      declineCode: null,
      settlement,
    });
  });

  it('skips what is not owed', () => {
    const order = at.creatingOrder().when(creationRefused, undoRefused, resolve);
    expect([order.path, order.isFinal]).toEqual(['failed', true]);
  });

  it('keeps nothing but the settlement it knows', () => {
    const order = spent(at.undoingPayment(), 'undoPayment');
    const padded = { ...settlement, email: 'test@example.com' };
    expect(order.when({ type: 'RESOLVE', settlement: padded }).context.payment.settlement).toEqual(settlement);
  });

  it.each<[string, Partial<Record<keyof Settlement, unknown>>]>([
    ['nobody', { by: ' ' }],
    ['no reason', { why: '' }],
    ['negative cents', { voidedCents: -1 }],
    ['half cents', { refundedCents: 0.5 }],
    ['cents as text', { refundedCents: '1' }],
    ['cents left out', { voidedCents: undefined }],
  ])('is not accepted with %s', (_, wrong) => {
    const order = spent(at.undoingPayment(), 'undoPayment');
    const event = { type: 'RESOLVE', settlement: { ...settlement, ...wrong } as Settlement } as const;
    expect([order.accepts(resolve), order.accepts(event)]).toEqual([true, false]);
  });

  it('is not accepted without a settlement', () => {
    const order = spent(at.undoingPayment(), 'undoPayment');
    expect(order.accepts({ type: 'RESOLVE' } as typeof resolve)).toBe(false);
  });

  it.each<[string, () => Order]>([
    ['an undo still being tried', at.undoingPayment],
    ['parked stock', () => spent(at.releasingStock(), 'release')],
    ['a parked cancellation', () => spent(at.cancellingOrder(), 'cancelOrder')],
    ['the parked pivot', () => spent(at.confirmingOrder(), 'confirm')],
  ])('is not accepted for %s', (_, order) => {
    expect(order().accepts(resolve)).toBe(false);
  });
});

it('a late outcome of an abandoned call is not accepted by the compensation', () => {
  const order = at.capturingPayment().when(uncertain('capture', 'unknown'), cancel);
  expect(
    [captured, captureDeclined, uncertain('capture', 'failed'), done('release', {})].map((late) => order.accepts(late)),
  ).toEqual([false, false, false, false]);
});
