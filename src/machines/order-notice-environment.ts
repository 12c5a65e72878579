/** Everything that a notice can meet. */
import { maxAttempts } from './delays.ts';
import type { Environment } from './environment.ts';
import { noticeIdOf, type OrderEnded } from './order-ending.ts';

const orderId = '0198c0de-0000-7000-8000-000000000001';

export const orderNoticeEnvironment = {
  input: { id: noticeIdOf(orderId) },
  effects: {
    'notices.send': {
      outcomes: [
        { type: 'done', value: {} },
        { type: 'refused', value: { code: 'order_not_found' } },
      ],
    },
  },
  events: [
    { type: 'ORDER_ENDED', orderId, outcome: 'completed', reason: null },
    { type: 'ORDER_ENDED', orderId, outcome: 'failed', reason: 'insufficient_stock' },
    { type: 'RETRY' },
  ],
  operatorEvents: ['RETRY'],
  accepted: { ORDER_ENDED: ['waiting'], RETRY: ['sending.parked'] },
  startedBy: 'ORDER_ENDED',
  maxAttempts,
} as const satisfies Environment<
  'notices.send',
  { readonly id: string },
  OrderEnded | { readonly type: 'RETRY' },
  string
>;
