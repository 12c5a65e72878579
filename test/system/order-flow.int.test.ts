/** The order flow of the contract, and every scenario of the gateway, from the request to the last record. */
import { beforeAll, describe, expect, it } from 'vitest';
import { openShop, overHttp } from '../support/shop.ts';
import { type Facts, onEachBackend, type Stack } from '../support/stack.ts';

const sold = { reservation: 'sold', purchaseOrder: 'confirmed', notice: 'completed' };
const untouched = { reservation: null, purchaseOrder: null };
const undone = { reservation: 'released', purchaseOrder: 'cancelled', notice: 'failed' };
const completed: Facts = { status: 'COMPLETED', failure: null, payment: 'captured 5998', ...sold };
const declined: Facts = {
  status: 'AUTHORIZATION_FAILED',
  failure: 'payment_declined',
  payment: 'declined',
  ...untouched,
  notice: 'authorization_failed',
};

/** What two pieces of a product at 29.99 come to, by the token they are paid with. */
const scenarios: readonly (readonly [token: string, facts: Facts])[] = [
  ['tok_visa_success', completed],
  ['tok_capture_declined', { status: 'FAILED', failure: 'capture_declined', payment: 'voided', ...undone }],
  ['tok_capture_timeout', completed],
  ['tok_auth_expires', { status: 'FAILED', failure: 'authorization_expired', payment: 'expired', ...undone }],
  ['tok_flaky_1', completed],
  ['tok_flaky_4', completed],
  [
    'tok_flaky_9',
    { status: 'FAILED', failure: 'authorization_unknown', payment: null, ...untouched, notice: 'failed' },
  ],
  [
    'tok_capture_declined_void_fails_2',
    { status: 'FAILED', failure: 'capture_declined', payment: 'voided', ...undone },
  ],
];

const declines = [
  ['tok_decline_insufficient', 'insufficient_funds'],
  ['tok_decline_expired', 'expired_card'],
  ['tok_decline_stolen', 'stolen_card'],
  ['tok_decline_x', 'generic_decline'],
] as const;

onEachBackend('the order flow', (kit) => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await kit.start();
  });

  it('runs as the original demo’s curl lines do', async () => {
    const { send, until } = openShop(overHttp(await stack.waybill.listen()));
    const product = { name: 'Wireless Mouse', sku: 'MOUSE-001', priceCents: 2_999 };
    const made = await send({ method: 'POST', path: '/products', body: product });
    expect(made.status).toBe(201);
    const productId = made.json<{ id: string }>().id;

    const adjust = {
      method: 'POST',
      path: `/products/${productId}/stock`,
      headers: { 'idempotency-key': 'stock-add-001' },
      body: { quantity: 100, reason: 'Initial inventory' },
    } as const;
    const adjusted = await send(adjust);
    expect(adjusted.json()).toMatchObject({ product_id: productId, previous_quantity: 0, new_quantity: 100 });
    expect((await send(adjust)).text).toBe(adjusted.text);

    const order = {
      method: 'POST',
      path: '/orders',
      headers: { 'idempotency-key': 'order-test-001' },
      body: {
        user_id: '550e8400-e29b-41d4-a716-446655440000',
        email: 'test@example.com',
        items: [{ product_id: productId, quantity: 2 }],
        payment: { method: 'card', token: 'tok_visa_success' },
      },
    } as const;
    const accepted = await send(order);
    const { order_ledger_id: id } = accepted.json<{ order_ledger_id: string }>();
    expect([accepted.status, accepted.json()]).toEqual([
      202,
      { order_ledger_id: id, status: 'AUTHORIZED', message: 'Order received, processing' },
    ]);
    await until(id, 'COMPLETED');
    const replayed = await send(order);
    expect([replayed.status, replayed.text, replayed.headers['idempotent-replayed']]).toEqual([
      202,
      accepted.text,
      'true',
    ]);

    const history = await send({ method: 'GET', path: `/orders/${id}/history` });
    const { items } = history.json<{ items: readonly { status: string }[] }>();
    expect([...new Set(items.map(({ status }) => status))]).toEqual([
      'AWAITING_AUTHORIZATION',
      'AUTHORIZED',
      'ORDER_CREATED',
      'INVENTORY_RESERVED',
      'PAYMENT_CAPTURED',
      'COMPLETED',
    ]);
    const available = await send({ method: 'GET', path: `/products/${productId}/availability` });
    expect(available.json()).toEqual({ product_id: productId, sku: 'MOUSE-001', stock_quantity: 98, available: true });
    await kit.settled();
    expect(await kit.facts(id)).toEqual(completed);
  });

  it.each(scenarios)('ends as the token says: %s', async (token, facts) => {
    const productId = await stack.shop.product({ stock: 10 });
    const id = await stack.shop.placed({ items: [{ productId, quantity: 2 }], token });
    await kit.settled();
    expect(await kit.facts(id)).toEqual(facts);
    const onHand = facts.status === 'COMPLETED' ? 8 : 10;
    expect(await kit.stock(productId)).toEqual({ onHand, reserved: 0 });
  });

  it.each(declines)('is declined as the token says: %s', async (token, declineCode) => {
    const productId = await stack.shop.product({ stock: 10 });
    const placement = { items: [{ productId, quantity: 2 }], token, key: `declined-${token}` };
    const answer = await stack.shop.place(placement);
    expect([answer.status, answer.json()]).toMatchObject([
      402,
      { decline_code: declineCode, error: 'payment_declined' },
    ]);
    const id = answer.json<{ order_ledger_id: string }>().order_ledger_id;
    await kit.settled();
    expect(await kit.facts(id)).toEqual(declined);
    expect(await kit.stock(productId)).toEqual({ onHand: 10, reserved: 0 });
    const again = await stack.shop.place(placement);
    expect([again.status, again.text]).toEqual([402, answer.text]);
  });

  describe('out of stock', () => {
    it('reserves nothing of any item, gives the money back, and names what was short', async () => {
      const [plenty, scarce] = [await stack.shop.product({ stock: 10 }), await stack.shop.product({ stock: 1 })];
      const items = [
        { productId: plenty, quantity: 1 },
        { productId: scarce, quantity: 2 },
      ];
      const id = await stack.shop.placed({ items });
      await kit.settled();
      expect(await kit.facts(id)).toEqual({
        status: 'FAILED',
        failure: 'insufficient_stock',
        payment: 'voided',
        reservation: 'refused',
        purchaseOrder: 'cancelled',
        notice: 'failed',
      });
      expect((await stack.shop.find(id)).failure).toEqual({
        code: 'insufficient_stock',
        detail: { short: [{ product_id: scarce, requested: 2, available: 1 }] },
      });
      expect([await kit.stock(plenty), await kit.stock(scarce)]).toEqual([
        { onHand: 10, reserved: 0 },
        { onHand: 1, reserved: 0 },
      ]);
    });
  });
});
