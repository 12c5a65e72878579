import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { beforeAll, describe, expect, test } from 'vitest';
import { expectProblem } from '../../http/expect-problem.ts';
import { eventually } from '../../support/wait.ts';
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

describe('POST /orders/{id}/cancel', () => {
  const balanced = { order_state: 'cancelled', allowed_actions: [] };

  test('while the authorization is called, before any answer: AUTHORIZED is answered, then it is undone', async () => {
    const release = edge.hold('/payments/authorize');
    const body = edge.body(await edge.product());
    const answering = edge.place(body, 'cancel-early');
    const id = await eventually(async () => {
      const { rows } = await edge
        .pg()
        .query<{ id: string }>(`select id from ledger.entry where idempotency_key = 'cancel-early'`);
      return rows[0]?.id;
    });
    const cancelled = await edge.cancel(id);
    expect([cancelled.status, cancelled.json()]).toEqual([
      202,
      { order_ledger_id: id, status: 'AWAITING_AUTHORIZATION' },
    ]);
    // Remembered: a repeat changes nothing.
    expect((await edge.cancel(id)).status).toBe(202);
    expect((await edge.get(`/orders/${id}`)).json()).toMatchObject({
      failure: { code: 'cancelled_by_customer' },
      allowed_actions: [],
    });
    release();
    expect((await answering).json()).toMatchObject({ order_ledger_id: id, status: 'AUTHORIZED' });
    await edge.reaches(id, 'CANCELLED');
    expect((await edge.get(`/orders/${id}`)).json()).toMatchObject({
      order_id: null,
      order_state: 'none',
      reservation_state: 'none',
      payment: { status: 'voided', authorized_cents: 5_998, voided_cents: 5_998 },
    });
    expect((await edge.place(body, 'cancel-early')).json()).toMatchObject({ status: 'AUTHORIZED' });
  });

  test('before the order is created', async () => {
    edge.worker.off();
    const id = await edge.placed();
    await edge.reaches(id, 'AUTHORIZED');
    expect((await edge.cancel(id)).json()).toEqual({ order_ledger_id: id, status: 'AUTHORIZED' });
    edge.worker.on();
    await edge.reaches(id, 'CANCELLED');
    expect((await edge.get(`/orders/${id}`)).json()).toMatchObject({
      ...balanced,
      order_id: id,
      payment: { status: 'voided' },
    });
  });

  test('while the capture is called: what was captured is refunded', async () => {
    const release = edge.hold('/payments/capture');
    const id = await edge.placed();
    await edge.reaches(id, 'INVENTORY_RESERVED');
    expect((await edge.cancel(id)).json()).toEqual({ order_ledger_id: id, status: 'INVENTORY_RESERVED' });
    release();
    await edge.reaches(id, 'CANCELLED');
    expect((await edge.get(`/orders/${id}`)).json()).toMatchObject({
      ...balanced,
      reservation_state: 'released',
      payment: { status: 'refunded', captured_cents: 5_998, refunded_cents: 5_998 },
      failure: { code: 'cancelled_by_customer', detail: null },
    });
  });

  test('a repeat while it is being undone is accepted too', async () => {
    const release = edge.hold('/payments/void');
    edge.worker.off();
    const id = await edge.placed();
    await edge.cancel(id);
    edge.worker.on();
    await edge.reaches(id, 'COMPENSATING');
    expect((await edge.cancel(id)).json()).toEqual({ order_ledger_id: id, status: 'COMPENSATING' });
    release();
    await edge.reaches(id, 'CANCELLED');
  });

  test.each([
    ['COMPLETED', {}],
    ['FAILED', { items: 'out of stock' }],
  ])('once it is %s: 409 with the current status', async (status, over) => {
    const product = await edge.product({ stock: 'items' in over ? 0 : 10 });
    const answer = await edge.place(edge.body(product));
    const id = String(answer.json()['order_ledger_id']);
    await edge.reaches(id, status);
    const { revision } = (await edge.get(`/orders/${id}`)).json();
    const problem = problemOf(await edge.cancel(id), 409, 'not_cancellable');
    expect(problem['current_status']).toBe(status);
    expect((await edge.get(`/orders/${id}`)).json()['revision']).toBe(revision);
  });

  test('once it is CANCELLED, and once it is declined: 409', async () => {
    edge.worker.off();
    const id = await edge.placed();
    await edge.cancel(id);
    edge.worker.on();
    await edge.reaches(id, 'CANCELLED');
    expect(problemOf(await edge.cancel(id), 409, 'not_cancellable')['current_status']).toBe('CANCELLED');
    const declined = await edge.place(
      edge.body(await edge.product(), { payment: { method: 'card', token: 'decline_' } }),
    );
    const problem = problemOf(await edge.cancel(String(declined.json()['order_ledger_id'])), 409, 'not_cancellable');
    expect(problem['current_status']).toBe('AUTHORIZATION_FAILED');
  });

  test('the notice actor of an order is no order', async () => {
    const id = await edge.placed();
    await edge.settles(id, 'COMPLETED');
    const notice = `${id.slice(0, 14)}8${id.slice(15)}`;
    problemOf(await edge.cancel(notice), 404, 'order_not_found');
    problemOf(await edge.get(`/orders/${notice}`), 404, 'order_not_found');
  });
});

describe('history and events', () => {
  const statuses = [
    'AWAITING_AUTHORIZATION',
    'AUTHORIZED',
    'ORDER_CREATED',
    'INVENTORY_RESERVED',
    'PAYMENT_CAPTURED',
    'PAYMENT_CAPTURED',
    'COMPLETED',
  ];

  test('history: every transition, gapless, with what it asked for and how it came; no personal data', async () => {
    const placed = await edge.place(edge.body(await edge.product()));
    const id = String(placed.json()['order_ledger_id']);
    await edge.reaches(id, 'COMPLETED');
    const items = itemsOf(await edge.get(`/orders/${id}/history`));
    const traceId = String(placed.headers['traceresponse']).split('-')[1];
    expect(items.map(({ revision }) => revision)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(items.map(({ status }) => status)).toEqual(statuses);
    expect(items.map(({ effects }) => effects)).toEqual([
      ['payments.authorize'],
      ['orders.create'],
      ['inventory.reserve'],
      ['payments.capture'],
      ['orders.confirm'],
      ['inventory.commit'],
      [],
    ]);
    expect(items[0]).toMatchObject({ from: null, outcome: null, trace_id: traceId });
    expect(items[1]).toEqual({
      revision: 2,
      event: expect.stringContaining('authorize'),
      outcome: 'done',
      from: items[0]?.['to'],
      to: items[2]?.['from'],
      status: 'AUTHORIZED',
      effects: ['orders.create'],
      at: expect.stringMatching(/Z$/),
      trace_id: traceId,
    });
  });

  test('history comes in pages', async () => {
    const id = await edge.placed();
    await edge.reaches(id, 'COMPLETED');
    const first = await edge.get(`/orders/${id}/history?limit=4`);
    const rest = await edge.get(`/orders/${id}/history?limit=4&cursor=${String(first.json()['next_cursor'])}`);
    expect([...itemsOf(first), ...itemsOf(rest)].map(({ revision }) => revision)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(rest.json()).not.toHaveProperty('next_cursor');
  });

  test('events: one per transition as it happens, ending with the order', async () => {
    const release = edge.hold('/payments/capture');
    const id = await edge.placed();
    const stream = await open(`/orders/${id}/events`);
    expect([stream.status, stream.type]).toEqual([200, 'text/event-stream; charset=utf-8']);
    await eventually(() => stream.events().length === 4);
    release();
    await stream.ended;
    const items = itemsOf(await edge.get(`/orders/${id}/history`));
    expect(stream.events()).toEqual(items.map((data) => ({ id: String(data['revision']), event: 'transition', data })));
  });

  test('events resume after Last-Event-ID; what is no revision of this order begins at the start', async () => {
    const id = await edge.placed();
    await edge.reaches(id, 'COMPLETED');
    const from = async (lastEventId: string) => {
      const stream = await open(`/orders/${id}/events`, { 'last-event-id': lastEventId });
      await stream.ended;
      return stream.events().map((event) => event.id);
    };
    expect(await from('4')).toEqual(['5', '6', '7']);
    for (const nonsense of ['0', 'x', '-1', '999', '1e3']) expect(await from(nonsense)).toHaveLength(7);
  });

  test('events after the last one was seen: 204, so that browsers stop coming back', async () => {
    const id = await edge.placed();
    await edge.reaches(id, 'COMPLETED');
    const answer = await edge.get(`/orders/${id}/events`, { 'last-event-id': '7' });
    expect([answer.status, answer.text]).toEqual([204, '']);
  });

  test('a HEAD request follows nothing', async () => {
    const id = await edge.placed();
    const answer = await edge.app().inject({ method: 'HEAD', url: `/orders/${id}/events` });
    expect(answer.statusCode).toBeGreaterThanOrEqual(404);
    await edge.reaches(id, 'COMPLETED');
  });

  interface Stream {
    readonly status: number;
    readonly type: string | null;
    readonly ended: Promise<void>;
    events(): { id: string; event: string; data: unknown }[];
  }

  /** A stream as a client sees it, over a socket. */
  async function open(path: string, headers: Record<string, string> = {}): Promise<Stream> {
    if (!edge.app().server.listening) await edge.app().listen({ host: '127.0.0.1', port: 0 });
    const { port } = edge.app().server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
    let text = '';
    const read = async (): Promise<void> => {
      for await (const chunk of response.body ?? []) text += Buffer.from(chunk).toString();
    };
    return {
      status: response.status,
      type: response.headers.get('content-type'),
      ended: read(),
      events: () =>
        text
          .split('\n\n')
          .map((frame) => /^id: (.*)\nevent: (.*)\ndata: (.*)$/.exec(frame))
          .filter((match) => match !== null)
          .map(([, id = '', event = '', data = '']) => ({ id, event, data: JSON.parse(data) as unknown })),
    };
  }
});
