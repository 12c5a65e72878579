/** An order for two mice, the outcomes its effects may have, and a way to each of its steps. */
import type { Failure, OrderContext, OrderEvent, OrderInvokes, Undo } from '../../src/machines/order-context.ts';
import { orderMachine } from '../../src/machines/order.ts';
import { done, refused, type Saga, startSaga, uncertain } from '../support/saga.ts';

export type Order = Saga<OrderContext, OrderEvent>;

const mouse = '0198c0de-0000-7000-8000-00000000a001';
export const totalCents = 5_998;

export const input = {
  orderId: '0198c0de-0000-7000-8000-000000000001',
  userId: '550e8400-e29b-41d4-a716-446655440000',
  currency: 'USD',
  totalCents,
  items: [{ productId: mouse, quantity: 2, unitPriceCents: 2_999 }],
};

export const authorized = done('authorize', { authorizationId: 'auth-1', authorizedCents: totalCents });
export const declined = refused('authorize', { code: 'payment_declined', declineCode: 'insufficient_funds' });
export const created = done('createOrder', {});
export const creationRefused = refused('createOrder', { code: 'order_cancelled' });
export const reserved = done('reserve', {});
export const short = [{ productId: mouse, requested: 2, available: 1 }];
export const outOfStock = refused('reserve', { code: 'insufficient_stock', short });
export const captured = done('capture', { capturedCents: totalCents });
export const captureDeclined = refused('capture', { code: 'capture_declined', expiredCents: 0 });
export const captureExpired = refused('capture', { code: 'authorization_expired', expiredCents: totalCents });
export const confirmed = done('confirm', {});
export const confirmRefused = refused('confirm', { code: 'order_cancelled' });
export const committed = done('commit', {});
export const commitRefused = refused('commit', { code: 'reservation_not_found' });

const nothingMoved = { voidedCents: 0, refundedCents: 0, expiredCents: 0 };
export const nothingUndone = done('undoPayment', { settlement: 'nothing', ...nothingMoved });
export const voided = done('undoPayment', { settlement: 'voided', ...nothingMoved, voidedCents: totalCents });
export const refunded = done('undoPayment', { settlement: 'refunded', ...nothingMoved, refundedCents: totalCents });
export const expired = done('undoPayment', { settlement: 'expired', ...nothingMoved, expiredCents: totalCents });
export const undoRefused = refused('undoPayment', { code: 'gateway_says_no' });
export const released = done('release', {});
export const releaseRefused = refused('release', { code: 'reservation_sold' });
export const orderCancelled = done('cancelOrder', {});
export const cancelRefused = refused('cancelOrder', { code: 'order_confirmed' });

export const cancel = { type: 'CANCEL' } as const;
export const retry = { type: 'RETRY' } as const;
export const settlement = { by: 'ada', why: 'refunded by hand', voidedCents: 0, refundedCents: totalCents };
export const resolve = { type: 'RESOLVE', settlement } as const;

/** An order at each step, its effect just armed, nothing having gone wrong. */
export const at = {
  authorizing: (): Order => startSaga(orderMachine, input),
  creatingOrder: () => at.authorizing().when(authorized),
  reservingInventory: () => at.creatingOrder().when(created),
  capturingPayment: () => at.reservingInventory().when(reserved),
  confirmingOrder: () => at.capturingPayment().when(captured),
  committingStock: () => at.confirmingOrder().when(confirmed),
  /** After a capture was declined: money, stock and order are owed. */
  undoingPayment: () => at.capturingPayment().when(captureDeclined),
  releasingStock: () => at.undoingPayment().when(voided),
  cancellingOrder: () => at.releasingStock().when(released),
};

/** The order after all five attempts of its pending effect ended without an answer. */
export function spent(order: Order, id: keyof OrderInvokes): Order {
  const failed = uncertain(id, 'failed');
  const backedOff = [1, 2, 3, 4].reduce((state) => state.when(failed).whenDue('backoff'), order);
  return backedOff.when(uncertain(id, 'unknown', { code: 'timeout' }));
}

/** What a test looks at. Timers as `name ms`; `owes` as the undos still owed. */
export function seen(order: Order): {
  path: string;
  status: unknown;
  armed: string[];
  timers: string[];
  owes: Undo[];
  failure: Failure | null;
} {
  const { money, stock, order: created } = order.context.owes;
  return {
    path: order.path,
    status: order.meta['status'],
    armed: order.armed.map(({ src }) => src),
    timers: order.timers.map(({ name, delayMs }) => `${name} ${delayMs}`),
    owes: [
      ...(money ? ['money' as const] : []),
      ...(stock ? ['stock' as const] : []),
      ...(created ? ['order' as const] : []),
    ],
    failure: order.context.failure,
  };
}
