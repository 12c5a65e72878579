import { expect, test } from 'vitest';
import { newOrder } from '../../src/machines/order-context.ts';
import { redactEvent, redactFields } from '../../src/inspector/redact.ts';

const userId = '550e8400-e29b-41d4-a716-446655440000';
const items = [{ productId: 'p-1', quantity: 2, unitPriceCents: 2_999 }];

test('an order’s context: all of it but who ordered, the authorization, and who settled it and why', () => {
  const blank = newOrder({ orderId: 'o-1', userId, currency: 'USD', totalCents: 5_998, items });
  const context = {
    ...blank,
    payment: {
      ...blank.payment,
      authorizationId: 'auth_1',
      settlement: { by: 'Mary', why: 'she called', voidedCents: 5_998, refundedCents: 0 },
    },
    failure: { code: 'insufficient_stock', detail: { short: [{ productId: 'p-1', requested: 2, available: 1 }] } },
    step: { attempts: 2, random: 0.5, trouble: { outcome: 'unknown', code: 'timeout' } },
  };
  const { authorizationId: _authorization, declineCode, ...payment } = context.payment;
  const { userId: _user, ...rest } = context;
  expect(redactFields(context)).toEqual({
    ...rest,
    payment: { ...payment, declineCode, settlement: { voidedCents: 5_998, refundedCents: 0 } },
  });
});

test.each([
  [
    'an operator’s word',
    { type: 'RESOLVE', settlement: { by: 'Mary', why: 'she called', voidedCents: 1, refundedCents: 0 } },
    { type: 'RESOLVE', settlement: { voidedCents: 1, refundedCents: 0 } },
  ],
  ['who cancelled', { type: 'CANCEL', by: 'Mary', why: 'changed her mind' }, { type: 'CANCEL' }],
  [
    'what a participant said of a fault',
    {
      type: 'xstate.error.actor.capture',
      actorId: 'capture',
      error: { type: 'failed', code: 'http_503', message: 'card of mary@example.com', random: 0.25 },
    },
    {
      type: 'xstate.error.actor.capture',
      actorId: 'capture',
      error: { type: 'failed', code: 'http_503', random: 0.25 },
    },
  ],
  [
    'the authorization',
    {
      type: 'xstate.done.actor.authorize',
      actorId: 'authorize',
      output: { type: 'done', authorizationId: 'auth_1', authorizedCents: 1 },
    },
    { type: 'xstate.done.actor.authorize', actorId: 'authorize', output: { type: 'done', authorizedCents: 1 } },
  ],
  [
    'who ordered',
    { type: 'xstate.init', input: { orderId: 'o-1', userId, currency: 'USD', totalCents: 1, items } },
    { type: 'xstate.init', input: { orderId: 'o-1', currency: 'USD', totalCents: 1, items } },
  ],
  [
    'a field that nobody has put on the list',
    { type: 'SHIPPED', phone: '123', items: [{ giftFor: 'Mary' }] },
    { type: 'SHIPPED', items: [{}] },
  ],
])('of an event, %s is left out', (_what, event, left) => {
  expect(redactEvent(event)).toEqual(left);
});

test.each(['mary@example.com', 'call her back', 'Mary Smith', 'x'.repeat(201), '', 'Zoë', 'a\nb'])(
  'what is no code is withheld wherever it stands: %j',
  (text) => {
    expect(redactFields({ code: text, failure: { detail: [text] } })).toEqual({
      code: '[withheld]',
      failure: { detail: ['[withheld]'] },
    });
    expect(redactEvent({ type: text })).toEqual({ type: '[withheld]' });
  },
);
