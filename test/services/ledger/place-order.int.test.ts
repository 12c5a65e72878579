import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { expectProblem } from '../../http/expect-problem.ts';
import { eventually } from '../../support/wait.ts';
import { type Answer, email, token, useEdge, userId } from './edge.ts';

const edge = useEdge();

afterEach(() => edge.worker.on());

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

describe('the budget', () => {
  test('spent: 202 AWAITING_AUTHORIZATION, the same for replays; the saga goes on by itself', async () => {
    const hasty = await edge.another({ budgetMs: 50 });
    const release = edge.hold('/payments/authorize');
    const body = edge.body(await edge.product());
    const first = await edge.place(body, 'budget', hasty);
    const id = idOf(first);
    expect(first.status).toBe(202);
    expect(first.text).toBe(
      `{"order_ledger_id":"${id}","status":"AWAITING_AUTHORIZATION","message":"Order received, processing"}`,
    );
    expect(first.headers['location']).toBe(`/orders/${id}`);
    expect((await edge.get(`/orders/${id}`)).json()).toMatchObject({
      status: 'AWAITING_AUTHORIZATION',
      order_id: null,
      payment: { status: 'none' },
      allowed_actions: ['cancel'],
    });
    release();
    await edge.reaches(id, 'COMPLETED');
    const again = await edge.place(body, 'budget');
    expect([again.status, again.text, again.headers['idempotent-replayed']]).toEqual([202, first.text, 'true']);
  });

  test('spent and declined afterwards: the answer stays AWAITING_AUTHORIZATION, the order is AUTHORIZATION_FAILED', async () => {
    const hasty = await edge.another({ budgetMs: 50 });
    const release = edge.hold('/payments/authorize');
    const body = edge.body(await edge.product(), { payment: { method: 'card', token: 'decline_' } });
    const first = await edge.place(body, 'budget-declined', hasty);
    expect(first.json()['status']).toBe('AWAITING_AUTHORIZATION');
    release();
    await edge.reaches(idOf(first), 'AUTHORIZATION_FAILED');
    expect((await edge.place(body, 'budget-declined')).text).toBe(first.text);
  });

  test('replays that wait get the answer as soon as it is decided', async () => {
    const release = edge.hold('/payments/authorize');
    const body = edge.body(await edge.product());
    const first = edge.place(body, 'waiting');
    await eventually(() => edge.held() === 1);
    const replays = Array.from({ length: 5 }, () => edge.place(body, 'waiting'));
    await eventually(async () => (await rowsOf('waiting')) === 1);
    release();
    const answers = await Promise.all([first, ...replays]);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers.map(({ headers }) => headers['idempotent-replayed'])).toEqual([
      undefined,
      ...replays.map(() => 'true'),
    ]);
    expect(answers[0]?.json()['status']).toBe('AUTHORIZED');
  });

  test("a replay's budget spent first decides for the first request too", async () => {
    const hasty = await edge.another({ budgetMs: 0 });
    const release = edge.hold('/payments/authorize');
    const body = edge.body(await edge.product());
    const first = edge.place(body, 'replay-first');
    await eventually(() => edge.held() === 1);
    const replay = await edge.place(body, 'replay-first', hasty);
    expect(replay.json()['status']).toBe('AWAITING_AUTHORIZATION');
    release();
    expect((await first).text).toBe(replay.text);
    await edge.reaches(idOf(replay), 'COMPLETED');
  });

  test('the answer cannot even be stored: 409 with Retry-After, and later the order is there', async () => {
    const hasty = await edge.another({ budgetMs: 0 });
    const release = edge.hold('/payments/authorize');
    const body = edge.body(await edge.product());
    const first = edge.place(body, 'locked');
    await eventually(() => edge.held() === 1);
    const locker = await edge.pg().connect();
    await locker.query('begin');
    await locker.query(`select from ledger.entry where idempotency_key = 'locked' for no key update`);
    const refused = await edge.place(body, 'locked', hasty);
    await locker.query('rollback');
    locker.release();
    problemOf(refused, 409, 'idempotency_in_progress');
    expect(refused.headers['retry-after']).toBe('1');
    release();
    expect((await first).json()['status']).toBe('AUTHORIZED');
  });

  test('a flaky gateway: the retry after the backoff authorizes, and the waiting request is told', async () => {
    const body = edge.body(await edge.product(), { payment: { method: 'card', token: 'flaky_1' } });
    const answering = edge.place(body, 'flaky');
    const id = await eventually(async () => {
      const { rows } = await edge.pg().query<{ id: string }>(
        `select a.id from actors.actor a join ledger.entry e on e.id::text = a.id
         where e.idempotency_key = 'flaky' and a.state = 'authorizing.backingOff'`,
      );
      return rows[0]?.id;
    });
    await edge.moves(1_000);
    await edge.system().advance(id, { until: 'accepted' });
    expect((await answering).json()).toMatchObject({ status: 'AUTHORIZED' });
    edge.worker.on();
    await edge.system().advance(id);
    // The capture is flaky as well.
    await edge.moves(1_000);
    await edge.system().advance(id);
    await edge.reaches(id, 'COMPLETED');
  });

  test('authorization never known: leaving to be voided answers AWAITING_AUTHORIZATION, and the order ends FAILED', async () => {
    const body = edge.body(await edge.product(), { payment: { method: 'card', token: 'flaky_99' } });
    edge.worker.off();
    const answering = edge.place(body, 'never-known');
    const id = await eventually(async () => {
      const { rows } = await edge
        .pg()
        .query<{ id: string }>(`select id::text from ledger.entry where idempotency_key = 'never-known'`);
      return rows[0]?.id;
    });
    await eventually(async () => {
      await edge.moves(64_000);
      await edge.system().advance(id);
      const { rows } = await edge
        .pg()
        .query<{ answer_kind: string | null }>('select answer_kind from ledger.entry where id = $1', [id]);
      return rows[0]?.answer_kind;
    });
    expect((await answering).json()['status']).toBe('AWAITING_AUTHORIZATION');
    await eventually(async () => {
      await edge.moves(64_000);
      await edge.system().advance(id);
      return (await edge.get(`/orders/${id}`)).json()['status'] === 'FAILED';
    });
    expect((await edge.get(`/orders/${id}`)).json()).toMatchObject({
      failure: { code: 'authorization_unknown', detail: { outcome: 'failed', code: 'service_unavailable' } },
      order_state: 'none',
      reservation_state: 'none',
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

describe('personal data', () => {
  test('the token is gone once the authorization is settled, and neither it nor the e-mail is anywhere else', async () => {
    const release = edge.hold('/payments/authorize');
    const secrets = { email: 'canary-2@example.com', payment: { method: 'card', token: 'tok_canary_two' } };
    const answering = edge.place(edge.body(await edge.product(), secrets), 'canary');
    await eventually(() => edge.held() === 1);
    const stored = async () =>
      (await edge.pg().query(`select payment_token, email from ledger.entry where idempotency_key = 'canary'`)).rows;
    expect(await stored()).toEqual([{ payment_token: 'tok_canary_two', email: 'canary-2@example.com' }]);
    release();
    const id = idOf(await answering);
    expect(await stored()).toEqual([{ payment_token: null, email: 'canary-2@example.com' }]);
    await edge.settles(id, 'COMPLETED');
    expect(await tablesWith('tok_canary_two')).toEqual([]);
    expect(await tablesWith('canary-2@example.com')).toEqual(['ledger.entry', 'notice.mailbox']);
    expect(edge.logged.filter((line) => line.includes(id))).toEqual([
      JSON.stringify({ orderId: id, outcome: 'completed', repeated: false, message: 'notice sent' }),
    ]);
    for (const path of [`/orders/${id}`, '/orders', `/orders/${id}/history`]) {
      expect((await edge.get(path)).text).not.toMatch(/canary/);
    }
  });

  /** Names of the tables that hold a text somewhere. */
  async function tablesWith(text: string): Promise<string[]> {
    const { rows } = await edge.pg().query<{ name: string }>(
      `select schemaname || '.' || tablename as name from pg_tables
       where schemaname not in ('pg_catalog', 'information_schema') order by 1`,
    );
    const found: string[] = [];
    for (const { name } of rows) {
      const hits = await edge.pg().query(`select from ${name} t where t::text like '%' || $1 || '%'`, [text]);
      if (hits.rowCount) found.push(name);
    }
    return found;
  }
});
