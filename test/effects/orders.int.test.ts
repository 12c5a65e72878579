import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ordersParticipant, remoteOrders } from '../../src/effects/orders.ts';
import { fetchTransport, injectTransport, type Transport } from '../../src/effects/transport.ts';
import { type App, buildApp } from '../../src/http/app.ts';
import ordersPlugin from '../../src/services/orders/plugin.ts';
import { createOrders, type OrdersService } from '../../src/services/orders/service.ts';
import { useDatabase } from '../support/database.ts';
import { locally, remotely, requestFor, type Run } from './participant.ts';

const database = useDatabase();
let service: OrdersService;
let app: App;
let baseUrl: string;
beforeAll(async () => {
  service = createOrders({ pool: database.pool() });
  app = await buildApp();
  await app.register(ordersPlugin, { service, prefix: '/internal/orders' });
  baseUrl = await app.listen({ port: 0, host: '127.0.0.1' });
});
afterAll(() => app.close());

const input = {
  userId: '550e8400-e29b-41d4-a716-446655440000',
  currency: 'USD',
  totalCents: 1_000,
  items: [{ productId: randomUUID(), quantity: 2, unitPriceCents: 500 }],
};
const done = { type: 'done', value: {} };
const refused = (code: string) => ({ type: 'refused', value: { code } });

const forms: readonly (readonly [string, Run])[] = [
  ['local', locally(database.pool, () => ordersParticipant(service))],
  ['in this process', remotely(() => remoteOrders(injectTransport(app)))],
  ['over HTTP', remotely(() => remoteOrders(fetchTransport(baseUrl)))],
];

describe.each(forms)('the order effects, %s', (_form, run) => {
  it('create, confirm: done, however often', async () => {
    const orderId = randomUUID();
    for (const effect of ['orders.create', 'orders.create', 'orders.confirm', 'orders.confirm', 'orders.create']) {
      expect(await run(effect, orderId, input)).toEqual(done);
    }
    expect(await service.findOrder(orderId)).toMatchObject({ status: 'confirmed', content: input });
  });

  it('create, cancel: neither a confirmation nor a creation brings it back', async () => {
    const orderId = randomUUID();
    await run('orders.create', orderId, input);
    expect(await run('orders.cancel', orderId)).toEqual(done);
    expect(await run('orders.cancel', orderId)).toEqual(done);
    expect(await run('orders.confirm', orderId)).toEqual(refused('order_cancelled'));
    expect(await run('orders.create', orderId, input)).toEqual(refused('order_cancelled'));
  });

  it('cancelling nothing is done, and refuses the late creation', async () => {
    const orderId = randomUUID();
    expect(await run('orders.cancel', orderId)).toEqual(done);
    expect(await run('orders.create', orderId, input)).toEqual(refused('order_cancelled'));
  });

  it('a confirmed order is not cancelled', async () => {
    const orderId = randomUUID();
    await run('orders.create', orderId, input);
    await run('orders.confirm', orderId);
    expect(await run('orders.cancel', orderId)).toEqual(refused('order_confirmed'));
  });

  it('confirming nothing is refused', async () => {
    expect(await run('orders.confirm', randomUUID())).toEqual(refused('order_not_found'));
  });

  it('another content for an order that exists is refused', async () => {
    const orderId = randomUUID();
    await run('orders.create', orderId, input);
    expect(await run('orders.create', orderId, { ...input, totalCents: 1 })).toEqual(refused('order_conflict'));
  });

  it('an input that is not of its type throws, and writes nothing', async () => {
    const orderId = randomUUID();
    await expect(async () => run('orders.create', orderId, { totalCents: '1' })).rejects.toThrow(/another input/);
    expect(await service.findOrder(orderId)).toBeNull();
  });
});

it('one batch takes every effect, and answers each in its place', async () => {
  const [a, b, c] = [randomUUID(), randomUUID(), randomUUID()];
  const requests = [
    requestFor('orders.cancel', c),
    requestFor('orders.create', a, input),
    requestFor('orders.confirm', b),
    requestFor('orders.confirm', a),
  ];
  const outcomes = await database
    .pool()
    .transaction((tx) => ordersParticipant(service).apply(tx, requests, 1_700_000_000_000));
  expect(outcomes).toEqual([done, done, refused('order_not_found'), done]);
});

it('what is no answer of an orders service is never a business answer', async () => {
  const orderId = randomUUID();
  const answers = async (effect: string, status: number, body: unknown) => {
    const transport: Transport = () => Promise.resolve({ status, body });
    return remotely(() => remoteOrders(transport))(effect, orderId, input);
  };
  expect(await answers('orders.create', 200, { id: randomUUID() })).toMatchObject({ type: 'unknown' });
  expect(await answers('orders.create', 204, null)).toMatchObject({ type: 'unknown', code: 'unexpected_answer' });
  expect(await answers('orders.confirm', 404, { error: 'not_found' })).toMatchObject({
    type: 'failed',
    code: 'not_found',
  });
  expect(await answers('orders.confirm', 404, null)).toMatchObject({ type: 'failed', code: 'http_404' });
  expect(await answers('orders.create', 409, { error: 'order_confirmed' })).toMatchObject({ type: 'failed' });
  expect(await answers('orders.cancel', 404, { error: 'order_confirmed' })).toMatchObject({ type: 'failed' });
  expect(await answers('orders.create', 400, { error: 'validation_error' })).toMatchObject({
    type: 'failed',
    code: 'validation_error',
  });
});
