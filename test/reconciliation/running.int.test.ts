/** Workers at work with the default settings: drift of every kind is injected, and each is found within a minute. */
import { v7 } from 'uuid';
import { describe, expect, it } from 'vitest';
import { driftKinds } from '../../src/reconciliation/drift.ts';
import { eventually } from '../support/wait.ts';
import { keyOf, searchesWake, told, useBooks } from './shop.ts';

const books = useBooks();
const minuteMs = 60_000;

type Inject = (orderId: string) => Promise<unknown>;
const tamper =
  (change: string): Inject =>
  (id) =>
    books.tamper(id, change);
const refund =
  (cents?: number): Inject =>
  async (id) =>
    books.post(`/payments/refund/${await books.authorizationOf(id)}`, {
      ...(cents === undefined ? {} : { amount_cents: cents }),
      idempotency_key: `desk-${id}`,
    });
/** A person says that it was voided, and it was not. */
const resolve: Inject = (id) => books.resolve(id, { voidedCents: 2_999, refundedCents: 0 });
const resolveAndCapture: Inject = async (id) => {
  await resolve(id);
  await books.tamper(id, `on_capture = 'succeed'`);
  await books.post(`/payments/capture/${await books.authorizationOf(id)}`, { idempotency_key: `late-${id}` });
};
/** Another payment under the key of the order: what a gateway shows that was restored from an older backup and asked again. */
const authorizedAgain: Inject = async (id) => {
  await books.query(
    `update payments.payment set authorize_key = 'lost-' || authorization_id where authorize_key = $1`,
    [keyOf(id)],
  );
  await books.query(
    `insert into payments.payment (authorization_id, authorize_key, user_id, currency, status, requested_cents, authorized_cents,
       captured_cents, on_capture) values (uuidv7(), $1, $2, 'USD', 'captured', 2999, 2999, 2999, 'succeed')`,
    [keyOf(id), '550e8400-e29b-41d4-a716-446655440000'],
  );
};

const completed = () => books.ordered('success', 'COMPLETED');
const completedLongAgo = async (): Promise<string> => {
  const id = await completed();
  await books.tamper(id, `created_at = created_at - interval '100 days'`);
  return id;
};
const voided = () => books.ordered('capture_declined', 'FAILED');
const parked = () => books.ordered('capture_declined_void_fails_5', 'NEEDS_ATTENTION');

const drifts: readonly [what: string, order: () => Promise<string>, inject: Inject, expected: string][] = [
  ['completed, charged back in part', completed, refund(1_000), 'money_returned person open'],
  ['completed, charged back', completed, refund(), 'money_returned person open'],
  ['completed long ago, charged back', completedLongAgo, refund(), 'money_returned person open'],
  [
    'completed, captured less there',
    completed,
    tamper('captured_cents = 2000, voided_cents = 999'),
    'capture_differs person open',
  ],
  [
    'completed, never captured there',
    completed,
    tamper(`status = 'authorized', captured_cents = 0`),
    'capture_differs person open',
  ],
  [
    'completed, voided there',
    completed,
    tamper(`status = 'voided', captured_cents = 0, voided_cents = 2999`),
    'capture_differs person open',
  ],
  [
    'completed, expired there',
    completed,
    tamper(`status = 'expired', captured_cents = 0, expired_cents = 2999`),
    'capture_differs person open',
  ],
  [
    'completed, authorized more there',
    completed,
    tamper('requested_cents = 3999, authorized_cents = 3999, voided_cents = 1000'),
    'authorization_differs person open',
  ],
  ['completed, another authorization there', completed, authorizedAgain, 'authorization_differs person open'],
  ['completed, in another currency there', completed, tamper(`currency = 'EUR'`), 'currency_differs person open'],
  [
    'completed, lost there',
    completed,
    tamper(`authorize_key = 'lost-' || authorization_id`),
    'payment_missing person open',
  ],
  [
    'completed, changed in our ledger',
    completed,
    (id) => books.query('update ledger.entry set captured_cents = 1 where id = $1', [id]),
    'projection_differs person open',
  ],
  [
    'completed, forgotten in our ledger',
    completed,
    (id) => books.query(`update ledger.entry set status = 'FAILED', captured_cents = 0 where id = $1`, [id]),
    'projection_differs person open',
  ],
  [
    'failed and voided, expired there',
    voided,
    tamper(`status = 'expired', voided_cents = 0, expired_cents = 2999`),
    'record_differs person open',
  ],
  [
    'failed and voided, captured there',
    voided,
    tamper(`status = 'captured', captured_cents = 2999, voided_cents = 0`),
    'money_kept refund healed',
  ],
  [
    'failed and voided, held there',
    voided,
    tamper(`status = 'authorized', voided_cents = 0`),
    'money_held void healed',
  ],
  [
    'declined, held there',
    () => books.ordered('decline_insufficient', 'AUTHORIZATION_FAILED'),
    tamper(`status = 'authorized', authorized_cents = requested_cents, decline_code = null`),
    'money_held void healed',
  ],
  ['voided by hand, still held there', parked, resolve, 'money_held void healed'],
  ['voided by hand, captured after that', parked, resolveAndCapture, 'money_kept refund healed'],
  ['no order of ours', () => Promise.resolve(v7()), (id) => books.authorize(keyOf(id)), 'order_missing person open'],
];

describe('on a running system', () => {
  it('drift of every kind is found within a minute, and what has one right answer is healed', async () => {
    const ids: string[] = [];
    for (const [, order] of drifts) ids.push(await order());
    await books.rests();
    await books.query(searchesWake);
    // Their first rounds are over: drift comes at any time, not when a search begins.
    const idle = async (): Promise<boolean> =>
      (await books.query(`select from reconciliation.search where token = 0 or next_at < actors.clock()`)).length === 0;
    await eventually(idle, { what: 'the searches at work' });
    const [injected] = await books.query('select actors.to_ms(actors.clock()) as at');
    await Promise.all(drifts.map(([, , inject], i) => inject(ids[i] ?? '')));

    const states = async () =>
      Promise.all(drifts.map(async ([what], i) => `${what}: ${told(await books.findingsOf(ids[i] ?? '')).join(', ')}`));
    const expected = drifts.map(([what, , , finding]) => `${what}: ${finding}`);
    await eventually(async () => (await states()).join('\n') === expected.join('\n'), {
      what: 'all of them',
      timeoutMs: minuteMs + 20_000,
    }).catch(() => {});
    expect(await states()).toEqual(expected);

    const found = await books.shop.reconciliation.list({ state: null, limit: 1_000 });
    const tookMs = found.map(({ firstSeenAtMs }) => firstSeenAtMs - Number(injected?.['at']));
    expect(Math.max(...tookMs)).toBeLessThan(minuteMs);
    expect([...new Set(found.map(({ kind }) => kind))].sort()).toEqual([...driftKinds].sort());
  }, 300_000);
});
