import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { type App, buildApp } from '../../../src/http/app.ts';
import ordersPlugin from '../../../src/services/orders/plugin.ts';
import { createOrders, type OrderRequest, type OrdersService } from '../../../src/services/orders/service.ts';
import { useDatabase } from '../../support/database.ts';
import { counting } from '../inventory/shop.ts';

const database = useDatabase({ maxConnections: 16 });
let app: App;
let service: OrdersService;
beforeAll(async () => {
  service = createOrders({ pool: database.pool() });
  app = await buildApp();
  await app.register(ordersPlugin, { service, prefix: '/internal/orders' });
  await app.register(ordersPlugin, { service, prefix: '/orders', hidden: true });
  await app.ready();
});

const nowMs = 1_700_000_000_000;
const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const userId = '550e8400-e29b-41d4-a716-446655440000';
const productId = randomUUID();

function orderBody(orderId: string, over: object = {}) {
  const items = [
    { product_id: productId, quantity: 2, unit_price_cents: 500 },
    { product_id: productId, quantity: 1, unit_price_cents: 450 },
  ];
  return { order_ledger_id: orderId, user_id: userId, currency: 'USD', total_cents: 1_450, items, ...over };
}

function createRequest(orderId: string): OrderRequest {
  const items = [{ productId, quantity: 2, unitPriceCents: 500 }];
  return { type: 'create', orderId, content: { userId, currency: 'USD', totalCents: 1_000, items } };
}

async function call(method: 'GET' | 'POST' | 'PUT', url: string, body?: object) {
  const response = await app.inject({ method, url, ...(body && { payload: body }) });
  return { status: response.statusCode, body: response.json<Record<string, unknown>>(), headers: response.headers };
}
const create = (orderId: string, over?: object) => call('POST', '/internal/orders', orderBody(orderId, over));
const confirm = (orderId: string) => call('PUT', `/internal/orders/${orderId}/confirm`);
const cancel = (orderId: string) => call('PUT', `/internal/orders/${orderId}/cancel`);
const read = (orderId: string) => call('GET', `/internal/orders/${orderId}`);

describe('POST /internal/orders', () => {
  it('creates an order from its ledger id, once', async () => {
    const orderId = randomUUID();
    const { order_ledger_id: _, ...content } = orderBody(orderId);
    const first = await create(orderId);
    expect({ status: first.status, body: first.body }).toEqual({
      status: 201,
      body: {
        id: orderId,
        status: 'created',
        ...content,
        created_at: instant,
        confirmed_at: null,
        cancelled_at: null,
      },
    });
    expect(first.headers['location']).toBe(`/internal/orders/${orderId}`);
    const again = await create(orderId.toUpperCase());
    expect({ status: again.status, body: again.body }).toEqual({ status: 200, body: first.body });
    expect((await read(orderId)).body).toEqual(first.body);
  });

  it.each([
    ['user', { user_id: randomUUID() }],
    ['currency', { currency: 'EUR' }],
    ['total', { total_cents: 1 }],
    ['items', { items: [{ product_id: productId, quantity: 1, unit_price_cents: 1 }] }],
  ])('refuses another %s for an order that exists', async (_what, over) => {
    const orderId = randomUUID();
    const first = await create(orderId);
    expect(await create(orderId, over)).toMatchObject({ status: 409, body: { error: 'order_conflict' } });
    expect((await read(orderId)).body).toEqual(first.body);
  });

  it('20 at the same time create it once', async () => {
    const orderId = randomUUID();
    const answers = await Promise.all(Array.from({ length: 20 }, () => create(orderId)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(19);
    expect((await read(orderId)).body['items']).toHaveLength(2);
  });

  it.each([
    ['no items', { items: [] }],
    ['a total beyond the column', { total_cents: 2_147_483_648 }],
    ['an id that is none', { order_ledger_id: 'order-1' }],
    ['an unknown field', { colour: 'red' }],
  ])('refuses %s', async (_what, over) => {
    expect(await create(randomUUID(), over)).toMatchObject({ status: 400, body: { error: 'validation_error' } });
  });
});

describe('PUT /internal/orders/{id}/confirm', () => {
  it('confirms once, and a cancel comes too late', async () => {
    const orderId = randomUUID();
    await create(orderId);
    const first = await confirm(orderId);
    expect(first).toMatchObject({ status: 200, body: { status: 'confirmed', confirmed_at: instant } });
    expect((await confirm(orderId)).body).toEqual(first.body);
    expect(await cancel(orderId)).toMatchObject({ status: 409, body: { error: 'order_confirmed' } });
    // A creation repeated that late is still the same order.
    expect(await create(orderId)).toMatchObject({ status: 200, body: first.body });
  });

  it('answers 404 for an order that was never created', async () => {
    expect(await confirm(randomUUID())).toMatchObject({ status: 404, body: { error: 'order_not_found' } });
    expect(await read(randomUUID())).toMatchObject({ status: 404, body: { error: 'order_not_found' } });
  });
});

describe('PUT /internal/orders/{id}/cancel', () => {
  it('cancels once, and neither a confirmation nor a creation brings it back', async () => {
    const orderId = randomUUID();
    await create(orderId);
    const first = await cancel(orderId);
    expect(first).toMatchObject({ status: 200, body: { status: 'cancelled', cancelled_at: instant, user_id: userId } });
    expect((await cancel(orderId)).body).toEqual(first.body);
    expect(await confirm(orderId)).toMatchObject({ status: 409, body: { error: 'order_cancelled' } });
    expect(await create(orderId)).toMatchObject({ status: 409, body: { error: 'order_cancelled' } });
  });

  it('leaves a tombstone where no order was, which refuses the late creation', async () => {
    const orderId = randomUUID();
    const tombstone = await cancel(orderId);
    expect({ status: tombstone.status, body: tombstone.body }).toEqual({
      status: 200,
      body: {
        id: orderId,
        status: 'cancelled',
        user_id: null,
        currency: null,
        total_cents: null,
        items: [],
        created_at: instant,
        confirmed_at: null,
        cancelled_at: instant,
      },
    });
    expect(await create(orderId)).toMatchObject({ status: 409, body: { error: 'order_cancelled' } });
    expect(await confirm(orderId)).toMatchObject({ status: 409, body: { error: 'order_cancelled' } });
    expect((await read(orderId)).body).toEqual(tombstone.body);
  });

  it('racing a confirmation: one of them wins, and the other is told', async () => {
    const orderIds = Array.from({ length: 40 }, () => randomUUID());
    for (const orderId of orderIds) await create(orderId);
    const ends = await Promise.all(
      orderIds.map(async (orderId, i) => {
        const both = i % 2 === 0 ? [confirm(orderId), cancel(orderId)] : [cancel(orderId), confirm(orderId)];
        const answers = await Promise.all(both);
        const told = answers
          .map(({ status, body }) => (typeof body['error'] === 'string' ? body['error'] : `${status}`))
          .toSorted();
        return `${told.join(' ')} → ${String((await read(orderId)).body['status'])}`;
      }),
    );
    const legal = new Set(['200 order_cancelled → cancelled', '200 order_confirmed → confirmed']);
    expect(new Set(ends).difference(legal)).toEqual(new Set());
  });

  it('racing the creation never leaves an order that stands', async () => {
    const orderIds = Array.from({ length: 40 }, () => randomUUID());
    await Promise.all(
      orderIds.flatMap((orderId, i) =>
        i % 2 === 0 ? [create(orderId), cancel(orderId)] : [cancel(orderId), create(orderId)],
      ),
    );
    const statuses = await Promise.all(orderIds.map(async (orderId) => (await read(orderId)).body['status']));
    expect(new Set(statuses)).toEqual(new Set(['cancelled']));
  });
});

describe('the prefix', () => {
  it('serves the same orders as /orders when the role asks for it, undocumented', async () => {
    const orderId = randomUUID();
    const created = await call('POST', '/orders', orderBody(orderId));
    expect(created.headers['location']).toBe(`/orders/${orderId}`);
    expect((await call('GET', `/orders/${orderId}`)).body).toEqual((await read(orderId)).body);
  });

  it.each(['GET', 'PUT'] as const)('%s refuses what is no id', async (method) => {
    const url = method === 'GET' ? '/internal/orders/17' : '/internal/orders/17/confirm';
    expect(await call(method, url)).toMatchObject({ status: 400, body: { error: 'validation_error' } });
  });
});

describe('apply', () => {
  const command = fc.record({
    type: fc.constantFrom('create' as const, 'confirm' as const, 'cancel' as const),
    order: fc.nat(3),
  });

  it('a batch, any split of it, and a small model in memory agree on outcomes and on what is left', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 1, maxLength: 12 }), fc.nat(6), async (commands, split) => {
        const expected = model(commands);
        for (const size of [commands.length, 1, split + 1]) {
          const orderIds = Array.from({ length: 4 }, () => randomUUID());
          const outcomes: string[] = [];
          for (let i = 0; i < commands.length; i += size) {
            const requests = commands.slice(i, i + size).map(({ type, order }): OrderRequest => {
              const orderId = orderIds[order]!;
              return type === 'create' ? createRequest(orderId) : { type, orderId };
            });
            const settled = await database.pool().transaction((tx) => service.apply(tx, requests, nowMs));
            outcomes.push(...settled.map((one) => (one.type === 'refused' ? one.code : `done ${one.repeated}`)));
          }
          const found = await Promise.all(orderIds.map((orderId) => service.findOrder(orderId)));
          const orders = found.map((order) => (order ? `${order.status} ${order.content?.items.length ?? 0}` : 'none'));
          expect({ outcomes, orders }).toEqual(expected);
        }
      }),
      { numRuns: 30 },
    );
  });

  it.each([1, 10, 80])('%i requests of every kind take the same five statements', async (size) => {
    const ids = () => Array.from({ length: size }, () => randomUUID());
    const [toConfirm, toCancel] = [ids(), ids()];
    const run = (requests: readonly OrderRequest[]) =>
      database.pool().transaction(async (tx) => {
        const counted = counting(tx);
        await service.apply(counted.tx, requests, nowMs);
        return counted.statements();
      });
    await run([...toConfirm, ...toCancel].map(createRequest));
    const statements = await run([
      ...ids().map(createRequest),
      ...toConfirm.map((orderId): OrderRequest => ({ type: 'confirm', orderId })),
      ...toCancel.map((orderId): OrderRequest => ({ type: 'cancel', orderId })),
      ...ids().map((orderId): OrderRequest => ({ type: 'cancel', orderId })),
    ]);
    // Insert, lock, read the lines of what was there, write, insert lines.
    expect(statements).toBe(5);
    // New orders are written once: insert, insert lines.
    expect(await run(ids().map(createRequest))).toBe(2);
    expect(await run([])).toBe(0);
  });

  it('batches over the same orders in opposite order never deadlock', async () => {
    for (let round = 0; round < 15; round++) {
      const orderIds = Array.from({ length: 100 }, () => randomUUID());
      const creations = orderIds.map(createRequest);
      const ends = orderIds.map((orderId): OrderRequest => ({ type: 'cancel', orderId }));
      const batches = [creations, ends.toReversed(), creations.toReversed(), ends];
      const outcomes = await Promise.all(
        batches.map((requests) => database.pool().transaction((tx) => service.apply(tx, requests, nowMs))),
      );
      const cancelled = outcomes.flat().filter((one) => one.type === 'done' && one.order.status === 'cancelled');
      expect(cancelled).toHaveLength(200);
    }
  });
});

/** The same rules once more, the naive way. */
function model(commands: readonly { type: 'create' | 'confirm' | 'cancel'; order: number }[]) {
  const status = ['none', 'none', 'none', 'none'];
  const lines = [0, 0, 0, 0];
  const outcomes = commands.map(({ type, order }) => {
    const before = status[order];
    if (type === 'create') {
      if (before === 'cancelled') return 'order_cancelled';
      if (before !== 'none') return 'done true';
      lines[order] = 1;
    }
    if (type === 'confirm' && before === 'none') return 'order_not_found';
    if (type === 'confirm' && before === 'cancelled') return 'order_cancelled';
    if (type === 'cancel' && before === 'confirmed') return 'order_confirmed';
    status[order] = { create: 'created', confirm: 'confirmed', cancel: 'cancelled' }[type];
    return `done ${before === status[order]}`;
  });
  return { outcomes, orders: status.map((end, i) => (end === 'none' ? end : `${end} ${lines[i]}`)) };
}
