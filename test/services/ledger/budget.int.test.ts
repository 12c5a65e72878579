import { afterEach, describe, expect, test } from 'vitest';
import { expectProblem } from '../../http/expect-problem.ts';
import { eventually } from '../../support/wait.ts';
import { type Answer, useEdge } from './edge.ts';

const edge = useEdge();

afterEach(() => edge.worker.on());

const problemOf = ({ status, text, headers }: Answer, expected: number, error: string) =>
  expectProblem({ statusCode: status, body: text, headers }, expected, error);
const idOf = (answer: Answer): string => String(answer.json()['order_ledger_id']);

async function rowsOf(key: string): Promise<number> {
  const { rows } = await edge
    .pg()
    .query<{ n: number }>('select count(*)::int as n from ledger.entry where idempotency_key = $1', [key]);
  return rows[0]?.n ?? 0;
}

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
    await eventually(async () => {
      const { rows } = await edge.pg().query<{ state: string }>('select state from actors.actor where id = $1', [id]);
      return rows[0]?.state === 'fulfilling.capturingPayment.backingOff';
    });
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
