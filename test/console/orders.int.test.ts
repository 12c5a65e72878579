/** The console's routes about orders, on the whole system: what a page needs is there, and is what the system has on record. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { FoundOrders, LogEntry, OrderFile, OrderLog } from '../../src/console/schemas.ts';
import { userId } from '../support/shop.ts';
import { type Stack, useStack } from '../support/stack.ts';

const kit = useStack('postgres');
const parkedState = 'compensating.undoingPayment.parked';
let stack: Stack;
let product = '';
let dear = '';
/** By what became of them. */
const orders = { completed: '', dear: '', declined: '', parked: '', failed: '' };

const get = async <T>(path: string, status = 200): Promise<T> => {
  const answer = await stack.shop.send({ method: 'GET', path: `/console/api${path}` });
  expect({ status: answer.status, text: answer.text }).toMatchObject({ status });
  return answer.json<T>();
};
const search = async (query: string): Promise<readonly string[]> =>
  (await get<FoundOrders>(`/orders?${query}`)).items.map(({ order_ledger_id }) => order_ledger_id);

beforeAll(async () => {
  stack = await kit.start();
  const { shop } = stack;
  product = await shop.product();
  dear = await shop.product({ priceCents: 99_900 });
  const items = [{ productId: product, quantity: 2 }];
  orders.completed = await shop.placed({ items });
  await kit.ends(orders.completed, 'COMPLETED');
  const declined = await shop.place({ items, token: 'tok_decline_insufficient' });
  orders.declined = declined.json<{ order_ledger_id: string }>().order_ledger_id;
  orders.dear = await shop.placed({ items: [{ productId: dear, quantity: 1 }] });
  await kit.ends(orders.dear, 'COMPLETED');
  orders.failed = await shop.placed({ items, token: 'tok_capture_declined' });
  await kit.ends(orders.failed, 'FAILED');
  orders.parked = await shop.placed({ items, token: 'tok_capture_declined_void_fails_9' });
  await kit.ends(orders.parked, 'NEEDS_ATTENTION');
});

describe('the search for orders', () => {
  it('lists all, newest first, with where each saga stands', async () => {
    const { items } = await get<FoundOrders>('/orders');
    expect(items.map(({ order_ledger_id }) => order_ledger_id)).toEqual([
      orders.parked,
      orders.failed,
      orders.dear,
      orders.declined,
      orders.completed,
    ]);
    expect(items[0]).toMatchObject({
      status: 'NEEDS_ATTENTION',
      state: parkedState,
      attempts: 5,
      parked: { by: 'machine', title: expect.stringMatching(/^payments\.undo: failed, /) },
    });
    expect(items.at(-1)).toMatchObject({ status: 'COMPLETED', state: 'completed', attempts: 0, parked: null });
  });

  it.each([
    ['status=COMPLETED', ['dear', 'completed']],
    ['status=FAILED', ['failed']],
    ['status=NEEDS_ATTENTION', ['parked']],
    ['status=CANCELLED', []],
    ['status=AUTHORIZED', []],
    ['view=needs_attention', ['parked']],
    ['view=compensating', []],
    ['view=stuck', []],
    ['view=retrying', []],
    ['min_cents=90000', ['dear']],
    ['max_cents=90000&status=COMPLETED', ['completed']],
    [`user_id=${userId}&status=FAILED`, ['failed']],
    [`user_id=00000000-0000-4000-8000-000000000000`, []],
    ['created_after=2999-01-01T00:00:00Z', []],
    ['created_before=2999-01-01T00:00:00Z&status=AUTHORIZATION_FAILED', ['declined']],
  ] as const)('%s', async (query, expected) => {
    expect(await search(query)).toEqual(expected.map((name) => orders[name]));
  });

  it('by product, and by the cause of a parked group', async () => {
    expect(await search(`product_id=${dear}`)).toEqual([orders.dear]);
    const { items } = await get<FoundOrders>('/orders?view=needs_attention');
    const cause = encodeURIComponent(items[0]?.parked?.cause ?? '');
    expect(await search(`parked_cause=${cause}`)).toEqual([orders.parked]);
    expect(await search('parked_cause=nothing')).toEqual([]);
  });

  it('comes in pages, whatever is asked for', async () => {
    for (const query of ['', 'status=COMPLETED&', `user_id=${userId}&`]) {
      const whole = await search(`${query}limit=100`);
      const seen: string[] = [];
      for (let cursor: string | undefined = '', pages = 0; cursor !== undefined && pages < 10; pages += 1) {
        const from: string = cursor === '' ? '' : `&cursor=${cursor}`;
        const page: FoundOrders = await get(`/orders?${query}limit=1${from}`);
        seen.push(...page.items.map(({ order_ledger_id }) => order_ledger_id));
        cursor = page.next_cursor;
      }
      expect(seen).toEqual(whole);
    }
  });

  it('finds what waits between two attempts, and what has not moved', async () => {
    await kit.clock.freeze();
    try {
      const flaky = await stack.shop.placed({ items: [{ productId: product, quantity: 1 }], token: 'tok_flaky_1' });
      await kit.reaches(flaky, /backingOff$/);
      expect(await search('view=retrying')).toEqual([flaky]);
      expect(await search('view=stuck')).toEqual([]);
      expect(await search('status=AWAITING_AUTHORIZATION')).toEqual([flaky]);
    } finally {
      await kit.clock.run();
    }
  });

  it('refuses what it does not know', async () => {
    await get('/orders?status=LOST', 400);
    await get('/orders?colour=blue', 400);
    await get('/orders?cursor=1', 400);
  });
});

describe('one order', () => {
  it('completed: money on both sides, stock, its notice; nothing left to do', async () => {
    const file = await get<OrderFile>(`/orders/${orders.completed}`);
    expect(file).toMatchObject({
      order: { status: 'COMPLETED', total_cents: 5_998, allowed_actions: [] },
      actor: {
        machine: 'order',
        version: '1',
        is_known: true,
        state: 'completed',
        parked: null,
        timers: [],
        effects: [],
      },
      wake: null,
      actions: [],
      possible: [],
      gateway: { is_reachable: true, differs: [], payment: { captured_cents: 5_998, refunded_cents: 0 } },
      stock: { reservation: 'sold', lines: [{ product_id: product, quantity: 2, sold: true, name: 'Wireless Mouse' }] },
      purchase_order: 'confirmed',
      findings: [],
      operations: [],
    });
    expect(file.actor?.context).toMatchObject({ orderId: orders.completed, totalCents: 5_998 });
  });

  it('parked: why, since when, and what a person may do', async () => {
    const file = await get<OrderFile>(`/orders/${orders.parked}`);
    expect(file.actor).toMatchObject({
      state: parkedState,
      tags: expect.arrayContaining(['parked', 'compensating']),
      parked: { by: 'machine', reason: parkedState, since: expect.stringMatching(/Z$/) },
    });
    expect(file.actions).toEqual(
      expect.arrayContaining([
        { type: 'RETRY', needs_settlement: false },
        { type: 'RESOLVE', needs_settlement: true },
      ]),
    );
    expect(file.possible).toEqual(expect.arrayContaining(['RETRY', 'RESOLVE']));
    expect(file.gateway).toMatchObject({ payment: { status: 'authorized', authorized_cents: 5_998 }, differs: [] });
    expect(file.stock).toMatchObject({ reservation: 'held', lines: [{ sold: false, reserved: 2 }] });
  });

  it('none of this id', async () => {
    await get('/orders/00000000-0000-7000-8000-000000000000', 404);
    await get('/orders/00000000-0000-7000-8000-000000000000/log', 404);
    await get('/orders/00000000-0000-7000-8000-000000000000/failing-test', 404);
    await get('/orders/mine', 400);
  });
});

describe('the log of an order', () => {
  const logOf = async (id: string, query = ''): Promise<OrderLog> => get(`/orders/${id}/log${query}`);
  const at = (log: OrderLog, label: string): LogEntry | undefined => log.items.find((entry) => entry.label === label);

  it('every transition with its context, what it changed, armed and settled', async () => {
    const log = await logOf(orders.completed);
    expect(log.machine).toBe('order');
    expect(log.items.map(({ label }) => label)).toEqual([
      'start',
      'authorize done',
      'createOrder done',
      'reserve done',
      'capture done',
      'confirm done',
      'commit done',
    ]);
    expect(at(log, 'capture done')).toMatchObject({
      revision: 5,
      version: '1',
      outcome: 'done',
      from: 'fulfilling.capturingPayment.calling',
      to: 'confirmingOrder.calling',
      status: 'PAYMENT_CAPTURED',
      changes: expect.arrayContaining([{ path: '/payment/capturedCents', before: 0, after: 5_998 }]),
      context: { payment: { capturedCents: 5_998 } },
      armed: [{ id: 'confirm@5', effect: 'orders.confirm', key: `${orders.completed}:orders.confirm` }],
      settled: { effect: 'payments.capture', effect_id: 'capture@4', token: 1 },
      attempts: 0,
      operation: null,
    });
    expect(log.items.at(-1)).toMatchObject({ to: 'completed', status: 'COMPLETED' });
  });

  it('counts attempts, and names timers as what-ifs do', async () => {
    const log = await logOf(orders.parked);
    expect(log.items.filter(({ label }) => label === 'undoPayment failed').map(({ attempts }) => attempts)).toEqual([
      1, 2, 3, 4, 5,
    ]);
    expect(at(log, 'timer backoff')).toMatchObject({ outcome: null, settled: null });
  });

  it('comes in pages', async () => {
    const first = await logOf(orders.completed, '?limit=3');
    expect(first.items.map(({ revision }) => revision)).toEqual([1, 2, 3]);
    const rest = await logOf(orders.completed, `?after=${first.next_after}`);
    expect(rest.items.map(({ revision }) => revision)).toEqual([4, 5, 6, 7]);
    expect(rest.items[0]?.context).toMatchObject({ payment: { authorizedCents: 5_998 } });
    expect(rest).not.toHaveProperty('next_after');
  });

  it('as a test that fails: its events without names, and where they should have led', async () => {
    const answer = await stack.shop.send({
      method: 'GET',
      path: `/console/api/orders/${orders.failed}/failing-test?revision=5&expected=confirmingOrder.calling`,
    });
    expect(answer.headers).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'content-disposition': `attachment; filename="order-${orders.failed}.unit.test.ts"`,
    });
    expect(answer.text).toContain('const expected = "confirmingOrder.calling"');
    expect(answer.text.match(/^ {2}\{"event":/gm)).toHaveLength(5);
    expect(answer.text).not.toContain(userId);
  });
});

describe('what if', () => {
  const whatIf = async (id: string, body: object) => {
    const answer = await stack.shop.send({ method: 'POST', path: `/console/api/orders/${id}/what-if`, body });
    return { status: answer.status, body: answer.json() };
  };

  it('an order as it stood: what was possible, and what would have come of it', async () => {
    const stood = await whatIf(orders.failed, { revision: 4, then: [] });
    expect(stood).toMatchObject({ status: 200, body: { revision: 4, steps: [] } });
    expect(stood.body['end']).toMatchObject({ possible: expect.arrayContaining(['CANCEL', 'capture done']) });
    const instead = await whatIf(orders.failed, { revision: 4, then: ['happy'] });
    expect(instead.body['end']).toMatchObject({ state: 'completed', status: 'COMPLETED' });
  });

  it('as it is now', async () => {
    const retried = await whatIf(orders.parked, { then: ['RETRY', 'happy'] });
    expect(retried.body['end']).toMatchObject({ state: 'failed', status: 'FAILED' });
    expect((await stack.shop.find(orders.parked)).status).toBe('NEEDS_ATTENTION');
  });

  it('refuses what cannot be read, and revisions that are not there', async () => {
    expect(await whatIf(orders.failed, { then: ['capture perhaps'] })).toMatchObject({
      status: 400,
      body: { error: 'what_if_malformed', index: 0 },
    });
    expect(await whatIf(orders.failed, { revision: 99, then: [] })).toMatchObject({
      status: 404,
      body: { error: 'no_such_revision' },
    });
  });
});
