import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { expectProblem } from '../../http/expect-problem.ts';
import { type Answer, useEdge } from './edge.ts';

const edge = useEdge();

const problemOf = ({ status, text, headers }: Answer, expected: number, error: string) =>
  expectProblem({ statusCode: status, body: text, headers }, expected, error);
const itemsOf = (answer: Answer) => answer.json()['items'] as readonly Record<string, unknown>[];

describe('GET /orders/{id}', () => {
  test('ETag: 304 for who has this version, 200 with another tag once the order has moved', async () => {
    const release = edge.hold('/payments/capture');
    const id = await edge.placed();
    await edge.reaches(id, 'INVENTORY_RESERVED');
    const first = await edge.get(`/orders/${id}`);
    const tag = String(first.headers['etag']);
    expect(tag).toBe(`"${String(first.json()['revision'])}"`);
    for (const named of [tag, `W/${tag}`, `"x", ${tag}`, '*']) {
      const same = await edge.get(`/orders/${id}`, { 'if-none-match': named });
      expect([same.status, same.text, same.headers['etag']]).toEqual([304, '', tag]);
    }
    release();
    await edge.reaches(id, 'COMPLETED');
    const later = await edge.get(`/orders/${id}`, { 'if-none-match': tag });
    expect([later.status, later.json()['status'], later.headers['etag'] === tag]).toEqual([200, 'COMPLETED', false]);
  });

  test('Prefer: wait answers as soon as the order has ended', async () => {
    const release = edge.hold('/payments/capture');
    const id = await edge.placed();
    const waiting = edge.get(`/orders/${id}`, { prefer: 'respond-async, wait=20' });
    await edge.reaches(id, 'INVENTORY_RESERVED');
    release();
    const answer = await waiting;
    expect([answer.status, answer.json()['status'], answer.headers['preference-applied']]).toEqual([
      200,
      'COMPLETED',
      'wait=20',
    ]);
  });

  test.each([
    ['wait=0', 'wait=0'],
    ['wait="0"', 'wait=0'],
    ['WAIT=0; foo', 'wait=0'],
    ['wait=', undefined],
    ['wait=-1', undefined],
    ['await=1', undefined],
    ['return=minimal', undefined],
  ])('Prefer: %s of an order that goes on answers what is', async (prefer, applied) => {
    const release = edge.hold('/payments/capture');
    const id = await edge.placed();
    await edge.reaches(id, 'INVENTORY_RESERVED');
    const answer = await edge.get(`/orders/${id}`, { prefer });
    expect([answer.json()['status'], answer.headers['preference-applied']]).toEqual(['INVENTORY_RESERVED', applied]);
    release();
    await edge.reaches(id, 'COMPLETED');
  });

  test('a wait is bounded, and ends when the app closes', async () => {
    const release = edge.hold('/payments/capture');
    const id = await edge.placed();
    const app = await edge.another({});
    const waiting = app.inject({ url: `/orders/${id}`, headers: { prefer: 'wait=86400' } });
    await edge.reaches(id, 'INVENTORY_RESERVED');
    await app.close();
    const answer = await waiting;
    expect([answer.statusCode, answer.headers['preference-applied']]).toEqual([200, 'wait=30']);
    release();
    await edge.reaches(id, 'COMPLETED');
  });

  test('an order out of stock fails with the short items, its money voided', async () => {
    const product = await edge.product({ stock: 1 });
    const answer = await edge.place(edge.body(product));
    const id = String(answer.json()['order_ledger_id']);
    await edge.reaches(id, 'FAILED');
    expect((await edge.get(`/orders/${id}`)).json()).toMatchObject({
      order_id: id,
      failure: {
        code: 'insufficient_stock',
        detail: { short: [{ product_id: product, requested: 2, available: 1 }] },
      },
      payment: { status: 'voided', authorized_cents: 5_998, captured_cents: 0, voided_cents: 5_998 },
      order_state: 'cancelled',
      reservation_state: 'none',
      allowed_actions: [],
    });
  });

  test('parked by its machine: NEEDS_ATTENTION, and retry is allowed', async () => {
    edge.refuse('inventory.commit', { type: 'refused', value: { code: 'reservation_not_found' } });
    const id = await edge.placed();
    await edge.reaches(id, 'NEEDS_ATTENTION');
    edge.refuse('inventory.commit', null);
    expect((await edge.get(`/orders/${id}`)).json()).toMatchObject({
      order_state: 'confirmed',
      reservation_state: 'reserved',
      payment: { status: 'captured' },
      allowed_actions: ['retry'],
    });
    problemOf(await edge.cancel(id), 409, 'not_cancellable');
    expect(await edge.system().send(id, { type: 'RETRY' })).toMatchObject({ type: 'applied' });
    await edge.reaches(id, 'COMPLETED');
  });

  test('parked by the runtime: shown as NEEDS_ATTENTION under another ETag', async () => {
    const release = edge.hold('/payments/capture');
    const id = await edge.placed();
    await edge.reaches(id, 'INVENTORY_RESERVED');
    const before = await edge.get(`/orders/${id}`);
    await edge
      .pg()
      .query(`update actors.actor set parked_by = 'runtime', park_reason = 'test', parked_at = now() where id = $1`, [
        id,
      ]);
    const parked = await edge.get(`/orders/${id}`, { 'if-none-match': String(before.headers['etag']) });
    expect([parked.status, parked.json()['status'], parked.json()['allowed_actions']]).toEqual([
      200,
      'NEEDS_ATTENTION',
      [],
    ]);
    await edge
      .pg()
      .query(`update actors.actor set parked_by = null, park_reason = null, parked_at = null where id = $1`, [id]);
    release();
    await edge.reaches(id, 'COMPLETED');
  });
});

describe('GET /orders', () => {
  const user = randomUUID();
  let products: string[];
  let ids: string[];
  beforeAll(async () => {
    products = [await edge.product(), await edge.product()];
    ids = [];
    for (let i = 0; i < 7; i += 1) {
      const declined = i === 3 ? { payment: { method: 'card', token: 'decline_' } } : {};
      const answer = await edge.place(edge.body(products[i % 2] ?? '', { user_id: user, ...declined }));
      ids.push(String(answer.json()['order_ledger_id']));
    }
    for (const [i, id] of ids.entries()) await edge.reaches(id, i === 3 ? 'AUTHORIZATION_FAILED' : 'COMPLETED');
  });
  const listed = async (query: string) =>
    itemsOf(await edge.get(`/orders?${query}`)).map((item) => item['order_ledger_id']);

  test('pages follow each other, newest first, without gap or overlap', async () => {
    const pages: unknown[][] = [];
    let cursor = '';
    do {
      const answer = await edge.get(`/orders?user_id=${user}&limit=3${cursor && `&cursor=${cursor}`}`);
      pages.push(itemsOf(answer).map((item) => item['order_ledger_id']));
      const next = answer.json()['next_cursor'];
      cursor = typeof next === 'string' ? next : '';
    } while (cursor !== '');
    expect(pages.map(({ length }) => length)).toEqual([3, 3, 1]);
    expect(pages.flat()).toEqual(ids.toReversed());
  });

  test('a page that holds exactly the rest has no next one', async () => {
    expect((await edge.get(`/orders?user_id=${user}&limit=7`)).json()).not.toHaveProperty('next_cursor');
  });

  test('filters: status, user, product, created range, and all together', async () => {
    const byProduct = (n: number) => ids.filter((_, i) => i % 2 === n).toReversed();
    expect(await listed(`status=AUTHORIZATION_FAILED&user_id=${user}`)).toEqual([ids[3]]);
    expect(await listed(`user_id=${randomUUID()}`)).toEqual([]);
    expect(await listed(`product_id=${products[0]?.toUpperCase()}`)).toEqual(byProduct(0));
    expect(await listed(`product_id=${products[1]}&status=COMPLETED`)).toEqual([ids[5], ids[1]]);
    const [second] = (await edge.get(`/orders?user_id=${user}&limit=1`)).json()['items'] as { created_at: string }[];
    const at = second?.created_at ?? '';
    expect(await listed(`user_id=${user}&created_after=${at}`)).toEqual([ids[6]]);
    expect(await listed(`user_id=${user}&created_before=${at}`)).toEqual(ids.slice(0, 6).toReversed());
    expect(
      await listed(`user_id=${user}&created_after=2020-01-01T00:00:00Z&created_before=2020-01-02T00:00:00Z`),
    ).toEqual([]);
  });

  test('shows each order as its own page does, but for what may be done with it', async () => {
    const [first] = itemsOf(await edge.get(`/orders?user_id=${user}&limit=1`));
    const { allowed_actions: actions, ...rest } = (await edge.get(`/orders/${ids[6]}`)).json();
    expect([first, actions]).toEqual([rest, []]);
  });
});
