import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { expectProblem } from '../../http/expect-problem.ts';
import { type Answer, email, token, useEdge, userId } from './edge.ts';

const edge = useEdge();

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const problemOf = ({ status, text, headers }: Answer, expected: number, error: string) =>
  expectProblem({ statusCode: status, body: text, headers }, expected, error);
const idOf = (answer: Answer): string => String(answer.json()['order_ledger_id']);

async function rowsOf(key: string): Promise<number> {
  const { rows } = await edge
    .pg()
    .query<{ n: number }>('select count(*)::int as n from ledger.entry where idempotency_key = $1', [key]);
  return rows[0]?.n ?? 0;
}

async function counts(): Promise<unknown> {
  const { rows } = await edge.pg().query(
    `select (select count(*) from ledger.entry) as entries, (select count(*) from ledger.item) as items,
       (select count(*) from actors.actor) as actors, (select count(*) from payments.request) as requests`,
  );
  return rows[0];
}

describe('POST /orders', () => {
  test('accepted: 202 AUTHORIZED with its Location, and the saga completes by itself', async () => {
    const product = await edge.product();
    const answer = await edge.place(edge.body(product), 'order-test-001');
    const id = idOf(answer);
    expect(id).toMatch(uuid);
    expect(answer.text).toBe(
      `{"order_ledger_id":"${id}","status":"AUTHORIZED","message":"Order received, processing"}`,
    );
    expect(answer.status).toBe(202);
    expect(answer.headers).toMatchObject({
      location: `/orders/${id}`,
      'content-type': 'application/json; charset=utf-8',
    });
    expect(answer.headers).not.toHaveProperty('idempotent-replayed');
    await edge.reaches(id, 'COMPLETED');
    expect((await edge.get(`/orders/${id}`)).json()).toEqual({
      order_ledger_id: id,
      order_id: id,
      status: 'COMPLETED',
      revision: expect.any(Number),
      user_id: userId,
      items: [{ product_id: product, quantity: 2, unit_price_cents: 2_999 }],
      total_cents: 5_998,
      currency: 'USD',
      payment: {
        status: 'captured',
        authorization_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        decline_code: null,
        authorized_cents: 5_998,
        captured_cents: 5_998,
        voided_cents: 0,
        refunded_cents: 0,
        expired_cents: 0,
        settlement: null,
      },
      order_state: 'confirmed',
      reservation_state: 'sold',
      failure: null,
      created_at: expect.stringMatching(/Z$/),
      updated_at: expect.stringMatching(/Z$/),
      allowed_actions: [],
    });
  });

  test('a replay gets the same bytes and Location, marked as replayed, also after the order has ended', async () => {
    const body = edge.body(await edge.product());
    const first = await edge.place(body, 'replay');
    await edge.reaches(idOf(first), 'COMPLETED');
    const again = await edge.place(body, 'replay');
    expect([again.status, again.text, again.headers['location'], again.headers['content-type']]).toEqual([
      first.status,
      first.text,
      first.headers['location'],
      first.headers['content-type'],
    ]);
    expect(again.headers['idempotent-replayed']).toBe('true');
  });

  test('20 parallel requests with one key: one order, equal bytes, all but one marked as replayed', async () => {
    const body = edge.body(await edge.product());
    const answers = await Promise.all(Array.from({ length: 20 }, () => edge.place(body, 'parallel')));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`))).toEqual(
      new Set([`202 ${answers[0]?.text}`]),
    );
    expect(answers.filter(({ headers }) => headers['idempotent-replayed'] === undefined)).toHaveLength(1);
    expect(await rowsOf('parallel')).toBe(1);
    const { rows } = await edge
      .pg()
      .query(`select count(*)::int as n from actors.actor where id = $1`, [idOf(answers[0]!)]);
    expect(rows).toEqual([{ n: 1 }]);
  });

  test('parallel requests through two processes, with many keys at once: one order per key', async () => {
    const other = await edge.another({});
    const product = await edge.product({ stock: 1_000 });
    const keys = Array.from({ length: 15 }, (_, i) => `both-${i}`);
    const answers = await Promise.all(
      [...keys, ...keys.toReversed(), ...keys].map((key, i) =>
        edge.place(edge.body(product), key, i % 2 ? other : undefined),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 202));
    expect(new Set(answers.map(idOf)).size).toBe(keys.length);
    for (const key of keys) expect(await rowsOf(key)).toBe(1);
  });

  test('a repeat is the same order however its JSON and its quantities are written', async () => {
    const [a, b] = [await edge.product(), await edge.product()];
    const first = await edge.place(
      edge.body(a, {
        items: [
          { product_id: a, quantity: 1 },
          { product_id: b, quantity: 3 },
          { product_id: a, quantity: 2 },
        ],
      }),
      'same-meaning',
    );
    const again = await edge.place(
      {
        payment: { token, method: 'card' },
        items: [
          { quantity: 3, product_id: b.toUpperCase() },
          { quantity: 3, product_id: a },
        ],
        email,
        user_id: userId,
      },
      'same-meaning',
    );
    expect([again.status, again.text]).toEqual([202, first.text]);
    expect((await edge.get(`/orders/${idOf(first)}`)).json()).toMatchObject({
      items: [a, b].toSorted().map((id) => ({ product_id: id, quantity: 3, unit_price_cents: 2_999 })),
      total_cents: 6 * 2_999,
    });
  });

  test.each([
    ['quantity', { items: [{ product_id: randomUUID(), quantity: 3 }] }],
    ['user', { user_id: randomUUID() }],
    ['e-mail', { email: 'other@example.com' }],
    ['token', { payment: { method: 'card', token: 'tok_other' } }],
  ])('a key reused with another %s: 422, and nothing more is written', async (what, over) => {
    const key = `reused-${what}`;
    const body = edge.body(await edge.product());
    const first = await edge.place(body, key);
    await edge.settles(idOf(first), 'COMPLETED');
    const before = await counts();
    problemOf(await edge.place({ ...body, ...over }, key), 422, 'idempotency_key_reused');
    expect(await counts()).toEqual(before);
  });

  test('a replay never asks for the products', async () => {
    const body = edge.body(await edge.product());
    const first = await edge.place(body, 'no-products');
    const blind = await edge.another({ catalog: { quote: () => Promise.reject(new Error('no inventory')) } });
    expect((await edge.place(body, 'no-products', blind)).text).toBe(first.text);
    const refused = await edge.place(body, 'no-products-2', blind);
    problemOf(refused, 503, 'service_unavailable');
    expect(refused.headers['retry-after']).toBe('1');
    expect(await rowsOf('no-products-2')).toBe(0);
  });
});

describe('declined', () => {
  test('402 with decline_code and order_ledger_id; replays get the same bytes; it stays declined', async () => {
    const body = edge.body(await edge.product(), { payment: { method: 'card', token: 'decline_insufficient' } });
    const first = await edge.place(body, 'declined');
    const problem = problemOf(first, 402, 'payment_declined');
    expect(problem).toEqual({
      type: 'urn:waybill:problem:payment_declined',
      title: 'The payment was declined',
      status: 402,
      error: 'payment_declined',
      decline_code: expect.stringMatching(/insufficient/),
      order_ledger_id: expect.stringMatching(uuid),
      trace_id: first.headers['traceresponse']?.toString().split('-')[1],
    });
    expect(first.headers).not.toHaveProperty('location');
    const again = await edge.place(body, 'declined');
    expect([again.status, again.text, again.headers['content-type']]).toEqual([
      402,
      first.text,
      'application/problem+json',
    ]);
    expect(again.headers['idempotent-replayed']).toBe('true');
    expect((await edge.get(`/orders/${String(problem['order_ledger_id'])}`)).json()).toMatchObject({
      status: 'AUTHORIZATION_FAILED',
      order_id: null,
      payment: { status: 'declined', authorization_id: null, decline_code: problem['decline_code'] },
      failure: { code: 'payment_declined', detail: { decline_code: problem['decline_code'] } },
      allowed_actions: [],
    });
  });
});

describe('prices', () => {
  test('an unknown product: 422 that names it', async () => {
    const [known, unknown] = [await edge.product(), randomUUID()];
    const items = [known, unknown].map((id) => ({ product_id: id, quantity: 1 }));
    const problem = problemOf(await edge.place(edge.body(known, { items }), 'unknown'), 422, 'product_not_found');
    expect(problem['product_ids']).toEqual([unknown]);
    expect(await rowsOf('unknown')).toBe(0);
  });

  test('products of two currencies: 422', async () => {
    const items = [await edge.product(), await edge.product({ currency: 'EUR' })].map((id) => ({
      product_id: id,
      quantity: 1,
    }));
    const problem = problemOf(await edge.place(edge.body('', { items }), 'mixed'), 422, 'mixed_currency');
    expect(problem['currencies']).toEqual(['EUR', 'USD']);
    expect(await rowsOf('mixed')).toBe(0);
  });

  test('a total beyond int4: 422; one that just fits is accepted', async () => {
    const product = await edge.product({ priceCents: 2_147_483_647, stock: 10 });
    const two = edge.body(product, { items: [{ product_id: product, quantity: 2 }] });
    problemOf(await edge.place(two, 'too-large'), 422, 'total_too_large');
    expect(await rowsOf('too-large')).toBe(0);
    const one = await edge.place(edge.body(product, { items: [{ product_id: product, quantity: 1 }] }), 'fits');
    expect(one.status).toBe(202);
    await edge.reaches(idOf(one), 'COMPLETED');
  });

  test('a refusal stores nothing: the same key succeeds once the products are right', async () => {
    const product = await edge.product();
    const wrong = edge.body(product, { items: [{ product_id: randomUUID(), quantity: 1 }] });
    problemOf(await edge.place(wrong, 'second-try'), 422, 'product_not_found');
    const right = await edge.place(edge.body(product), 'second-try');
    expect([right.status, right.headers['idempotent-replayed']]).toEqual([202, undefined]);
  });
});
