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
const uuid = expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/);
const maxInt = 2_147_483_647;

describe('POST /products', () => {
  it('creates a product as the original demo does', async () => {
    const body = { name: 'Wireless Mouse', sku: 'MOUSE-001', priceCents: 2999 };
    const { status, body: product, headers } = await shop.call('POST', '/products', body);
    expect({ status, product }).toEqual({
      status: 201,
      product: {
        id: uuid,
        name: 'Wireless Mouse',
        sku: 'MOUSE-001',
        price_cents: 2999,
        currency: 'USD',
        stock_quantity: 0,
        created_at: instant,
      },
    });
    expect(headers['location']).toBe(`/products/${String(product['id'])}`);
    expect((await shop.call('GET', String(headers['location']))).body).toEqual(product);
  });

  it.each(['initial_stock', 'initialStock'])('takes %s, and books it as a movement', async (name) => {
    const body = { name: 'Keyboard', sku: randomUUID(), price_cents: 1, currency: 'EUR', [name]: 7 };
    const { body: product } = await shop.call('POST', '/products', body);
    expect(product).toMatchObject({ price_cents: 1, currency: 'EUR', stock_quantity: 7 });
    expect(await stockOf(database.pg(), String(product['id']))).toEqual({ on_hand: 7, reserved: 0 });
    expect(await violations(database.pg())).toEqual([]);
  });

  it.each([
    ['no price', { price_cents: undefined }],
    ['both prices', { priceCents: 5 }],
    ['both stocks', { initial_stock: 1, initialStock: 1 }],
    ['a price as text', { price_cents: '5' }],
    ['a fraction of a cent', { price_cents: 0.5 }],
    ['a negative price', { price_cents: -1 }],
    ['a price beyond the column', { price_cents: maxInt + 1 }],
    ['a negative stock', { initial_stock: -1 }],
    ['a stock beyond the column', { initial_stock: maxInt + 1 }],
    ['a blank name', { name: ' ' }],
    ['a name that is too long', { name: 'n'.repeat(201) }],
    ['a padded SKU', { sku: 'A ' }],
    ['a currency that is none', { currency: 'usd' }],
    ['an unknown field', { colour: 'red' }],
  ])('refuses %s', async (_what, over) => {
    const body = { name: 'Thing', sku: randomUUID(), price_cents: 5, ...over };
    const { status, body: problem } = await shop.call('POST', '/products', body);
    expect({ status, error: problem['error'] }).toEqual({ status: 400, error: 'validation_error' });
  });

  it('names the product that has the SKU, whatever its case', async () => {
    const first = await shop.call('POST', '/products', { name: 'A', sku: 'Dup-1', price_cents: 1 });
    const second = await shop.call('POST', '/products', { name: 'B', sku: 'dUP-1', price_cents: 2 });
    expect(second).toMatchObject({
      status: 409,
      body: { error: 'duplicate_sku', existing_product_id: first.body['id'] },
    });
  });

  it('gives one of 20 concurrent requests the SKU, and the others its id', async () => {
    const body = { name: 'A', sku: randomUUID(), price_cents: 1 };
    const answers = await Promise.all(Array.from({ length: 20 }, () => shop.call('POST', '/products', body)));
    const created = answers.filter(({ status }) => status === 201);
    expect(created).toHaveLength(1);
    const others = answers.filter(({ status }) => status !== 201);
    expect(
      new Set(others.map(({ body }) => `${String(body['error'])} ${String(body['existing_product_id'])}`)),
    ).toEqual(new Set([`duplicate_sku ${String(created[0]!.body['id'])}`]));
  });

  it('takes names and SKUs of any script', async () => {
    const body = { name: '鼠标 🖱️', sku: `Ünï ${randomUUID()}`, price_cents: 0 };
    expect((await shop.call('POST', '/products', body)).body).toMatchObject({ name: body.name, sku: body.sku });
  });
});

describe('GET /products', () => {
  it('pages through all products, newest first, each once', async () => {
    const ids = [];
    for (let i = 0; i < 5; i++) ids.push(await shop.product(i));
    const seen: unknown[] = [];
    let url: string | null = '/products?limit=2';
    while (url !== null) {
      const { status, body } = await shop.call('GET', url);
      expect(status).toBe(200);
      seen.push(...(body['items'] as { id: string }[]).map(({ id }) => id));
      url = typeof body['next_cursor'] === 'string' ? `/products?limit=2&cursor=${body['next_cursor']}` : null;
    }
    const { rows } = await database.pg().query<{ id: string }>('select id from inventory.product order by id desc');
    expect(seen).toEqual(rows.map(({ id }) => id));
    expect(seen.slice(0, 5)).toEqual(ids.toReversed());
  });

  it('looks products up by id, and leaves unknown ones out', async () => {
    const [a, b] = [await shop.product(1), await shop.product(2)];
    const { status, body } = await shop.call('GET', `/products?ids=${b.toUpperCase()},${randomUUID()},${a}`);
    expect(status).toBe(200);
    expect((body['items'] as { id: string }[]).map(({ id }) => id)).toEqual([a, b]);
    expect(body).not.toHaveProperty('next_cursor');
  });

  it.each([
    '?limit=0',
    '?limit=101',
    '?limit=ten',
    '?cursor=abc',
    '?colour=red',
    '?ids=',
    '?ids=1,2',
    `?ids=${randomUUID()}&limit=2`,
    `?ids=${Array.from({ length: 101 }, () => randomUUID()).join(',')}`,
  ])('refuses %s', async (query) => {
    const { status, body } = await shop.call('GET', `/products${query}`);
    expect({ status, error: body['error'] }).toEqual({ status: 400, error: 'validation_error' });
  });
});

describe('GET /products/{id} and its availability', () => {
  it('says what can still be promised', async () => {
    const id = await shop.product(3);
    await shop.reserve(randomUUID(), [[id, 2]]);
    const { body: product } = await shop.call('GET', `/products/${id}`);
    expect(product).toMatchObject({ id, stock_quantity: 1 });
    const url = `/products/${id.toUpperCase()}/availability`;
    const sku = product['sku'];
    expect((await shop.call('GET', url)).body).toEqual({ product_id: id, sku, stock_quantity: 1, available: true });
    await shop.reserve(randomUUID(), [[id, 1]]);
    expect((await shop.call('GET', url)).body).toEqual({ product_id: id, sku, stock_quantity: 0, available: false });
  });

  it.each(['', '/availability'])('answers 404 for an unknown product%s, 400 for what is no id', async (path) => {
    const unknown = await shop.call('GET', `/products/${randomUUID()}${path}`);
    expect(unknown).toMatchObject({ status: 404, body: { error: 'product_not_found' } });
    const wrong = await shop.call('GET', `/products/17${path}`);
    expect(wrong).toMatchObject({ status: 400, body: { error: 'validation_error' } });
  });
});

describe('POST /products/{id}/stock', () => {
  it('adds, and replays the first answer byte for byte', async () => {
    const id = await shop.product(5);
    await shop.reserve(randomUUID(), [[id, 2]]);
    const key = randomUUID();
    const body = { quantity: 100, reason: 'Initial inventory', reference_id: 'PO-1', notes: 'rack 3' };
    const first = await shop.adjust(id, key, body);
    expect({ status: first.status, body: first.body }).toEqual({
      status: 200,
      body: {
        product_id: id,
        sku: expect.any(String),
        previous_quantity: 3,
        added_quantity: 100,
        new_quantity: 103,
        adjustment_id: uuid,
        created_at: instant,
      },
    });
    expect(first.headers).not.toHaveProperty('idempotent-replayed');
    await shop.adjust(id, randomUUID(), { quantity: -1, reason: 'broken' });

    const again = await shop.adjust(id, key, body);
    expect(again.text).toBe(first.text);
    expect(again.headers['idempotent-replayed']).toBe('true');
    expect(await stockOf(database.pg(), id)).toEqual({ on_hand: 104, reserved: 2 });
    expect(await violations(database.pg())).toEqual([]);
  });

  it.each([
    ['another quantity', { quantity: 2 }],
    ['another reason', { reason: 'other' }],
    ['another reference', { reference_id: 'PO-2' }],
    ['no notes', { notes: undefined }],
  ])('refuses a used key with %s', async (_what, over) => {
    const id = await shop.product(0);
    const key = randomUUID();
    const body = { quantity: 1, reason: 'r', reference_id: 'PO-1', notes: 'n' };
    await shop.adjust(id, key, body);
    const other = await shop.adjust(id, key, { ...body, ...over });
    expect(other).toMatchObject({ status: 422, body: { error: 'idempotency_key_reused' } });
    expect(await stockOf(database.pg(), id)).toEqual({ on_hand: 1, reserved: 0 });
  });

  it('refuses a used key for another product, known or not', async () => {
    const [a, b, key] = [await shop.product(0), await shop.product(0), randomUUID()];
    await shop.adjust(a, key, { quantity: 1, reason: 'r' });
    for (const other of [b, randomUUID()]) {
      const answer = await shop.adjust(other, key, { quantity: 1, reason: 'r' });
      expect(answer).toMatchObject({ status: 422, body: { error: 'idempotency_key_reused' } });
    }
  });

  it('never takes away what is reserved, and does not remember that it refused', async () => {
    const id = await shop.product(10);
    await shop.reserve(randomUUID(), [[id, 8]]);
    const key = randomUUID();
    const take = { quantity: -3, reason: 'stolen' };
    const refused = await shop.adjust(id, key, take);
    expect(refused).toMatchObject({
      status: 409,
      body: { error: 'insufficient_stock', items: [{ product_id: id, requested: 3, available: 2 }] },
    });
    await shop.adjust(id, randomUUID(), { quantity: 1, reason: 'found' });
    expect(await shop.adjust(id, key, take)).toMatchObject({ status: 200, body: { new_quantity: 0 } });
    expect(await stockOf(database.pg(), id)).toEqual({ on_hand: 8, reserved: 8 });
  });

  it('refuses more than the column holds, up to its last unit', async () => {
    const id = await shop.product(1);
    await shop.reserve(randomUUID(), [[id, 1]]);
    const tooMuch = await shop.adjust(id, randomUUID(), { quantity: maxInt, reason: 'r' });
    expect(tooMuch).toMatchObject({ status: 409, body: { error: 'stock_limit_exceeded' } });
    expect((await shop.adjust(id, randomUUID(), { quantity: maxInt - 1, reason: 'r' })).status).toBe(200);
    expect((await shop.adjust(id, randomUUID(), { quantity: 1, reason: 'r' })).status).toBe(409);
    expect(await stockOf(database.pg(), id)).toEqual({ on_hand: maxInt, reserved: 1 });
  });

  it('answers 404 for an unknown product', async () => {
    const answer = await shop.adjust(randomUUID(), randomUUID(), { quantity: 1, reason: 'r' });
    expect(answer).toMatchObject({ status: 404, body: { error: 'product_not_found' } });
  });

  it.each([
    ['nothing', { quantity: 0 }],
    ['a fraction', { quantity: 1.5 }],
    ['text', { quantity: '1' }],
    ['more than the column holds', { quantity: maxInt + 1 }],
    ['no reason', { reason: undefined }],
    ['an unknown field', { colour: 'red' }],
  ])('refuses %s', async (_what, over) => {
    const answer = await shop.adjust(randomUUID(), randomUUID(), { quantity: 1, reason: 'r', ...over });
    expect(answer).toMatchObject({ status: 400, body: { error: 'validation_error' } });
  });

  it('refuses a request without a key', async () => {
    const answer = await shop.call('POST', `/products/${await shop.product(0)}/stock`, { quantity: 1, reason: 'r' });
    expect(answer).toMatchObject({ status: 400, body: { error: 'validation_error' } });
  });
});
