/** The order saga going forward: every step, every outcome. */
import { describe, expect, it } from 'vitest';
import type { OrderEvent, OrderInvokes } from '../../src/machines/order-context.ts';
import { uncertain } from '../support/saga.ts';
import {
  at,
  authorized,
  captureDeclined,
  captured,
  captureExpired,
  commitRefused,
  committed,
  confirmed,
  confirmRefused,
  created,
  creationRefused,
  declined,
  input,
  type Order,
  outOfStock,
  released,
  reserved,
  retry,
  seen,
  short,
  spent,
  totalCents,
  voided,
} from './order-fixture.ts';

const week = 'authorizationExpiry 604800000';
const quarter = 'reservationExpiry 900000';
const untouched = {
  authorizationId: null,
  authorizedCents: 0,
  capturedCents: 0,
  voidedCents: 0,
  refundedCents: 0,
  expiredCents: 0,
  declineCode: null,
  settlement: null,
};

describe('the happy path', () => {
  it('starts by asking for the authorization, which owes an undo from then on', () => {
    const order = at.authorizing();
    expect(seen(order)).toEqual({
      path: 'authorizing.calling',
      status: 'AWAITING_AUTHORIZATION',
      armed: ['payments.authorize'],
      timers: [],
      owes: ['money'],
      failure: null,
    });
    expect(order.context).toEqual({
      ...input,
      payment: untouched,
      owes: { money: true, stock: false, order: false },
      failure: null,
      step: { attempts: 0, random: 0, trouble: null },
    });
  });

  it.each<{
    from: keyof typeof at;
    when: OrderEvent;
    to: string;
    status: string;
    armed: string;
    input: object;
    timers: string[];
    owes: string[];
  }>([
    {
      from: 'authorizing',
      when: authorized,
      to: 'fulfilling.creatingOrder.calling',
      status: 'AUTHORIZED',
      armed: 'orders.create',
      input: { userId: input.userId, currency: 'USD', totalCents, items: input.items },
      timers: [week],
      owes: ['money', 'order'],
    },
    {
      from: 'creatingOrder',
      when: created,
      to: 'fulfilling.reservingInventory.calling',
      status: 'ORDER_CREATED',
      armed: 'inventory.reserve',
      input: { items: [{ productId: input.items[0]?.productId, quantity: 2 }] },
      timers: [week],
      owes: ['money', 'stock', 'order'],
    },
    {
      from: 'reservingInventory',
      when: reserved,
      to: 'fulfilling.capturingPayment.calling',
      status: 'INVENTORY_RESERVED',
      armed: 'payments.capture',
      input: { authorizationId: 'auth-1', amountCents: totalCents, currency: 'USD' },
      timers: [week, quarter],
      owes: ['money', 'stock', 'order'],
    },
    {
      from: 'capturingPayment',
      when: captured,
      to: 'confirmingOrder.calling',
      status: 'PAYMENT_CAPTURED',
      armed: 'orders.confirm',
      input: {},
      timers: [],
      owes: ['money', 'stock', 'order'],
    },
    {
      from: 'confirmingOrder',
      when: confirmed,
      to: 'committingStock.calling',
      status: 'PAYMENT_CAPTURED',
      armed: 'inventory.commit',
      input: {},
      timers: [],
      owes: [],
    },
  ])('$from: done → $to, arms $armed', ({ from, when, to, status, armed, input, timers, owes }) => {
    const order = at[from]().when(when);
    expect(seen(order)).toEqual({ path: to, status, armed: [armed], timers, owes, failure: null });
    expect(order.armed[0]?.input).toEqual(input);
  });

  it('committingStock: done → completed, nothing owed, the notice told', () => {
    const order = at.committingStock().when(committed);
    expect(seen(order)).toEqual({
      path: 'completed',
      status: 'COMPLETED',
      armed: [],
      timers: [],
      owes: [],
      failure: null,
    });
    expect(order.isFinal).toBe(true);
    expect(order.context.payment).toEqual({
      ...untouched,
      authorizationId: 'auth-1',
      authorizedCents: totalCents,
      capturedCents: totalCents,
    });
    expect(order.told).toEqual([
      {
        machine: 'order-notice',
        id: '0198c0de-0000-8000-8000-000000000001',
        event: { type: 'ORDER_ENDED', orderId: input.orderId, outcome: 'completed', reason: null },
      },
    ]);
  });
});

describe('refused', () => {
  it('authorizing → authorizationFailed, nothing owed, the notice told why', () => {
    const order = at.authorizing().when(declined);
    const failure = { code: 'payment_declined', detail: { declineCode: 'insufficient_funds' } };
    expect(seen(order)).toEqual({
      path: 'authorizationFailed',
      status: 'AUTHORIZATION_FAILED',
      armed: [],
      timers: [],
      owes: [],
      failure,
    });
    expect(order.isFinal).toBe(true);
    expect(order.tags).toEqual([]);
    expect(order.context.payment).toEqual({ ...untouched, declineCode: 'insufficient_funds' });
    expect(order.told.map(({ event }) => event)).toEqual([
      { type: 'ORDER_ENDED', orderId: input.orderId, outcome: 'authorization_failed', reason: 'payment_declined' },
    ]);
  });

  it.each<{ from: keyof typeof at; when: OrderEvent; failure: object; owes: string[] }>([
    {
      from: 'creatingOrder',
      when: creationRefused,
      failure: { code: 'order_cancelled', detail: null },
      owes: ['money'],
    },
    {
      from: 'reservingInventory',
      when: outOfStock,
      failure: { code: 'insufficient_stock', detail: { short } },
      owes: ['money', 'order'],
    },
    {
      from: 'capturingPayment',
      when: captureDeclined,
      failure: { code: 'capture_declined', detail: null },
      owes: ['money', 'stock', 'order'],
    },
    {
      from: 'capturingPayment',
      when: captureExpired,
      failure: { code: 'authorization_expired', detail: null },
      owes: ['money', 'stock', 'order'],
    },
    {
      from: 'confirmingOrder',
      when: confirmRefused,
      failure: { code: 'order_cancelled', detail: null },
      owes: ['money', 'stock', 'order'],
    },
  ])(
    '$from: $failure.code → compensating at once, begins with the money, timers gone',
    ({ from, when, failure, owes }) => {
      expect(seen(at[from]().when(when))).toEqual({
        path: 'compensating.undoingPayment.calling',
        status: 'COMPENSATING',
        armed: ['payments.undo'],
        timers: [],
        owes,
        failure,
      });
    },
  );

  it('capturingPayment: authorization_expired is noted in the payment', () => {
    expect(at.capturingPayment().when(captureExpired).context.payment).toEqual({
      ...untouched,
      authorizationId: 'auth-1',
      authorizedCents: totalCents,
      expiredCents: totalCents,
    });
  });

  it('committingStock → parked at once: past the pivot nothing is taken back', () => {
    const order = at.committingStock().when(commitRefused);
    expect(seen(order)).toEqual({
      path: 'committingStock.parked',
      status: 'NEEDS_ATTENTION',
      armed: [],
      timers: [],
      owes: [],
      failure: null,
    });
    expect(order.context.step.trouble).toEqual({ outcome: 'refused', code: 'reservation_not_found' });
  });
});

describe('failed and unknown', () => {
  const forward: { step: keyof typeof at; id: keyof OrderInvokes; path: string; timers: string[] }[] = [
    { step: 'authorizing', id: 'authorize', path: 'authorizing', timers: [] },
    { step: 'creatingOrder', id: 'createOrder', path: 'fulfilling.creatingOrder', timers: [week] },
    { step: 'reservingInventory', id: 'reserve', path: 'fulfilling.reservingInventory', timers: [week] },
    { step: 'capturingPayment', id: 'capture', path: 'fulfilling.capturingPayment', timers: [week, quarter] },
    { step: 'confirmingOrder', id: 'confirm', path: 'confirmingOrder', timers: [] },
    { step: 'committingStock', id: 'commit', path: 'committingStock', timers: [] },
    { step: 'undoingPayment', id: 'undoPayment', path: 'compensating.undoingPayment', timers: [] },
    { step: 'releasingStock', id: 'release', path: 'compensating.releasingStock', timers: [] },
    { step: 'cancellingOrder', id: 'cancelOrder', path: 'compensating.cancellingOrder', timers: [] },
  ];

  describe.each(forward)('$step', ({ step, id, path, timers }) => {
    it.each(['failed', 'unknown'] as const)('%s → waits, longer each time, and calls again', (type) => {
      let order: Order = at[step]();
      const start = order;
      for (const [i, waitMs] of [500, 2_500, 12_000, 64_000].entries()) {
        const random = [0, 0.25, 0.5, 1][i] ?? 0;
        order = order.when(uncertain(id, type, { random }));
        expect(seen(order)).toEqual({
          ...seen(start),
          path: `${path}.backingOff`,
          armed: [],
          timers: [...timers, `backoff ${waitMs}`],
        });
        expect(order.context.step).toEqual({
          attempts: i + 1,
          random,
          trouble: { outcome: type, code: 'unavailable' },
        });
        order = order.whenDue('backoff');
        expect(seen(order)).toEqual(seen(start));
      }
    });
  });

  it.each<{ step: keyof typeof at; id: keyof OrderInvokes; done: OrderEvent }>([
    { step: 'authorizing', id: 'authorize', done: authorized },
    { step: 'creatingOrder', id: 'createOrder', done: created },
    { step: 'reservingInventory', id: 'reserve', done: reserved },
    { step: 'capturingPayment', id: 'capture', done: captured },
    { step: 'capturingPayment', id: 'capture', done: captureDeclined },
    { step: 'confirmingOrder', id: 'confirm', done: confirmed },
    { step: 'undoingPayment', id: 'undoPayment', done: voided },
    { step: 'releasingStock', id: 'release', done: released },
  ])('$step: settled at the last attempt → the next step has all attempts again', ({ step, id, done }) => {
    const failed = uncertain(id, 'failed');
    const last = [1, 2, 3, 4].reduce((order: Order) => order.when(failed).whenDue('backoff'), at[step]());
    expect(last.context.step.attempts).toBe(4);
    expect(last.when(done).context.step).toEqual({ attempts: 0, random: 0, trouble: null });
  });

  it.each([
    { step: 'authorizing', id: 'authorize', code: 'authorization_unknown', owes: ['money'] },
    { step: 'creatingOrder', id: 'createOrder', code: 'order_creation_unknown', owes: ['money', 'order'] },
    { step: 'reservingInventory', id: 'reserve', code: 'reservation_unknown', owes: ['money', 'stock', 'order'] },
    { step: 'capturingPayment', id: 'capture', code: 'capture_unknown', owes: ['money', 'stock', 'order'] },
  ] as const)('$step: attempts spent → compensating, $code', ({ step, id, code, owes }) => {
    expect(seen(spent(at[step](), id))).toEqual({
      path: 'compensating.undoingPayment.calling',
      status: 'COMPENSATING',
      armed: ['payments.undo'],
      timers: [],
      owes,
      failure: { code, detail: { outcome: 'unknown', code: 'timeout' } },
    });
  });

  it.each([
    { step: 'confirmingOrder', id: 'confirm', effect: 'orders.confirm' },
    { step: 'committingStock', id: 'commit', effect: 'inventory.commit' },
  ] as const)('$step: attempts spent → parked; RETRY → calls again with all attempts', ({ step, id, effect }) => {
    const parked = spent(at[step](), id);
    expect(seen(parked)).toEqual({ ...seen(at[step]()), path: `${step}.parked`, status: 'NEEDS_ATTENTION', armed: [] });
    expect(parked.tags).toEqual(['accepted', 'parked']);
    expect(parked.context.step).toEqual({ attempts: 5, random: 0.5, trouble: { outcome: 'unknown', code: 'timeout' } });
    const retried = parked.when(retry);
    expect(seen(retried)).toEqual(seen(at[step]()));
    expect(retried.armed.map(({ src }) => src)).toEqual([effect]);
    expect(spent(retried, id).path).toBe(`${step}.parked`);
  });
});
