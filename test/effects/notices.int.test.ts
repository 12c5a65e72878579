import { v7 } from 'uuid';
import { describe, expect, test } from 'vitest';
import { noticeEffects } from '../../src/effects/notices.ts';
import { createNotices, type Notices } from '../../src/services/notices/service.ts';
import { useDatabase } from '../support/database.ts';
import { failTheRun } from '../support/fail-the-run.ts';

const database = useDatabase();
const email = 'canary@example.com';

function effect(over: { notices?: Notices; emailOf?: (orderId: string) => Promise<string | null> } = {}) {
  const logged: string[] = [];
  const log = (fields: object, message: string): void => void logged.push(JSON.stringify({ ...fields, message }));
  const [handler] = noticeEffects({
    notices: over.notices ?? createNotices({ pool: database.pool(), onSplit: failTheRun }),
    emailOf: over.emailOf ?? (async () => email),
    log: { info: log, warn: log },
  });
  const call = (input: { [key: string]: string | null }) =>
    handler!.call({
      effect: 'notices.send',
      effectId: 'send@1',
      claim: 1,
      key: 'k',
      actorId: 'a',
      input,
      signal: new AbortController().signal,
      traceparent: null,
    });
  return { call, logged };
}

const letters = async (orderId: string) =>
  (
    await database
      .pg()
      .query('select recipient, subject, body, outcome from notice.mailbox where order_id = $1', [orderId])
  ).rows;

describe('notices.send', () => {
  test.each([
    ['completed', null, 'Your order is complete', /complete and on its way/],
    ['failed', 'insufficient_stock', 'Your order could not be completed', /Reason: insufficient_stock/],
    ['cancelled', 'cancelled_by_customer', 'Your order is cancelled', /given back/],
    ['authorization_failed', 'payment_declined', 'Your payment was declined', /not been charged/],
  ])(
    '%s: one letter to the customer, one line in the log without the address',
    async (outcome, reason, subject, body) => {
      const orderId = v7();
      const { call, logged } = effect();
      expect(await call({ orderId, outcome, reason })).toEqual({ type: 'done', value: {} });
      expect(await letters(orderId)).toEqual([
        { recipient: email, subject, body: expect.stringMatching(body), outcome },
      ]);
      expect(logged).toEqual([JSON.stringify({ orderId, outcome, repeated: false, message: 'notice sent' })]);
    },
  );

  test('a repeat is done too, and the first letter stays, also when ten come at once', async () => {
    const orderId = v7();
    const { call, logged } = effect();
    const first = await call({ orderId, outcome: 'completed', reason: null });
    const more = await Promise.all(Array.from({ length: 10 }, () => call({ orderId, outcome: 'failed', reason: 'x' })));
    expect([first, ...more]).toEqual(Array.from({ length: 11 }, () => ({ type: 'done', value: {} })));
    expect(await letters(orderId)).toMatchObject([{ outcome: 'completed' }]);
    expect(logged.filter((line) => line.includes('"repeated":true'))).toHaveLength(10);
  });

  test('an order that does not exist: refused, nothing sent', async () => {
    const orderId = v7();
    const { call } = effect({ emailOf: async () => null });
    expect(await call({ orderId, outcome: 'completed', reason: null })).toEqual({
      type: 'refused',
      value: { code: 'order_not_found' },
    });
    expect(await letters(orderId)).toEqual([]);
  });

  test('the mailbox is away: failed, and neither the outcome nor the log holds the address', async () => {
    const notices: Notices = { send: () => Promise.reject(new Error(`could not insert (${email})`)) };
    const { call, logged } = effect({ notices });
    const outcome = await call({ orderId: v7(), outcome: 'completed', reason: null });
    expect(outcome).toEqual({
      type: 'failed',
      code: 'mailbox_unavailable',
      message: 'the mailbox did not take the notice',
    });
    expect(JSON.stringify(outcome) + logged.join()).not.toContain(email);
    expect(logged).toHaveLength(1);
  });

  test('another input than its type says is a bug', async () => {
    const { call } = effect();
    await expect(call({ orderId: v7(), outcome: 'shipped', reason: null })).rejects.toThrow(/another input/);
  });
});
