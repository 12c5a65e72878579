/** Orders, inventory and payments in another process, reached over HTTP: the same orders end the same. */
import { beforeAll, expect, it } from 'vitest';
import { type Facts, onEachBackend, type Stack } from '../support/stack.ts';

const failed = { reservation: 'released', purchaseOrder: 'cancelled', notice: 'failed' };
const scenarios: readonly (readonly [token: string, facts: Facts])[] = [
  [
    'tok_visa',
    {
      status: 'COMPLETED',
      failure: null,
      payment: 'captured 2999',
      reservation: 'sold',
      purchaseOrder: 'confirmed',
      notice: 'completed',
    },
  ],
  ['tok_capture_declined', { status: 'FAILED', failure: 'capture_declined', payment: 'voided', ...failed }],
  ['tok_auth_expires', { status: 'FAILED', failure: 'authorization_expired', payment: 'expired', ...failed }],
];

onEachBackend('participants in another process', (kit) => {
  let services: Stack;
  let edge: Stack;
  let url: string;

  beforeAll(async () => {
    services = await kit.start({ ROLE: 'orders,inventory,payments' });
    url = await services.waybill.listen();
    edge = await kit.start({ ROLE: 'edge,worker,relay', ORDERS_URL: url, INVENTORY_URL: url, PAYMENTS_URL: url });
  });

  it.each(scenarios)('ends as the token says: %s', async (token, facts) => {
    const productId = await services.shop.product({ stock: 5 });
    const id = await edge.shop.placed({ items: [{ productId, quantity: 1 }], token });
    await kit.ends(id, facts.status);
    await kit.settled();
    expect(await kit.facts(id)).toEqual(facts);
    expect(await kit.stock(productId)).toEqual({ onHand: facts.status === 'COMPLETED' ? 4 : 5, reserved: 0 });
  });

  it('out of stock is a refusal that names what was short', async () => {
    const productId = await services.shop.product({ stock: 1 });
    const id = await edge.shop.placed({ items: [{ productId, quantity: 2 }] });
    await kit.ends(id, 'FAILED');
    expect((await edge.shop.find(id)).failure).toEqual({
      code: 'insufficient_stock',
      detail: { short: [{ product_id: productId, requested: 2, available: 1 }] },
    });
  });

  it('cancelled before the pivot, it is undone over there too', async () => {
    const productId = await services.shop.product({ stock: 5 });
    // Its first calls of each kind answer 503: with the clock at a standstill it waits before it captures.
    await kit.clock.freeze();
    const key = 'cancelled-remotely';
    const placing = edge.shop.place({ items: [{ productId, quantity: 1 }], token: 'tok_flaky_1', key });
    const id = await kit.orderIdOf(key);
    await kit.reaches(id, /authorizing\.backingOff/);
    await kit.clock.jump(1_000);
    await kit.reaches(id, /capturingPayment\.backingOff/);
    expect((await placing).status).toBe(202);
    expect((await edge.shop.cancel(id)).status).toBe(202);
    await kit.clock.run();
    await kit.ends(id, 'CANCELLED');
    await kit.settled();
    expect(await kit.facts(id)).toEqual({
      status: 'CANCELLED',
      failure: 'cancelled_by_customer',
      payment: 'voided',
      ...failed,
      notice: 'cancelled',
    });
    expect(await kit.stock(productId)).toEqual({ onHand: 5, reserved: 0 });
  });

  it('prices come from over there: an unknown product is refused, and an inventory that is away is said so', async () => {
    const unknown = [{ productId: '01890000-0000-7000-8000-000000000000', quantity: 1 }];
    const refused = await edge.shop.place({ items: unknown });
    expect([refused.status, refused.json()['error']]).toEqual([422, 'product_not_found']);
    // Port 1 of loopback: nobody listens there.
    const alone = await kit.start({ ROLE: 'edge', INVENTORY_URL: 'http://127.0.0.1:1', PAYMENTS_URL: url });
    const answer = await alone.shop.place({ items: unknown });
    expect([answer.status, answer.json()['error'], Number(answer.headers['retry-after']) > 0]).toEqual([
      503,
      'service_unavailable',
      true,
    ]);
    await alone.close();
  });

  it('the services serve nothing of the edge, and the edge nothing of the services', async () => {
    const product = { method: 'POST', path: '/products', body: { name: 'x', sku: 'x', priceCents: 1 } } as const;
    expect((await edge.shop.send(product)).status).toBe(404);
    const history = { method: 'GET', path: '/orders/01890000-0000-7000-8000-000000000000/history' } as const;
    expect((await services.shop.send(history)).json()['error']).toBe('not_found');
  });
});
