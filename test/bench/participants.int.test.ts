/** The saga of the bench: what its effects write, and that a run with wrong books does not count. */
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { checkBooks } from '../../bench/business/books.ts';
import { makeOrders, type Order } from '../../bench/business/orders.ts';
import { createTables, stockPerProduct } from '../../bench/business/schema.ts';
import { sagaParticipants } from '../../bench/runtime/participants.ts';
import { type DatabasePool, openPool } from '../../src/persistence/pool.ts';
import { createDatabase } from '../support/database.ts';

let database: Awaited<ReturnType<typeof createDatabase>>;
let pool: DatabasePool;
let plain: pg.Client;

beforeAll(async () => {
  database = await createDatabase({ migrated: false });
  await createTables(database.url);
  pool = await openPool({ url: database.url, maxConnections: 2 });
  plain = new pg.Client({ connectionString: database.url });
  await plain.connect();
});
afterAll(async () => {
  await plain.end();
  await pool.end();
  await database.drop();
});
beforeEach(async () => {
  await plain.query(`truncate orders, order_item, reservation, capture; update product set stock = ${stockPerProduct}`);
});

const run = (effect: string, orders: readonly Order[]) =>
  pool.transaction(async (tx) => {
    const participant = sagaParticipants.find(({ effects }) => effects.includes(effect));
    const requests = orders.map((order) => ({
      effect,
      key: `${order.orderId}:${effect}`,
      actorId: order.orderId,
      input: { ...order },
    }));
    const outcomes = (await participant?.apply(tx, requests, 0)) ?? [];
    return outcomes.map(({ type }) => type);
  });

describe('the steps of the saga, many orders at a time', () => {
  it('confirm what is paid and give back what is not', async () => {
    const paid = makeOrders(3);
    const declined = makeOrders(2, { decline: true });
    const all = [...paid, ...declined];
    await run('orders.create', all);
    expect(await run('stock.reserve', all)).toEqual(['done', 'done', 'done', 'done', 'done']);
    expect(await run('money.capture', all)).toEqual(['done', 'done', 'done', 'refused', 'refused']);
    await run('orders.confirm', paid);
    await run('stock.release', declined);
    await run('orders.cancel', declined);
    await checkBooks(database.url, { confirmed: 3, cancelled: 2 });
  });

  it('refuse who asks for more than is left, and serve a smaller one after it', async () => {
    const [first, second, third] = makeOrders(3).map((order) => ({ ...order, productId: 1 }));
    if (!first || !second || !third) throw new Error('three orders');
    await plain.query('update product set stock = 3 where id = 1');
    const wanted = [first, second, { ...third, quantity: 1 }];
    await run('orders.create', wanted);
    expect(await run('stock.reserve', wanted)).toEqual(['done', 'refused', 'done']);
    const { rows } = await plain.query('select stock::int from product where id = 1');
    expect(rows).toEqual([{ stock: 0 }]);
  });
});

describe('books', () => {
  it.each([
    ['an order is missing', `delete from orders where id = (select min(id) from orders)`],
    ['a capture is missing', `delete from capture where order_id = (select min(order_id) from capture)`],
    [
      'another amount was paid',
      `update capture set amount_cents = 1 where order_id = (select min(order_id) from capture)`,
    ],
    ['a piece is missing', `update product set stock = stock - 1 where id = 7`],
    ['an order was cancelled', `update orders set status = 'cancelled' where id = (select min(id) from orders)`],
  ])('do not agree when %s', async (_, damage) => {
    const orders = makeOrders(3);
    for (const effect of ['orders.create', 'stock.reserve', 'money.capture', 'orders.confirm'])
      await run(effect, orders);
    await checkBooks(database.url, { confirmed: 3, cancelled: 0 });
    await plain.query(damage);
    await expect(checkBooks(database.url, { confirmed: 3, cancelled: 0 })).rejects.toThrow('the books do not agree');
  });
});
