import { describe, expect, test } from 'vitest';
import { expectProblem } from '../../http/expect-problem.ts';
import { eventually } from '../../support/wait.ts';
import { type Answer, useEdge } from './edge.ts';

const edge = useEdge();

const problemOf = ({ status, text, headers }: Answer, expected: number, error: string) =>
  expectProblem({ statusCode: status, body: text, headers }, expected, error);

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
