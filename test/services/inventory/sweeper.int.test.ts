import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ReservationRequest } from '../../../src/services/inventory/service.ts';
import { runSweeper } from '../../../src/services/inventory/sweeper.ts';
import { useDatabase } from '../../support/database.ts';
import { eventually } from '../../support/wait.ts';
import { openShop, type Shop, stockOf, violations } from './shop.ts';

const database = useDatabase();
let shop: Shop;
beforeAll(async () => {
  shop = await openShop(database.pool());
});

const ttlMs = 15 * 60_000;

/** Reserves one piece as if `agoMs` before now. */
async function reserved(productId: string, agoMs: number, ownedBySaga = false): Promise<string> {
  const orderId = randomUUID();
  const request: ReservationRequest = { type: 'reserve', orderId, items: [{ productId, quantity: 1 }], ownedBySaga };
  await database.pool().transaction((tx) => shop.service.apply(tx, [request], Date.now() - agoMs));
  return orderId;
}

const statusOf = async (orderId: string) => (await shop.service.findReservation(orderId))?.status;

describe('sweepExpired', () => {
  it('releases what is over its time, and nothing of a saga, nothing sold, nothing younger', async () => {
    const productId = await shop.product(10);
    const over = await reserved(productId, ttlMs + 1_000);
    const younger = await reserved(productId, ttlMs - 60_000);
    const ofSaga = await reserved(productId, 10 * ttlMs, true);
    const sold = await reserved(productId, 2 * ttlMs);
    await shop.service.applyOne({ type: 'commit', orderId: sold });
    const taken = await reserved(productId, 2 * ttlMs);
    const items = [{ productId, quantity: 1 }];
    await shop.service.applyOne({ type: 'reserve', orderId: taken, items, ownedBySaga: true });

    expect(await shop.service.sweepExpired(100)).toBe(1);
    const statuses = await Promise.all([over, younger, ofSaga, sold, taken].map(statusOf));
    expect(statuses).toEqual(['released', 'held', 'held', 'sold', 'held']);
    expect(await stockOf(database.pg(), productId)).toEqual({ on_hand: 9, reserved: 3 });
    expect(await shop.service.sweepExpired(100)).toBe(0);
    expect(await violations(database.pg())).toEqual([]);
  });

  it('tells the buyer who comes too late', async () => {
    const orderId = await reserved(await shop.product(1), ttlMs + 1_000);
    await shop.service.sweepExpired(100);
    const late = await shop.call('POST', `/reservations/${orderId}/commit`);
    expect(late).toMatchObject({ status: 409, body: { error: 'reservation_released' } });
  });

  it('racing with commits, each reservation is sold or released, not both', async () => {
    const productId = await shop.product(100);
    const orderIds = [];
    for (let i = 0; i < 30; i++) orderIds.push(await reserved(productId, ttlMs + 1_000));
    const sweep = () => shop.service.sweepExpired(10);
    await Promise.all([
      ...orderIds.map((orderId) => shop.service.applyOne({ type: 'commit', orderId })),
      sweep(),
      sweep(),
      sweep(),
      sweep(),
    ]);
    expect(await violations(database.pg())).toEqual([]);
    const sold = (await Promise.all(orderIds.map(statusOf))).filter((status) => status === 'sold').length;
    while ((await shop.service.sweepExpired(10)) > 0);
    expect(await stockOf(database.pg(), productId)).toEqual({ on_hand: 100 - sold, reserved: 0 });
  });
});

describe('lapse', () => {
  it('looks again under the lock: a saga that took over keeps its reservation', async () => {
    const orderId = await reserved(await shop.product(1), 2 * ttlMs, true);
    const outcome = await shop.service.applyOne({ type: 'lapse', orderId });
    expect(outcome).toEqual({ type: 'refused', code: 'reservation_live' });
    expect(await statusOf(orderId)).toBe('held');
  });

  it('leaves what has time left, to the millisecond', async () => {
    const productId = await shop.product(2);
    const [orderId, nowMs] = [randomUUID(), 1_700_000_000_000];
    const apply = (request: ReservationRequest, atMs: number) =>
      database.pool().transaction((tx) => shop.service.apply(tx, [request], atMs));
    await apply({ type: 'reserve', orderId, items: [{ productId, quantity: 1 }], ownedBySaga: false }, nowMs);
    expect(await apply({ type: 'lapse', orderId }, nowMs + ttlMs - 1)).toEqual([
      { type: 'refused', code: 'reservation_live' },
    ]);
    expect(await apply({ type: 'lapse', orderId }, nowMs + ttlMs)).toMatchObject([{ type: 'done', repeated: false }]);
    expect(await stockOf(database.pg(), productId)).toEqual({ on_hand: 2, reserved: 0 });
  });

  it('of nothing is refused, and leaves no tombstone', async () => {
    const orderId = randomUUID();
    const outcome = await shop.service.applyOne({ type: 'lapse', orderId });
    expect(outcome).toEqual({ type: 'refused', code: 'reservation_not_found' });
    expect(await shop.service.findReservation(orderId)).toBeNull();
  });
});

describe('runSweeper', () => {
  it('sweeps on after a fault, until it is told to stop', async () => {
    const productId = await shop.product(1);
    const orderId = await reserved(productId, ttlMs + 1_000);
    const faults: unknown[] = [];
    const stop = new AbortController();
    let sweeps = 0;
    const done = runSweeper({
      inventory: {
        sweepExpired: (limit) => {
          sweeps += 1;
          return sweeps === 1 ? Promise.reject(new Error('away')) : shop.service.sweepExpired(limit);
        },
      },
      intervalMs: 1,
      signal: stop.signal,
      delay: (ms, signal) => delay(ms, undefined, { signal }).catch(() => undefined),
      onFault: (error) => faults.push(error),
    });
    await eventually(async () => (await statusOf(orderId)) === 'released');
    stop.abort();
    await done;
    expect(faults).toEqual([new Error('away')]);
  });

  it('takes a backlog without pausing', async () => {
    const left = [100, 100, 3];
    const stop = new AbortController();
    let pauses = 0;
    await runSweeper({
      inventory: { sweepExpired: () => Promise.resolve(left.shift() ?? 0) },
      intervalMs: 1_000,
      signal: stop.signal,
      delay: () => {
        pauses += 1;
        stop.abort();
        return Promise.resolve();
      },
      onFault: (error) => {
        throw error;
      },
    });
    expect({ left, pauses }).toEqual({ left: [], pauses: 1 });
  });
});
