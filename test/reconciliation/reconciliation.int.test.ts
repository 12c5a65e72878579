import { v7 } from 'uuid';
import { describe, expect, it } from 'vitest';
import { audit } from '../../src/audit/audit.ts';
import { actorMachines } from '../../src/compose.ts';
import { fetchTransport } from '../../src/effects/transport.ts';
import { eventually } from '../support/wait.ts';
import { keyOf, never, reconciler, told, useBooks } from './shop.ts';

const books = useBooks();

const runAll = (): Promise<void> => books.shop.reconciliation.runAll(never);
const ended = `select from ledger.entry where id = $1 and status in ('COMPLETED', 'FAILED', 'AUTHORIZATION_FAILED')`;
const settleAll = async (): Promise<void> => {
  for (const { id } of await books.shop.reconciliation.list({ state: 'open', limit: 1_000 }))
    await books.shop.reconciliation.settle(id, 'a tester', 'the test is over');
};

describe('a busy system without drift', () => {
  it('gives no finding, whatever becomes of its orders', async () => {
    const tokens = [
      'success',
      'decline_insufficient',
      'capture_declined',
      'capture_timeout',
      'auth_expires',
      'flaky_2',
    ];
    const orders: Promise<string>[] = [];
    for (let round = 0; round < 5; round += 1) {
      orders.push(...tokens.map((token) => books.shop.order(token)));
      await runAll();
    }
    const ids = await Promise.all(orders);
    for (const id of ids)
      await eventually(async () => {
        await books.clock.skipBackoffs();
        return (await books.query(ended, [id])).length === 1;
      });
    const parked = await books.ordered('capture_declined_void_fails_9', 'NEEDS_ATTENTION');
    await books.tamper(parked, `currency = 'EUR'`);
    await books.rests();
    await runAll();
    expect(await books.shop.reconciliation.list({ state: null, limit: 10 })).toEqual([]);
  });

  it('leaves payments alone that were authorized under the keys of others', async () => {
    await books.authorize('other-1');
    await runAll();
    expect(await books.shop.reconciliation.list({ state: null, limit: 10 })).toEqual([]);
  });
});

describe('drift of every kind is found', () => {
  const update = (change: string) => (id: string) => books.tamper(id, change);

  it.each([
    [
      'COMPLETED',
      'charged back',
      'money_returned',
      async (id: string) =>
        books.post(`/payments/refund/${await books.authorizationOf(id)}`, {
          amount_cents: 1_000,
          idempotency_key: `desk-${id}`,
        }),
    ],
    ['COMPLETED', 'captured less', 'capture_differs', update('captured_cents = 2000, voided_cents = 999')],
    [
      'COMPLETED',
      'authorized more',
      'authorization_differs',
      update('requested_cents = 3999, authorized_cents = 3999, voided_cents = 1000'),
    ],
    ['COMPLETED', 'in another currency', 'currency_differs', update(`currency = 'EUR'`)],
    ['COMPLETED', 'lost by the gateway', 'payment_missing', update(`authorize_key = 'lost-' || authorization_id`)],
    [
      'FAILED',
      'expired, by our record voided',
      'record_differs',
      update(`status = 'expired', voided_cents = 0, expired_cents = 2999`),
    ],
    [
      'COMPLETED',
      'changed in the ledger',
      'projection_differs',
      (id: string) => books.query('update ledger.entry set captured_cents = 1 where id = $1', [id]),
    ],
  ])('%s, %s: %s, for a person; settled, it is known', async (status, _what, kind, inject) => {
    const id = await books.ordered(status === 'COMPLETED' ? 'success' : 'capture_declined', status);
    await inject(id);
    await books.rests();
    await runAll();
    await runAll();
    expect(told(await books.findingsOf(id))).toEqual([`${kind} person open`]);
    const [finding] = await books.findingsOf(id);
    expect(await books.shop.reconciliation.settle(Number(finding?.id), 'alice', 'seen')).toMatchObject({
      type: 'settled',
    });
    await runAll();
    expect(await books.findingsOf(id)).toEqual([
      { ...finding, state: 'settled', by: 'alice', why: 'seen', closedAtMs: expect.any(Number) },
    ]);
  });

  it('charged back and settled by a person: the audit counts it', async () => {
    const id = await books.ordered('success', 'COMPLETED');
    const broken = async () =>
      (await audit(books.pool(), { machines: actorMachines(), live: false })).findings
        .filter(({ row }) => JSON.stringify(row).includes(id))
        .map(({ invariant }) => invariant);
    await books.post(`/payments/refund/${await books.authorizationOf(id)}`, { idempotency_key: `desk-${id}` });
    await books.rests();
    await runAll();
    expect(await broken()).toEqual(['M1', 'M5']);
    await settleAll();
    expect(await broken()).toEqual([]);
  });

  it('a payment without an order of ours', async () => {
    const id = v7();
    await books.authorize(keyOf(id));
    await runAll();
    expect(told(await books.findingsOf(id))).toEqual(['order_missing person open']);
    await settleAll();
  });

  it('what is settled and then differs otherwise is found again; what agrees again vanishes', async () => {
    const id = await books.ordered('success', 'COMPLETED');
    const refund = async (key: string) =>
      books.post(`/payments/refund/${await books.authorizationOf(id)}`, {
        amount_cents: 100,
        idempotency_key: `${key}-${id}`,
      });
    await refund('first');
    await books.rests();
    await runAll();
    await settleAll();
    await refund('second');
    await runAll();
    expect(told(await books.findingsOf(id))).toEqual(['money_returned person open', 'money_returned person settled']);
    await settleAll();
    const other = await books.ordered('success', 'COMPLETED');
    await update(`currency = 'EUR'`)(other);
    await books.rests();
    await runAll();
    await update(`currency = 'USD'`)(other);
    await runAll();
    expect(told(await books.findingsOf(other))).toEqual(['currency_differs person vanished']);
  });

  it('at a gateway elsewhere, over HTTP', async () => {
    const id = await books.ordered('success', 'COMPLETED');
    await books.tamper(id, `currency = 'EUR'`);
    await books.rests();
    const url = await books.shop.app.listen({ host: '127.0.0.1', port: 0 });
    const { reconciliation, told: toldOf } = reconciler(books.pool(), fetchTransport(url));
    await reconciliation.runAll(never);
    expect(toldOf).toMatchObject({ found: [`currency_differs ${id}`], faults: [] });
    await settleAll();
  });

  it('within the grace that a late answer has, nothing is', async () => {
    const id = await books.ordered('success', 'COMPLETED');
    await update(`currency = 'EUR'`)(id);
    await runAll();
    expect(await books.findingsOf(id)).toEqual([]);
    await update(`currency = 'USD'`)(id);
  });
});
