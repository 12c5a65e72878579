import { randomUUID } from 'node:crypto';
import { Type } from '@sinclair/typebox';
import fc from 'fast-check';
import { v7 as uuidv7 } from 'uuid';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ReservationOutcome, ReservationRequest } from '../../../src/services/inventory/service.ts';
import type { Tx } from '../../../src/persistence/pool.ts';
import { row, sql } from '../../../src/persistence/sql.ts';
import { useDatabase } from '../../support/database.ts';
import { counting, openShop, type Shop, violations } from './shop.ts';

const database = useDatabase();
let shop: Shop;
beforeAll(async () => {
  shop = await openShop(database.pool());
});

const nowMs = 1_700_000_000_000;
const updatesRow = row(Type.Object({ updated: Type.Integer(), hot: Type.Integer() }));

/** A request by numbers: which order, which items of which products. */
type Command =
  | { readonly type: 'reserve'; readonly order: number; readonly items: readonly (readonly [number, number])[] }
  | { readonly type: 'release' | 'commit'; readonly order: number };

interface World {
  readonly orders: readonly string[];
  readonly products: readonly string[];
}

const orderCount = 4;
const stockAtStart = [0, 3, 7];

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('reserve' as const),
      order: fc.nat(orderCount - 1),
      // The fourth product does not exist.
      items: fc.array(fc.tuple(fc.nat(3), fc.integer({ min: 1, max: 4 })), { minLength: 1, maxLength: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constantFrom('release' as const, 'commit' as const),
      order: fc.nat(orderCount - 1),
    }),
  },
);

describe('apply', () => {
  it('a batch, any split of it, and a small model in memory agree on outcomes and on what is left', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 1, maxLength: 12 }), fc.nat(6), async (commands, split) => {
        const expected = model(commands);
        for (const size of [commands.length, 1, split + 1]) {
          const world = await newWorld();
          const outcomes = [];
          for (let i = 0; i < commands.length; i += size) {
            const requests = commands.slice(i, i + size).map((one) => request(world, one));
            outcomes.push(
              ...(await database.pool().transaction((tx) => shop.service.apply(tx, requests, nowMs))).map((outcome) =>
                summary(world, outcome),
              ),
            );
          }
          expect({ outcomes, state: await stateOf(world) }).toEqual(expected);
        }
      }),
      { numRuns: 40 },
    );
    expect(await violations(database.pg())).toEqual([]);
  });

  it('decides in request order: a refused request takes nothing from the next', async () => {
    const productId = await shop.product(5);
    const reserve = (quantity: number): ReservationRequest => ({
      type: 'reserve',
      orderId: randomUUID(),
      items: [{ productId, quantity }],
      ownedBySaga: true,
    });
    const requests = [reserve(3), reserve(3), reserve(2), reserve(1)];
    const outcomes = await database.pool().transaction((tx) => shop.service.apply(tx, requests, nowMs));
    expect(outcomes.map(({ type }) => type)).toEqual(['done', 'refused', 'done', 'refused']);
  });

  it('gives back in one batch what the next request of it needs', async () => {
    const [productId, held, wanted] = [await shop.product(1), randomUUID(), randomUUID()];
    await shop.reserve(held, [[productId, 1]]);
    const items = [{ productId, quantity: 1 }];
    const outcomes = await database.pool().transaction((tx) =>
      shop.service.apply(
        tx,
        [
          { type: 'release', orderId: held },
          { type: 'reserve', orderId: wanted, items, ownedBySaga: true },
        ],
        nowMs,
      ),
    );
    expect(outcomes.map(({ type }) => type)).toEqual(['done', 'done']);
  });

  it.each([1, 10, 80])('%i requests of every kind take the same eight statements', async (size) => {
    const productId = await shop.product(1_000);
    const items = [{ productId, quantity: 1 }];
    const [toSell, toRelease] = [ids(size), ids(size)];
    const reserve = (orderId: string, quantity = 1): ReservationRequest => ({
      type: 'reserve',
      orderId,
      items: [{ productId, quantity }],
      ownedBySaga: true,
    });
    await database.pool().transaction((tx) =>
      shop.service.apply(
        tx,
        [...toSell, ...toRelease].map((orderId) => reserve(orderId)),
        nowMs,
      ),
    );
    const requests: ReservationRequest[] = [
      ...ids(size).map((orderId): ReservationRequest => ({ type: 'reserve', orderId, items, ownedBySaga: true })),
      ...ids(size).map((orderId) => reserve(orderId, 5_000)),
      ...toSell.map((orderId): ReservationRequest => ({ type: 'commit', orderId })),
      ...toRelease.map((orderId): ReservationRequest => ({ type: 'release', orderId })),
      ...ids(size).map((orderId): ReservationRequest => ({ type: 'release', orderId })),
    ];
    const statements = await database.pool().transaction(async (tx) => {
      const counted = counting(tx);
      await shop.service.apply(counted.tx, requests, nowMs);
      return counted.statements();
    });
    expect(statements).toBe(8);
  });

  it('new reservations are written once: insert, lock stock, write stock, insert items', async () => {
    const productId = await shop.product(10);
    const requests = ids(3).map((orderId): ReservationRequest => {
      return { type: 'reserve', orderId, items: [{ productId, quantity: 1 }], ownedBySaga: true };
    });
    const statements = await database.pool().transaction(async (tx) => {
      const counted = counting(tx);
      await shop.service.apply(counted.tx, requests, nowMs);
      return counted.statements();
    });
    expect(statements).toBe(4);
  });

  it("updates of stock and of a saga's reservation stay HOT: no index grows with them", async () => {
    const [productId, orderId] = [await shop.product(10), randomUUID()];
    const items = [{ productId, quantity: 1 }];
    const reserve: ReservationRequest = { type: 'reserve', orderId, items, ownedBySaga: true };
    // The session's counters also hold what earlier transactions have not reported yet: only the growth is ours.
    const updates = async (tx: Tx, table: string) =>
      tx.one(sql.type(updatesRow)`
        select n_tup_upd::int4 as updated, n_tup_hot_upd::int4 as hot
        from pg_stat_xact_user_tables where schemaname = 'inventory' and relname = ${table}`);
    const growth = (request: ReservationRequest, table: string) =>
      database.pool().transaction(async (tx) => {
        const before = await updates(tx, table);
        await shop.service.apply(tx, [request], nowMs);
        const after = await updates(tx, table);
        return { updated: after.updated - before.updated, hot: after.hot - before.hot };
      });
    expect(await growth(reserve, 'stock')).toEqual({ updated: 1, hot: 1 });
    expect(await growth({ type: 'commit', orderId }, 'reservation')).toEqual({ updated: 1, hot: 1 });
  });

  it('an empty batch asks the database nothing', async () => {
    const statements = await database.pool().transaction(async (tx) => {
      const counted = counting(tx);
      expect(await shop.service.apply(counted.tx, [], nowMs)).toEqual([]);
      return counted.statements();
    });
    expect(statements).toBe(0);
  });
});

function ids(count: number): string[] {
  return Array.from({ length: count }, () => randomUUID());
}

async function newWorld(): Promise<World> {
  const products = [];
  for (const initialStock of stockAtStart) products.push(await shop.product(initialStock));
  // Ids grow, so that the order of the numbers is the order of the keys.
  return { products: [...products, uuidv7()], orders: ids(orderCount) };
}

function request(world: World, asked: Command): ReservationRequest {
  const orderId = world.orders[asked.order]!;
  if (asked.type !== 'reserve') return { type: asked.type, orderId };
  const items = asked.items.map(([product, quantity]) => ({ productId: world.products[product]!, quantity }));
  return { type: 'reserve', orderId, items, ownedBySaga: true };
}

/** An outcome in numbers. */
function summary(world: World, outcome: ReservationOutcome): string {
  if (outcome.type === 'done') return outcome.repeated ? 'done again' : 'done';
  if (outcome.code !== 'insufficient_stock') return outcome.code;
  return shortText(
    outcome.short.map(({ productId, requested, available }) => [
      world.products.indexOf(productId),
      requested,
      available,
    ]),
  );
}

const shortText = (short: readonly (readonly number[])[]) =>
  `short ${short.map(([product, requested, available]) => `${product}:${requested}/${available}`).join(' ')}`;

async function stateOf(world: World) {
  const stock = await database
    .pg()
    .query<{ text: string }>(
      `select on_hand || '/' || reserved as text from inventory.stock where product_id = any($1) order by product_id`,
      [world.products],
    );
  const reservations = await database
    .pg()
    .query<{ order_id: string; status: string }>(
      `select order_id, status from inventory.reservation where order_id = any($1)`,
      [world.orders],
    );
  const byOrder = new Map(reservations.rows.map(({ order_id, status }) => [order_id, status]));
  return {
    stock: stock.rows.map(({ text }) => text),
    reservations: world.orders.map((orderId) => byOrder.get(orderId) ?? 'none'),
  };
}

/** The same rules once more, the naive way: reserved is always counted anew from what is held. */
function model(commands: readonly Command[]) {
  const onHand = [...stockAtStart, 0];
  const orders = Array.from({ length: orderCount }, () => ({
    status: 'none',
    items: new Map<number, number>(),
    refusal: '',
  }));
  const reserved = (product: number) =>
    orders.reduce((sum, { status, items }) => sum + (status === 'held' ? (items.get(product) ?? 0) : 0), 0);
  const text = (items: ReadonlyMap<number, number>) => JSON.stringify([...items].toSorted(([a], [b]) => a - b));

  const outcomes = commands.map((asked): string => {
    const order = orders[asked.order]!;
    switch (asked.type) {
      case 'reserve': {
        const items = new Map<number, number>();
        for (const [product, quantity] of asked.items) items.set(product, (items.get(product) ?? 0) + quantity);
        if (order.status === 'released') return 'reservation_released';
        if (order.status !== 'none' && text(order.items) !== text(items)) return 'reservation_conflict';
        if (order.status === 'refused') return order.refusal;
        if (order.status !== 'none') return 'done again';
        const short = [...items]
          .map(([product, requested]) => [product, requested, onHand[product]! - reserved(product)] as const)
          .filter(([, requested, available]) => requested > available)
          .toSorted(([a], [b]) => a - b);
        order.items = items;
        order.status = short.length > 0 ? 'refused' : 'held';
        order.refusal = shortText(short);
        return short.length > 0 ? order.refusal : 'done';
      }
      case 'release': {
        if (order.status === 'sold') return 'reservation_sold';
        const again = order.status === 'released';
        order.status = 'released';
        return again ? 'done again' : 'done';
      }
      case 'commit': {
        if (order.status === 'none' || order.status === 'refused') return 'reservation_not_found';
        if (order.status === 'released') return 'reservation_released';
        if (order.status === 'sold') return 'done again';
        for (const [product, quantity] of order.items) onHand[product]! -= quantity;
        order.status = 'sold';
        return 'done';
      }
    }
  });
  const stock = stockAtStart.map((_, product) => `${onHand[product]}/${reserved(product)}`);
  return { outcomes, state: { stock, reservations: orders.map(({ status }) => status) } };
}
