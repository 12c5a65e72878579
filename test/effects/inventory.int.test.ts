import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CatalogUnavailable,
  inventoryParticipant,
  remoteCatalog,
  remoteInventory,
} from '../../src/effects/inventory.ts';
import { fetchTransport, injectTransport, type Transport, TransportError } from '../../src/effects/transport.ts';
import { classifyFault } from '../../src/persistence/faults.ts';
import { useDatabase } from '../support/database.ts';
import { openShop, type Shop, stockOf, violations } from '../services/inventory/shop.ts';
import { locally, remotely, requestFor, type Run } from './participant.ts';

const database = useDatabase();
let shop: Shop;
let baseUrl: string;
beforeAll(async () => {
  shop = await openShop(database.pool());
  baseUrl = await shop.app.listen({ port: 0, host: '127.0.0.1' });
});
afterAll(() => shop.app.close());

const done = { type: 'done', value: {} };
const refused = (code: string, more: object = {}) => ({ type: 'refused', value: { code, ...more } });
const stock = (id: string) => stockOf(database.pg(), id);

const forms: readonly (readonly [string, Run])[] = [
  ['local', locally(database.pool, () => inventoryParticipant(shop.service))],
  ['in this process', remotely(() => remoteInventory(injectTransport(shop.app)))],
  ['over HTTP', remotely(() => remoteInventory(fetchTransport(baseUrl)))],
];

describe.each(forms)('the inventory effects, %s', (_form, run) => {
  const reserve = (orderId: string, productId: string, quantity: number) =>
    run('inventory.reserve', orderId, { items: [{ productId, quantity }] });

  it('reserve, commit: sold once, however often', async () => {
    const [id, orderId] = [await shop.product(5), randomUUID()];
    expect(await reserve(orderId, id, 2)).toEqual(done);
    expect(await reserve(orderId, id, 2)).toEqual(done);
    expect(await stock(id)).toEqual({ on_hand: 5, reserved: 2 });
    expect(await run('inventory.commit', orderId)).toEqual(done);
    expect(await run('inventory.commit', orderId)).toEqual(done);
    expect(await reserve(orderId, id, 2)).toEqual(done);
    expect(await stock(id)).toEqual({ on_hand: 3, reserved: 0 });
    expect(await run('inventory.release', orderId)).toEqual(refused('reservation_sold'));
    expect(await violations(database.pg())).toEqual([]);
  });

  it('its reservation belongs to the saga', async () => {
    const [id, orderId] = [await shop.product(5), randomUUID()];
    await reserve(orderId, id, 1);
    expect(await shop.service.findReservation(orderId)).toMatchObject({ ownedBySaga: true, expiresAtMs: null });
  });

  it('reserve, release: given back, and no reserve brings it back', async () => {
    const [id, orderId] = [await shop.product(5), randomUUID()];
    await reserve(orderId, id, 2);
    expect(await run('inventory.release', orderId)).toEqual(done);
    expect(await run('inventory.release', orderId)).toEqual(done);
    expect(await stock(id)).toEqual({ on_hand: 5, reserved: 0 });
    expect(await reserve(orderId, id, 2)).toEqual(refused('reservation_released', { short: [] }));
    expect(await run('inventory.commit', orderId)).toEqual(refused('reservation_released'));
  });

  it('releasing nothing is done, and refuses the late reserve', async () => {
    const [id, orderId] = [await shop.product(5), randomUUID()];
    expect(await run('inventory.release', orderId)).toEqual(done);
    expect(await reserve(orderId, id, 1)).toEqual(refused('reservation_released', { short: [] }));
    expect(await stock(id)).toEqual({ on_hand: 5, reserved: 0 });
  });

  it('a shortage names what is short, and is remembered', async () => {
    const [id, orderId] = [await shop.product(1), randomUUID()];
    const unknown = randomUUID();
    const items = [
      { productId: id, quantity: 1 },
      { productId: id, quantity: 2 },
      { productId: unknown, quantity: 1 },
    ];
    const short = [
      { productId: id, requested: 3, available: 1 },
      { productId: unknown, requested: 1, available: 0 },
    ].toSorted((a, b) => (a.productId < b.productId ? -1 : 1));
    const first = await run('inventory.reserve', orderId, { items });
    expect(first).toEqual(refused('insufficient_stock', { short }));
    await shop.adjust(id, randomUUID(), { quantity: 10, reason: 'restock' });
    expect(await run('inventory.reserve', orderId, { items })).toEqual(first);
    expect(await run('inventory.commit', orderId)).toEqual(refused('reservation_not_found'));
  });

  it('committing nothing is refused', async () => {
    expect(await run('inventory.commit', randomUUID())).toEqual(refused('reservation_not_found'));
  });

  it('other items for an order that has a reservation are refused', async () => {
    const [id, orderId] = [await shop.product(5), randomUUID()];
    await reserve(orderId, id, 1);
    expect(await reserve(orderId, id, 2)).toEqual(refused('reservation_conflict', { short: [] }));
  });

  it('an input that is not of its type throws', async () => {
    await expect(async () => run('inventory.reserve', randomUUID(), { items: 1 })).rejects.toThrow(/another input/);
  });
});

it('one batch takes every effect, and answers each in its place', async () => {
  const [id, a, b, c] = [await shop.product(2), randomUUID(), randomUUID(), randomUUID()];
  const items = [{ productId: id, quantity: 2 }];
  await shop.reserve(a, [[id, 2]]);
  const requests = [
    requestFor('inventory.reserve', b, { items }),
    requestFor('inventory.release', a),
    requestFor('inventory.commit', c),
    requestFor('inventory.reserve', c, { items }),
  ];
  const outcomes = await database
    .pool()
    .transaction((tx) => inventoryParticipant(shop.service).apply(tx, requests, 1_700_000_000_000));
  expect(outcomes).toEqual([
    refused('insufficient_stock', { short: [{ productId: id, requested: 2, available: 0 }] }),
    done,
    refused('reservation_not_found'),
    done,
  ]);
});

it('what is no answer of an inventory is never a business answer', async () => {
  const orderId = randomUUID();
  const answers = async (effect: string, status: number, body: unknown) => {
    const transport: Transport = () => Promise.resolve({ status, body });
    return remotely(() => remoteInventory(transport))(effect, orderId, { items: [] });
  };
  expect(await answers('inventory.reserve', 201, { order_id: randomUUID() })).toMatchObject({ type: 'unknown' });
  expect(await answers('inventory.release', 204, null)).toMatchObject({ type: 'unknown', code: 'unexpected_answer' });
  expect(await answers('inventory.commit', 404, { error: 'not_found' })).toMatchObject({ type: 'failed' });
  expect(await answers('inventory.reserve', 409, { error: 'insufficient_stock' })).toMatchObject({ type: 'failed' });
  expect(await answers('inventory.commit', 409, { error: 'insufficient_stock', items: [] })).toMatchObject({
    type: 'failed',
  });
  expect(await answers('inventory.reserve', 400, { error: 'validation_error' })).toMatchObject({
    type: 'failed',
    code: 'validation_error',
  });
});

describe('the catalog', () => {
  it.each([
    ['local', () => shop.service],
    ['in this process', () => remoteCatalog(injectTransport(shop.app))],
    ['over HTTP', () => remoteCatalog(fetchTransport(baseUrl))],
  ])('quotes what exists, %s', async (_form, catalog) => {
    const id = await shop.product(1);
    const quoted = await catalog().quote([randomUUID(), id]);
    expect(quoted).toMatchObject([
      { id, name: 'A thing', sku: expect.stringMatching(/^SKU-/), priceCents: 500, currency: 'USD' },
    ]);
    expect(await catalog().quote([])).toEqual([]);
  });

  it.each<[string, Transport]>([
    ['does not answer', () => Promise.reject(new TransportError('timeout', 'gave up', { sent: true }))],
    ['is overloaded', () => Promise.resolve({ status: 503, body: null })],
    ['answers something else', () => Promise.resolve({ status: 200, body: { items: [{}] } })],
  ])('when the inventory elsewhere %s, is unavailable like a database that is away', async (_what, transport) => {
    const failure: unknown = await remoteCatalog(transport)
      .quote([randomUUID()])
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(CatalogUnavailable);
    expect(classifyFault(failure)).toBe('unavailable');
  });
});
