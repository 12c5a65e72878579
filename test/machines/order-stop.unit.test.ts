/** Stopping an order: CANCEL and the two expiries, remembered while an effect is pending, acted on while waiting. */
import { describe, expect, it } from 'vitest';
import type { OrderEvent, OrderInvokes } from '../../src/machines/order-context.ts';
import { uncertain } from '../support/saga.ts';
import {
  at,
  authorized,
  cancel,
  captureDeclined,
  captured,
  committed,
  created,
  creationRefused,
  declined,
  nothingUndone,
  type Order,
  orderCancelled,
  outOfStock,
  refunded,
  released,
  reserved,
  seen,
  spent,
} from './order-fixture.ts';

const cancelled = { code: 'cancelled_by_customer', detail: null };
const compensating = {
  path: 'compensating.undoingPayment.calling',
  status: 'COMPENSATING',
  armed: ['payments.undo'],
  timers: [],
};

const stoppable: { step: keyof typeof at; id: keyof OrderInvokes; done: OrderEvent; owes: string[] }[] = [
  { step: 'authorizing', id: 'authorize', done: authorized, owes: ['money'] },
  { step: 'creatingOrder', id: 'createOrder', done: created, owes: ['money', 'order'] },
  { step: 'reservingInventory', id: 'reserve', done: reserved, owes: ['money', 'stock', 'order'] },
  { step: 'capturingPayment', id: 'capture', done: captured, owes: ['money', 'stock', 'order'] },
];

describe.each(stoppable)('CANCEL in $step', ({ step, id, done, owes }) => {
  it('is remembered while the effect is pending, which is not armed again', () => {
    const before = at[step]();
    const order = before.when(cancel);
    expect(seen(order)).toEqual({ ...seen(before), armed: [], failure: cancelled });
    expect(order.pending).toEqual([id]);
    expect(order.accepts(cancel)).toBe(false);
  });

  it('remembered, then done → compensating with what was done', () => {
    const order = at[step]().when(cancel, done);
    expect(seen(order)).toEqual({ ...compensating, owes, failure: cancelled });
    expect(order.tags).toEqual(['accepted', 'compensating']);
  });

  it.each(['failed', 'unknown'] as const)('remembered, then %s → compensating instead of backing off', (type) => {
    expect(seen(at[step]().when(cancel, uncertain(id, type)))).toEqual({ ...compensating, owes, failure: cancelled });
  });

  it('remembered at the last attempt, then failed → still cancelled', () => {
    const last = [1, 2, 3, 4].reduce(
      (order: Order) => order.when(uncertain(id, 'failed')).whenDue('backoff'),
      at[step](),
    );
    expect(seen(last.when(cancel, uncertain(id, 'failed')))).toEqual({ ...compensating, owes, failure: cancelled });
  });

  it('while backing off → compensating at once', () => {
    const order = at[step]().when(uncertain(id, 'unknown'));
    expect(seen(order.when(cancel))).toEqual({ ...compensating, owes, failure: cancelled });
  });
});

describe('a stop remembered, then refused: as refused', () => {
  it('authorizing → authorizationFailed', () => {
    const order = at.authorizing().when(cancel, declined);
    expect([order.path, order.context.failure?.code]).toEqual(['authorizationFailed', 'payment_declined']);
  });

  it.each<{ step: keyof typeof at; refusal: OrderEvent; owes: string[] }>([
    { step: 'creatingOrder', refusal: creationRefused, owes: ['money'] },
    { step: 'reservingInventory', refusal: outOfStock, owes: ['money', 'order'] },
    { step: 'capturingPayment', refusal: captureDeclined, owes: ['money', 'stock', 'order'] },
  ])('$step → compensating towards failed', ({ step, refusal, owes }) => {
    const straight = at[step]().when(refusal);
    const stopped = at[step]().when(cancel, refusal);
    expect(seen(stopped)).toEqual(seen(straight));
    expect(seen(stopped).owes).toEqual(owes);
  });
});

it('the customer cancels while the capture is pending → refunded, released, cancelled, told', () => {
  const order = at.capturingPayment().when(cancel, captured, refunded, released, orderCancelled);
  expect(seen(order)).toEqual({
    path: 'cancelled',
    status: 'CANCELLED',
    armed: [],
    timers: [],
    owes: [],
    failure: cancelled,
  });
  expect(order.told.map(({ event }) => event)).toEqual([
    { type: 'ORDER_ENDED', orderId: order.context.orderId, outcome: 'cancelled', reason: 'cancelled_by_customer' },
  ]);
});

it('the customer cancels before any authorization was answered → voided by key, cancelled', () => {
  const order = at.authorizing().when(uncertain('authorize', 'unknown'), cancel, nothingUndone);
  expect([order.path, order.isFinal, seen(order).owes]).toEqual(['cancelled', true, []]);
});

describe('CANCEL is not accepted', () => {
  const late: Record<string, () => Order> = {
    confirmingOrder: at.confirmingOrder,
    'confirmingOrder, backing off': () => at.confirmingOrder().when(uncertain('confirm', 'unknown')),
    'confirmingOrder, parked': () => spent(at.confirmingOrder(), 'confirm'),
    committingStock: at.committingStock,
    'committingStock, parked': () => spent(at.committingStock(), 'commit'),
    completed: () => at.committingStock().when(committed),
    undoingPayment: at.undoingPayment,
    'undoingPayment, backing off': () => at.undoingPayment().when(uncertain('undoPayment', 'failed')),
    'undoingPayment, parked': () => spent(at.undoingPayment(), 'undoPayment'),
    releasingStock: at.releasingStock,
    cancellingOrder: at.cancellingOrder,
    failed: () => at.cancellingOrder().when(orderCancelled),
    authorizationFailed: () => at.authorizing().when(declined),
    'a step that remembers an expiry': () => at.creatingOrder().whenDue('authorizationExpiry'),
  };
  it.each(Object.keys(late))('in %s', (name) => {
    expect(late[name]?.().accepts(cancel)).toBe(false);
  });
});

describe.each([
  {
    timer: 'authorizationExpiry',
    step: 'creatingOrder',
    id: 'createOrder',
    done: created,
    code: 'authorization_expired',
  },
  {
    timer: 'authorizationExpiry',
    step: 'reservingInventory',
    id: 'reserve',
    done: reserved,
    code: 'authorization_expired',
  },
  {
    timer: 'authorizationExpiry',
    step: 'capturingPayment',
    id: 'capture',
    done: captured,
    code: 'authorization_expired',
  },
  { timer: 'reservationExpiry', step: 'capturingPayment', id: 'capture', done: captured, code: 'reservation_expired' },
] as const)('$timer in $step', ({ timer, step, id, done, code }) => {
  const failure = { code, detail: null };

  it('is remembered while the effect is pending; the timer is gone and the effect not armed again', () => {
    const before = at[step]();
    const order = before.whenDue(timer);
    const timers = seen(before).timers.filter((it) => !it.startsWith(timer));
    expect(seen(order)).toEqual({ ...seen(before), armed: [], timers, failure });
    expect(order.pending).toEqual([id]);
  });

  it('remembered, then done → compensating', () => {
    expect(seen(at[step]().whenDue(timer).when(done))).toMatchObject({ ...compensating, failure });
  });

  it('remembered, then failed → compensating instead of backing off', () => {
    expect(seen(at[step]().whenDue(timer).when(uncertain(id, 'failed')))).toMatchObject({ ...compensating, failure });
  });

  it('while backing off → compensating at once', () => {
    const order = at[step]().when(uncertain(id, 'failed')).whenDue(timer);
    expect(seen(order)).toMatchObject({ ...compensating, failure });
  });

  it('after a remembered CANCEL is taken, and changes nothing', () => {
    const order = at[step]().when(cancel).whenDue(timer);
    expect([order.context.failure, order.pending]).toEqual([cancelled, [id]]);
  });
});

it('retries do not start the expiries anew', () => {
  const order = at.capturingPayment().when(uncertain('capture', 'failed')).whenDue('backoff');
  // Re-armed timers would stand behind the backoff, and twice.
  expect(seen(order).timers).toEqual(seen(at.capturingPayment()).timers);
});

it('an expired reservation ends in failed', () => {
  const order = at.capturingPayment().whenDue('reservationExpiry').when(captured, refunded, released, orderCancelled);
  expect(order.told.map(({ event }) => event)).toEqual([
    { type: 'ORDER_ENDED', orderId: order.context.orderId, outcome: 'failed', reason: 'reservation_expired' },
  ]);
});
