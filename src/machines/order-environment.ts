/** Everything that an order can meet. */
import { maxAttempts } from './delays.ts';
import type { Environment } from './environment.ts';
import { orderAnswers } from './order-answers.ts';
import { newOrder, type OrderCommand, type OrderInput, type OrderInvokes, type OrderStatus } from './order-context.ts';

const totalCents = 5_998;
const productId = '0198c0de-0000-7000-8000-00000000a001';
const input: OrderInput = {
  orderId: '0198c0de-0000-7000-8000-000000000001',
  userId: '0198c0de-0000-7000-8000-00000000b001',
  currency: 'USD',
  totalCents,
  items: [{ productId, quantity: 2, unitPriceCents: 2_999 }],
};
const blank = newOrder(input);
const answers = orderAnswers({ ...blank, payment: { ...blank.payment, authorizationId: 'auth-1' } });

/** Input, effects and specimens of an order for two mice. No personal data, no token. */
export const orderEnvironment = {
  input,
  effects: {
    'payments.authorize': { outcomes: answers['payments.authorize'], remembersRefusals: true },
    'payments.capture': { outcomes: answers['payments.capture'] },
    'payments.undo': { outcomes: answers['payments.undo'] },
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
    'inventory.reserve': { outcomes: answers['inventory.reserve'], remembersRefusals: true },
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
