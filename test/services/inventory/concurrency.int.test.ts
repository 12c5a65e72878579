import { randomUUID } from 'node:crypto';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ReservationRequest } from '../../../src/services/inventory/service.ts';
import { useDatabase } from '../../support/database.ts';
import { openShop, type Shop, stockOf, violations } from './shop.ts';

const database = useDatabase({ maxConnections: 16 });
let shop: Shop;
beforeAll(async () => {
  shop = await openShop(database.pool());
});
afterEach(async () => {
  const found = await violations(database.pg());
  if (found.length > 0) throw new Error(`invariants are broken: ${JSON.stringify(found)}`);
});

const stock = (id: string) => stockOf(database.pg(), id);
const times = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

describe('reservations at the same time', () => {
  it('50 orders for 10 pieces: exactly 10 get one', async () => {
    const id = await shop.product(10);
    const answers = await Promise.all(times(50, () => shop.reserve(randomUUID(), [[id, 1]])));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(10);
    expect(answers.filter(({ body }) => body['error'] === 'insufficient_stock')).toHaveLength(40);
    expect(await stock(id)).toEqual({ on_hand: 10, reserved: 10 });
  });

  it('one order reserved 20 times holds its items once', async () => {
    const [id, orderId] = [await shop.product(100), randomUUID()];
    const answers = await Promise.all(times(20, () => shop.reserve(orderId, [[id, 3]])));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(19);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(await stock(id)).toEqual({ on_hand: 100, reserved: 3 });
  });

  it('a reserve racing its release never holds anything afterwards', async () => {
    const id = await shop.product(100);
    const orderIds = times(40, () => randomUUID());
    const answers = await Promise.all(
      orderIds.flatMap((orderId) => [
        shop.reserve(orderId, [[id, 1]]),
        shop.call('DELETE', `/reservations/${orderId}`),
      ]),
    );
    const outcomes = answers.map(({ status, body }) =>
      typeof body['error'] === 'string' ? `${status} ${body['error']}` : `${status}`,
    );
    expect(new Set(outcomes).difference(new Set(['200', '201', '409 reservation_released']))).toEqual(new Set());
    expect(await stock(id)).toEqual({ on_hand: 100, reserved: 0 });
  });

  it('a commit racing a release: one of them wins, and the other is told', async () => {
    const id = await shop.product(1_000);
    const orderIds = times(40, () => randomUUID());
    for (const orderId of orderIds) await shop.reserve(orderId, [[id, 1]]);
    const pairs = await Promise.all(
      orderIds.map((orderId, i) => {
        const commit = () => shop.call('POST', `/reservations/${orderId}/commit`);
        const release = () => shop.call('DELETE', `/reservations/${orderId}`);
        return Promise.all(i % 2 === 0 ? [commit(), release()] : [release(), commit()]);
      }),
    );
    const ends = pairs.map((pair) => pair.map(({ status, body }) => body['error'] ?? `${status}`));
    const sold = ends.filter((end) => end.includes('reservation_sold')).length;
    const released = ends.filter((end) => end.includes('reservation_released')).length;
    expect(sold + released).toBe(40);
    expect(ends.every((end) => end.includes('200'))).toBe(true);
    expect(await stock(id)).toEqual({ on_hand: 1_000 - sold, reserved: 0 });
  });

  it('orders that name the same products in opposite order never deadlock', async () => {
    const products: string[] = [];
    for (let i = 0; i < 6; i++) products.push(await shop.product(1_000_000));
    const held: string[] = [];
    for (let round = 0; round < 12; round++) {
      const batches = times(8, (i) => {
        const forth = i % 2 === 0 ? products : products.toReversed();
        const orderIds = times(4, () => randomUUID());
        const reserve = orderIds.map((orderId): ReservationRequest => {
          const items = forth.map((productId) => ({ productId, quantity: 1 }));
          return { type: 'reserve', orderId, items, ownedBySaga: true };
        });
        // All batches also end orders of the round before: the same ones, in opposite order too.
        const ends = held.map((orderId): ReservationRequest => ({ type: i % 3 === 0 ? 'commit' : 'release', orderId }));
        return { orderIds, requests: [...reserve, ...(i % 2 === 0 ? ends : ends.toReversed())] };
      });
      await Promise.all(
        batches.map(({ requests }) =>
          database.pool().transaction((tx) => shop.service.apply(tx, requests, 1_700_000_000_000 + round)),
        ),
      );
      held.splice(0, held.length, ...batches.flatMap(({ orderIds }) => orderIds.slice(0, 2)));
    }
    const { rows } = await database.pg().query<{ held: number }>(
      `select count(*)::int4 as held from inventory.reservation r where status = 'held'
         and exists (select from inventory.reservation_item i where i.order_id = r.order_id and i.product_id = $1)`,
      [products[0]],
    );
    // Half of each round but the last was ended; of the last, nothing was.
    expect(rows).toEqual([{ held: 11 * 8 * 2 + 8 * 4 }]);
  });

  it('orders of many products, in opposite order and nothing else in common, never deadlock', async () => {
    const products: string[] = [];
    for (let i = 0; i < 80; i++) products.push(await shop.product(1_000));
    for (let round = 0; round < 10; round++) {
      await Promise.all(
        times(16, (i) => {
          const items = (i % 2 === 0 ? products : products.toReversed()).map((productId) => ({
            productId,
            quantity: 1,
          }));
          const request: ReservationRequest = { type: 'reserve', orderId: randomUUID(), items, ownedBySaga: true };
          return shop.service.applyOne(request);
        }),
      );
    }
    expect(await stock(products[0]!)).toEqual({ on_hand: 1_000, reserved: 160 });
  });

  it('batches that create the same orders in opposite order never deadlock, and decide each once', async () => {
    const id = await shop.product(1_000);
    for (let round = 0; round < 10; round++) {
      const orderIds = times(80, () => randomUUID());
      const forth = orderIds.map((orderId): ReservationRequest => ({
        type: 'reserve',
        orderId,
        items: [{ productId: id, quantity: 1 }],
        ownedBySaga: true,
      }));
      const outcomes = await Promise.all(
        times(4, (i) =>
          database
            .pool()
            .transaction((tx) => shop.service.apply(tx, i % 2 === 0 ? forth : forth.toReversed(), 1_700_000_000_000)),
        ),
      );
      expect(outcomes.flat().filter((outcome) => outcome.type === 'done' && !outcome.repeated)).toHaveLength(80);
    }
    expect(await stock(id)).toEqual({ on_hand: 1_000, reserved: 800 });
  });
});

describe('adjustments at the same time', () => {
  it('20 with one key: one adjustment, equal bytes', async () => {
    const [id, key] = [await shop.product(0), randomUUID()];
    const answers = await Promise.all(times(20, () => shop.adjust(id, key, { quantity: 5, reason: 'r' })));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(answers.filter(({ headers }) => headers['idempotent-replayed'] === undefined)).toHaveLength(1);
    expect(await stock(id)).toEqual({ on_hand: 5, reserved: 0 });
  });

  it('20 with a key each: all count, each starting where another ended', async () => {
    const id = await shop.product(0);
    const answers = await Promise.all(times(20, () => shop.adjust(id, randomUUID(), { quantity: 5, reason: 'r' })));
    const byPrevious = (a: number, b: number) => a - b;
    expect(answers.map(({ body }) => Number(body['previous_quantity'])).toSorted(byPrevious)).toEqual(
      times(20, (i) => i * 5),
    );
    expect(await stock(id)).toEqual({ on_hand: 100, reserved: 0 });
  });

  it('one key for two products adjusts one of them', async () => {
    const [a, b] = [await shop.product(0), await shop.product(0)];
    for (let round = 0; round < 10; round++) {
      const key = randomUUID();
      const answers = await Promise.all([a, b].map((id) => shop.adjust(id, key, { quantity: 1, reason: 'r' })));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 422]));
    }
    const [atA, atB] = [await stock(a), await stock(b)];
    expect(atA.on_hand + atB.on_hand).toBe(10);
  });

  it('taking away and reserving the last pieces: together never more than there are', async () => {
    const id = await shop.product(20);
    const answers = await Promise.all(
      times(40, (i) =>
        i % 2 === 0
          ? shop.reserve(randomUUID(), [[id, 1]])
          : shop.adjust(id, randomUUID(), { quantity: -1, reason: 'lost' }),
      ),
    );
    expect(answers.filter(({ status }) => status < 300)).toHaveLength(20);
    const { on_hand, reserved } = await stock(id);
    expect(on_hand - reserved).toBe(0);
  });
});
