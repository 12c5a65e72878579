/** CANCEL, and an order cancelled behind the saga's back, at every point of an order's way: nothing done is forgotten. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { HttpAnswer } from '../support/shop.ts';
import { type Facts, onEachBackend, type Stack } from '../support/stack.ts';
import { type Fate, openWire, type Wire } from '../support/wire.ts';
import { eventually } from '../support/wait.ts';

const calls = {
  authorize: /^POST \/payments\/authorize/,
  create: /^POST \/internal\/orders$/,
  reserve: /^POST \/reservations$/,
  capture: /^POST \/payments\/capture/,
  confirm: /^PUT .*\/confirm$/,
  commit: /^POST .*\/commit$/,
};
type Call = keyof typeof calls;

const cancelled = { status: 'CANCELLED', failure: 'cancelled_by_customer', notice: 'cancelled' };
const voided = { ...cancelled, payment: 'voided' };
const refunded = { ...cancelled, payment: 'refunded 0' };
const released = { reservation: 'released', purchaseOrder: 'cancelled' };

/** Where the CANCEL strikes, and what is left in the end. A tombstone counts as `cancelled` or `released`. */
const pending: readonly (readonly [call: Call, fate: Fate, facts: Facts])[] = [
  ['authorize', 'holdRequest', { ...voided, reservation: null, purchaseOrder: null }],
  ['authorize', 'holdAnswer', { ...voided, reservation: null, purchaseOrder: null }],
  ['create', 'holdRequest', { ...voided, reservation: null, purchaseOrder: 'cancelled' }],
  ['create', 'holdAnswer', { ...voided, reservation: null, purchaseOrder: 'cancelled' }],
  ['reserve', 'holdRequest', { ...voided, ...released }],
  ['reserve', 'holdAnswer', { ...voided, ...released }],
  ['capture', 'holdRequest', { ...refunded, ...released }],
  ['capture', 'holdAnswer', { ...refunded, ...released }],
];
const backingOff: readonly (readonly [call: Call, facts: Facts])[] = [
  ['authorize', { ...cancelled, payment: null, reservation: null, purchaseOrder: null }],
  ['create', { ...voided, reservation: null, purchaseOrder: 'cancelled' }],
  ['reserve', { ...voided, ...released }],
  ['capture', { ...voided, ...released }],
];

onEachBackend('cancelling', (kit) => {
  let wire: Wire;
  let stack: Stack;
  let productId: string;

  beforeAll(async () => {
    wire = await openWire();
    const { url } = wire;
    stack = await kit.start({ PAYMENTS_URL: url, ORDERS_URL: url, INVENTORY_URL: url });
    wire.connect(stack.waybill.app);
    productId = await stack.shop.product({ stock: 1_000 });
  });
  afterAll(() => wire.close());

  /** Places an order whose answer is not waited for. */
  const begin = async (key: string, token?: string): Promise<{ id: string; answer: Promise<HttpAnswer> }> => {
    const items = [{ productId, quantity: 1 }];
    const answer = stack.shop.place({ items, key, ...(token ? { token } : {}) });
    const id = await kit.orderIdOf(key);
    return { id, answer };
  };

  it.each(pending)(
    'while %s is pending (%s): remembered, its outcome taken, then undone',
    async (call, fate, facts) => {
      wire.fate(calls[call], fate, { times: 1 });
      const { id, answer } = await begin(`pending-${call}-${fate}`);
      const held = await wire.held(calls[call]);
      const before = (await stack.shop.find(id)).revision;
      expect((await stack.shop.cancel(id)).status).toBe(202);
      // Remembering changes the actor, and neither asks again nor leaves the state.
      expect((await stack.shop.find(id)).revision).toBe(before + 1);
      held.release();
      expect([(await answer).status, (await answer).json()['status']]).toEqual([202, 'AUTHORIZED']);
      await kit.settled();
      expect(await kit.facts(id)).toEqual(facts);
    },
  );

  it.each(backingOff)('while %s waits for its next attempt: acted on at once', async (call, facts) => {
    wire.fate(calls[call], 'unavailable', { times: 1 });
    await kit.clock.freeze();
    const { id, answer } = await begin(`backing-off-${call}`);
    await kit.reaches(id, /backingOff$/);
    expect((await stack.shop.cancel(id)).status).toBe(202);
    // Time stands still: no attempt comes.
    await stack.shop.until(id, 'CANCELLED');
    await kit.clock.run();
    const status = call === 'authorize' ? 'AWAITING_AUTHORIZATION' : 'AUTHORIZED';
    expect([(await answer).status, (await answer).json()['status']]).toEqual([202, status]);
    await kit.settled();
    expect(await kit.facts(id)).toEqual(facts);
  });

  it.each(['confirm', 'commit'] as const)('is refused from the pivot on, here while %s is pending', async (call) => {
    wire.fate(calls[call], 'holdRequest', { times: 1 });
    const { id } = await begin(`pivot-${call}`);
    const held = await wire.held(calls[call]);
    const refusal = await stack.shop.cancel(id);
    expect([refusal.status, refusal.json()]).toMatchObject([
      409,
      { error: 'not_cancellable', current_status: 'PAYMENT_CAPTURED' },
    ]);
    held.release();
    await stack.shop.until(id, 'COMPLETED');
  });

  it('declined though cancelled: the refusal is the end, and nothing is undone', async () => {
    wire.fate(calls.authorize, 'holdRequest', { times: 1 });
    const { id, answer } = await begin('cancelled-and-declined', 'tok_decline_stolen');
    const held = await wire.held(calls.authorize);
    expect((await stack.shop.cancel(id)).status).toBe(202);
    held.release();
    expect((await answer).status).toBe(402);
    await kit.settled();
    expect(await kit.facts(id)).toMatchObject({ status: 'AUTHORIZATION_FAILED', payment: 'declined' });
  });

  it.each([
    ['tok_visa', 1],
    ['tok_refund_fails_2', 3],
  ] as const)(
    'an order cancelled in the orders service before it is confirmed gives money and stock back (%s: %i refunds asked)',
    async (token, refunds) => {
      const before = wire.calls.length;
      wire.fate(calls.capture, 'holdRequest', { times: 1 });
      const { id } = await begin(`internal-${token}`, token);
      const held = await wire.held(calls.capture);
      const cancelling = await stack.shop.send({ method: 'PUT', path: `/internal/orders/${id}/cancel` });
      expect(cancelling.status).toBe(200);
      held.release();
      await kit.settled();
      expect(await kit.facts(id)).toEqual({
        status: 'FAILED',
        failure: 'order_cancelled',
        payment: 'refunded 0',
        ...released,
        notice: 'failed',
      });
      expect(wire.calls.slice(before).filter((call) => call.includes('/payments/refund/'))).toHaveLength(refunds);
    },
  );

  it('whatever moment it comes at, an accepted CANCEL ends in CANCELLED and a refused one in COMPLETED', async () => {
    const orders = await Promise.all(Array.from({ length: 40 }, (_, n) => begin(`any-moment-${n}`)));
    const cancelling = orders.map(async ({ id }, n) => {
      // Seven transitions lead to COMPLETED: each moment of the way has its orders.
      await eventually(async () => (await stack.shop.find(id)).revision > n % 7, {
        what: `revision ${n % 7} of ${id}`,
      });
      return { id, status: (await stack.shop.cancel(id)).status };
    });
    const answers = await Promise.all(cancelling);
    await kit.settled();
    const ends = await Promise.all(answers.map(async ({ id, status }) => [status, (await kit.facts(id)).status]));
    for (const end of ends) expect([[202, 'CANCELLED'].join(), [409, 'COMPLETED'].join()]).toContain(end.join());
    expect(new Set(ends.map(([status]) => status)), 'both happened').toEqual(new Set([202, 409]));
  });
});
