import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { useDatabase } from '../../support/database.ts';
import { openShop, type Shop, stockOf, violations } from './shop.ts';

const database = useDatabase();
let shop: Shop;
beforeAll(async () => {
  shop = await openShop(database.pool());
});

const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const stock = (id: string) => stockOf(database.pg(), id);
const commit = (orderId: string) => shop.call('POST', `/reservations/${orderId}/commit`);
const release = (orderId: string) => shop.call('DELETE', `/reservations/${orderId}`);
const read = (orderId: string) => shop.call('GET', `/reservations/${orderId}`);

describe('POST /reservations', () => {
  it('reserves all items, sums a product named twice, and repeats its answer', async () => {
    const [a, b, orderId] = [await shop.product(5), await shop.product(5), randomUUID()];
    const items = [
      [b, 1],
      [a, 2],
      [b, 3],
    ] as const;
    const first = await shop.reserve(orderId, items);
    expect({ status: first.status, body: first.body }).toEqual({
      status: 201,
      body: {
        order_id: orderId,
        status: 'held',
        items: [
          { product_id: a, quantity: 2 },
          { product_id: b, quantity: 4 },
        ],
        owned_by_saga: false,
        expires_at: instant,
        created_at: instant,
        updated_at: instant,
      },
    });
    const heldMs = Date.parse(String(first.body['expires_at'])) - Date.parse(String(first.body['created_at']));
    expect(heldMs).toBe(15 * 60_000);
    expect(first.headers['location']).toBe(`/reservations/${orderId}`);
    expect([await stock(a), await stock(b)]).toEqual([
      { on_hand: 5, reserved: 2 },
      { on_hand: 5, reserved: 4 },
    ]);

    const again = await shop.reserve(orderId.toUpperCase(), [
      [a.toUpperCase(), 2],
      [b, 4],
    ]);
    expect({ status: again.status, body: again.body }).toEqual({ status: 200, body: first.body });
    expect((await read(orderId)).body).toEqual(first.body);
    expect(await stock(a)).toEqual({ on_hand: 5, reserved: 2 });
    expect(await violations(database.pg())).toEqual([]);
  });

  it('reserves nothing unless all can be had, names each short item, and remembers it', async () => {
    const [a, b, c, orderId] = [await shop.product(5), await shop.product(1), randomUUID(), randomUUID()];
    const items = [
      [a, 2],
      [b, 3],
      [c, 1],
    ] as const;
    const short = [
      { product_id: b, requested: 3, available: 1 },
      { product_id: c, requested: 1, available: 0 },
    ].toSorted((x, y) => (x.product_id < y.product_id ? -1 : 1));
    const first = await shop.reserve(orderId, items);
    expect(first).toMatchObject({ status: 409, body: { error: 'insufficient_stock', items: short } });
    expect(await stock(a)).toEqual({ on_hand: 5, reserved: 0 });

    await shop.adjust(b, randomUUID(), { quantity: 10, reason: 'restock' });
    const again = await shop.reserve(orderId, items);
    expect(again).toMatchObject({ status: 409, body: { error: 'insufficient_stock', items: short } });
    expect((await read(orderId)).body).toMatchObject({ status: 'refused', expires_at: null });
    expect(await violations(database.pg())).toEqual([]);
  });

  it('refuses other items for an order that has a reservation, held or refused', async () => {
    const id = await shop.product(5);
    for (const quantity of [2, 9]) {
      const orderId = randomUUID();
      await shop.reserve(orderId, [[id, quantity]]);
      const other = await shop.reserve(orderId, [[id, 1]]);
      expect(other).toMatchObject({ status: 409, body: { error: 'reservation_conflict' } });
    }
    expect(await stock(id)).toEqual({ on_hand: 5, reserved: 2 });
  });

  it('marks the reservation of a saga, which takes over what was held without one', async () => {
    const [id, orderId] = [await shop.product(5), randomUUID()];
    await shop.reserve(orderId, [[id, 1]]);
    const body = { order_id: orderId, items: [{ product_id: id, quantity: 1 }], owned_by_saga: true };
    const taken = await shop.call('POST', '/reservations', body);
    expect(taken).toMatchObject({ status: 200, body: { owned_by_saga: true, expires_at: null } });
    // Nobody gives it back.
    const later = await shop.call('POST', '/reservations', { ...body, owned_by_saga: false });
    expect(later).toMatchObject({ status: 200, body: { owned_by_saga: true, expires_at: null } });
  });

  it.each([
    ['no items', { items: [] }],
    ['too many items', { items: Array.from({ length: 101 }, () => ({ product_id: randomUUID(), quantity: 1 })) }],
    ['a quantity of nothing', { items: [{ product_id: randomUUID(), quantity: 0 }] }],
    ['too large a quantity', { items: [{ product_id: randomUUID(), quantity: 1_000_001 }] }],
    ['an unknown field of an item', { items: [{ product_id: randomUUID(), quantity: 1, price: 1 }] }],
    ['an order id that is none', { order_id: 'order-1' }],
    ['an unknown field', { colour: 'red' }],
  ])('refuses %s', async (_what, over) => {
    const body = { order_id: randomUUID(), items: [{ product_id: randomUUID(), quantity: 1 }], ...over };
    const answer = await shop.call('POST', '/reservations', body);
    expect(answer).toMatchObject({ status: 400, body: { error: 'validation_error' } });
  });

  it('sums a hundred of the largest quantities without an overflow', async () => {
    const [id, orderId] = [await shop.product(1), randomUUID()];
    const answer = await shop.reserve(
      orderId,
      Array.from({ length: 100 }, () => [id, 1_000_000] as const),
    );
    expect(answer).toMatchObject({
      status: 409,
      body: { error: 'insufficient_stock', items: [{ product_id: id, requested: 100_000_000, available: 1 }] },
    });
  });
});

describe('POST /reservations/{order_id}/commit', () => {
  it('turns reserved into sold, once', async () => {
    const [id, orderId] = [await shop.product(5), randomUUID()];
    await shop.reserve(orderId, [[id, 2]]);
    const first = await commit(orderId);
    expect(first).toMatchObject({ status: 200, body: { order_id: orderId, status: 'sold', expires_at: null } });
    expect(await stock(id)).toEqual({ on_hand: 3, reserved: 0 });
    const again = await commit(orderId);
    expect({ status: again.status, body: again.body }).toEqual({ status: 200, body: first.body });
    expect(await stock(id)).toEqual({ on_hand: 3, reserved: 0 });
    expect(await violations(database.pg())).toEqual([]);
  });

  it('keeps answering a reserve of what is sold with success', async () => {
    const [id, orderId] = [await shop.product(5), randomUUID()];
    await shop.reserve(orderId, [[id, 2]]);
    await commit(orderId);
    expect(await shop.reserve(orderId, [[id, 2]])).toMatchObject({ status: 200, body: { status: 'sold' } });
    expect(await stock(id)).toEqual({ on_hand: 3, reserved: 0 });
  });

  it('refuses what was never held, and what was released', async () => {
    const [id, refused, released] = [await shop.product(1), randomUUID(), randomUUID()];
    await shop.reserve(refused, [[id, 2]]);
    await shop.reserve(released, [[id, 1]]);
    await release(released);
    for (const orderId of [randomUUID(), refused]) {
      expect(await commit(orderId)).toMatchObject({ status: 404, body: { error: 'reservation_not_found' } });
    }
    expect(await commit(released)).toMatchObject({ status: 409, body: { error: 'reservation_released' } });
    expect(await stock(id)).toEqual({ on_hand: 1, reserved: 0 });
  });
});

describe('DELETE /reservations/{order_id}', () => {
  it('gives back what was held, once, and refuses a late reserve', async () => {
    const [id, orderId] = [await shop.product(5), randomUUID()];
    await shop.reserve(orderId, [[id, 2]]);
    const first = await release(orderId);
    expect(first).toMatchObject({ status: 200, body: { status: 'released', expires_at: null } });
    const again = await release(orderId);
    expect({ status: again.status, body: again.body }).toEqual({ status: 200, body: first.body });
    expect(await stock(id)).toEqual({ on_hand: 5, reserved: 0 });
    const late = await shop.reserve(orderId, [[id, 2]]);
    expect(late).toMatchObject({ status: 409, body: { error: 'reservation_released' } });
    expect(await stock(id)).toEqual({ on_hand: 5, reserved: 0 });
  });

  it('leaves a tombstone where nothing was reserved', async () => {
    const [id, orderId] = [await shop.product(5), randomUUID()];
    expect(await release(orderId)).toMatchObject({ status: 200, body: { status: 'released', items: [] } });
    const late = await shop.reserve(orderId, [[id, 1]]);
    expect(late).toMatchObject({ status: 409, body: { error: 'reservation_released' } });
    expect(await stock(id)).toEqual({ on_hand: 5, reserved: 0 });
  });

  it('puts a tombstone on a remembered refusal', async () => {
    const [id, orderId] = [await shop.product(0), randomUUID()];
    await shop.reserve(orderId, [[id, 1]]);
    expect((await release(orderId)).status).toBe(200);
    expect(await shop.reserve(orderId, [[id, 1]])).toMatchObject({ body: { error: 'reservation_released' } });
  });

  it('refuses what is sold', async () => {
    const [id, orderId] = [await shop.product(5), randomUUID()];
    await shop.reserve(orderId, [[id, 2]]);
    await commit(orderId);
    expect(await release(orderId)).toMatchObject({ status: 409, body: { error: 'reservation_sold' } });
    expect(await stock(id)).toEqual({ on_hand: 3, reserved: 0 });
  });
});

describe('GET /reservations/{order_id}', () => {
  it('answers 404 for an order without one', async () => {
    expect(await read(randomUUID())).toMatchObject({ status: 404, body: { error: 'reservation_not_found' } });
  });
});

it.each(['GET', 'DELETE'] as const)('%s refuses what is no id', async (method) => {
  const answer = await shop.call(method, '/reservations/17');
  expect(answer).toMatchObject({ status: 400, body: { error: 'validation_error' } });
});
