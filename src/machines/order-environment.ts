/** Everything that an order can meet. */
import { maxAttempts } from './delays.ts';
import type { Environment } from './environment.ts';
import type { OrderCommand, OrderInput, OrderInvokes, OrderStatus } from './order-context.ts';

const totalCents = 5_998;
const productId = '0198c0de-0000-7000-8000-00000000a001';
const nothingMoved = { voidedCents: 0, refundedCents: 0, expiredCents: 0 };

/** Input, effects and specimens of an order for two mice. No personal data, no token. */
export const orderEnvironment = {
  input: {
    orderId: '0198c0de-0000-7000-8000-000000000001',
    userId: '0198c0de-0000-7000-8000-00000000b001',
    currency: 'USD',
    totalCents,
    items: [{ productId, quantity: 2, unitPriceCents: 2_999 }],
  },
  effects: {
    'payments.authorize': {
      outcomes: [
        { type: 'done', value: { authorizationId: 'auth-1', authorizedCents: totalCents } },
        { type: 'refused', value: { code: 'payment_declined', declineCode: 'insufficient_funds' } },
      ],
      remembersRefusals: true,
    },
    'payments.capture': {
      outcomes: [
        { type: 'done', value: { capturedCents: totalCents } },
        { type: 'refused', value: { code: 'capture_declined', expiredCents: 0 } },
        { type: 'refused', value: { code: 'authorization_expired', expiredCents: totalCents } },
      ],
    },
    'payments.undo': {
      outcomes: [
        { type: 'done', value: { settlement: 'voided', ...nothingMoved, voidedCents: totalCents } },
        { type: 'done', value: { settlement: 'refunded', ...nothingMoved, refundedCents: totalCents } },
        { type: 'refused', value: { code: 'refund_refused' } },
      ],
    },
    'orders.create': {
      outcomes: [
        { type: 'done', value: {} },
        { type: 'refused', value: { code: 'order_cancelled' } },
      ],
      remembersRefusals: true,
    },
    'orders.confirm': {
      outcomes: [
        { type: 'done', value: {} },
        { type: 'refused', value: { code: 'order_cancelled' } },
      ],
    },
    'orders.cancel': {
      outcomes: [
        { type: 'done', value: {} },
        { type: 'refused', value: { code: 'order_confirmed' } },
      ],
    },
    'inventory.reserve': {
      outcomes: [
        { type: 'done', value: {} },
        {
          type: 'refused',
          value: { code: 'insufficient_stock', short: [{ productId, requested: 2, available: 1 }] },
        },
      ],
      remembersRefusals: true,
    },
    'inventory.release': {
      outcomes: [
        { type: 'done', value: {} },
        { type: 'refused', value: { code: 'reservation_sold' } },
      ],
    },
    'inventory.commit': {
      outcomes: [
        { type: 'done', value: {} },
        { type: 'refused', value: { code: 'reservation_not_found' } },
      ],
    },
  },
  events: [
    { type: 'CANCEL' },
    { type: 'RETRY' },
    {
      type: 'RESOLVE',
      settlement: { by: 'an operator', why: 'refunded by hand', voidedCents: 0, refundedCents: totalCents },
    },
  ],
  operatorEvents: ['RETRY', 'RESOLVE'],
  settlingEvents: ['RESOLVE'],
  accepted: {
    // Before the pivot; one more stop after the first is ignored.
    CANCEL: ['authorizing', 'fulfilling'],
    RETRY: ['confirmingOrder.parked', 'committingStock.parked', 'compensating.*.parked'],
    // Money alone can be settled by hand.
    RESOLVE: ['compensating.undoingPayment.parked'],
  },
  statuses: {
    AWAITING_AUTHORIZATION: ['AUTHORIZED', 'AUTHORIZATION_FAILED', 'COMPENSATING'],
    AUTHORIZED: ['ORDER_CREATED', 'COMPENSATING'],
    ORDER_CREATED: ['INVENTORY_RESERVED', 'COMPENSATING'],
    INVENTORY_RESERVED: ['PAYMENT_CAPTURED', 'COMPENSATING'],
    PAYMENT_CAPTURED: ['COMPLETED', 'COMPENSATING', 'NEEDS_ATTENTION'],
    COMPENSATING: ['FAILED', 'CANCELLED', 'NEEDS_ATTENTION'],
    // RETRY goes on where it stopped; RESOLVE may have been the last that was owed.
    NEEDS_ATTENTION: ['PAYMENT_CAPTURED', 'COMPENSATING', 'FAILED', 'CANCELLED'],
    AUTHORIZATION_FAILED: [],
    COMPLETED: [],
    FAILED: [],
    CANCELLED: [],
  },
  maxAttempts,
} as const satisfies Environment<OrderInvokes[keyof OrderInvokes], OrderInput, OrderCommand, OrderStatus>;
