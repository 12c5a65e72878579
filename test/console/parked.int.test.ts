/** What waits for a person, through the console: by cause, retried one by one or as a whole, settled by hand; always recorded. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { OrderFile, OrderLog, Overview, ParkedActors, ParkedGroups, Retried } from '../../src/console/schemas.ts';
import { type Stack, useStack } from '../support/stack.ts';

const kit = useStack('postgres');
const who = { by: 'an operator', why: 'the gateway is back' };
let stack: Stack;
let product = '';
const voids: string[] = [];
let refund = '';

const get = async <T>(path: string): Promise<T> => {
  const answer = await stack.shop.send({ method: 'GET', path: `/console/api${path}` });
  expect({ status: answer.status, text: answer.text }).toMatchObject({ status: 200 });
  return answer.json<T>();
};
const retry = async (body: object) => {
  const answer = await stack.shop.send({ method: 'POST', path: '/console/api/parked/retry', body });
  return { status: answer.status, body: answer.json<Retried>() };
};

beforeAll(async () => {
  stack = await kit.start();
  const { shop } = stack;
  product = await shop.product();
  const items = [{ productId: product, quantity: 1 }];
  // One after the other: what skips one order's backoff would take the time from another that a breaker puts off, and an
  // attempt that waits for too long is spent without a call.
  for (let n = 0; n < 3; n += 1) {
    const id = await shop.placed({ items, token: 'tok_capture_declined_void_fails_9' });
    await kit.ends(id, 'NEEDS_ATTENTION');
    voids.push(id);
  }
  refund = await shop.placed({ items, token: 'tok_visa_success' });
  await kit.ends(refund, 'COMPLETED');
});

describe('the parked', () => {
  it('by cause, with what is at stake and what a person may do', async () => {
    const { groups, actors } = await get<ParkedGroups>('/parked');
    expect(actors).toBe(3);
    expect(groups).toEqual([
      {
        cause: expect.stringContaining('order compensating.undoingPayment.parked failed'),
        title: expect.stringMatching(/^payments\.undo: failed, \w+$/),
        machine: 'order',
        by: 'machine',
        state: 'compensating.undoingPayment.parked',
        code: expect.any(String),
        actors: 3,
        oldest_at: expect.stringMatching(/Z$/),
        newest_at: expect.stringMatching(/Z$/),
        accepts: ['RETRY', 'RESOLVE'],
        totals: [{ currency: 'USD', total_cents: 3 * 2_999 }],
      },
    ]);
    const overview = await get<Overview>('/overview');
    expect(overview.parked).toEqual([{ cause: groups[0]?.cause, title: groups[0]?.title, actors: 3 }]);
    expect(overview.unfinished.orders).toEqual([{ status: 'NEEDS_ATTENTION', orders: 3 }]);
  });

  it('one by one, longest first, in pages', async () => {
    const seen: string[] = [];
    for (let cursor: string | undefined = '', pages = 0; cursor !== undefined && pages < 9; pages += 1) {
      const from: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page: ParkedActors = await get(`/parked/actors?limit=2${from}`);
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.next_cursor;
    }
    expect(seen).toHaveLength(3);
    expect(new Set(seen)).toEqual(new Set(voids));
    const none = await get<ParkedActors>('/parked/actors?cause=nothing');
    expect(none).toEqual({ items: [] });
  });

  it('retry needs a group or ids, not both, and who and why', async () => {
    expect((await retry({ ...who })).status).toBe(400);
    expect((await retry({ ...who, cause: 'x', ids: ['y'] })).status).toBe(400);
    expect((await retry({ by: 'me', ids: ['y'] })).status).toBe(400);
    expect((await retry({ by: 'me', why: '  ', ids: ['y'] })).status).toBe(400);
  });

  it('retry of one: the others stay; what cannot be retried is named', async () => {
    const [first = ''] = voids;
    const answer = await retry({ ...who, ids: [first, refund, 'nobody'] });
    expect(answer).toMatchObject({ status: 200, body: { applied: 1, left: 0 } });
    expect(answer.body.refused).toEqual([
      { id: refund, state: 'completed', accepts: [] },
      { id: 'nobody', state: null, accepts: [] },
    ]);
    await kit.ends(first, 'FAILED');
    const { operations } = await get<OrderFile>(`/orders/${first}`);
    expect(operations).toMatchObject([{ event: 'RETRY', ...who, settlement: null }]);
    const log = await get<OrderLog>(`/orders/${first}/log`);
    expect(log.items.find(({ label }) => label === 'RETRY')?.operation).toEqual(who);
  });

  it('resolve by hand: recorded with the settlement, and the order goes on', async () => {
    const [, second = ''] = voids;
    await stack.shop.operate(second, { type: 'RESOLVE', settlement: { voided_cents: 2_999, refunded_cents: 0 } });
    await kit.ends(second, 'FAILED');
    const { operations, order } = await get<OrderFile>(`/orders/${second}`);
    expect(operations).toMatchObject([{ event: 'RESOLVE', settlement: { voided_cents: 2_999, refunded_cents: 0 } }]);
    expect(order.payment.settlement).toEqual({ voided_cents: 2_999, refunded_cents: 0 });
  });

  it('retry of a whole group: all that are left of it', async () => {
    const { groups } = await get<ParkedGroups>('/parked');
    expect(await retry({ ...who, cause: groups[0]?.cause })).toEqual({
      status: 200,
      body: { applied: 1, refused: [], left: 0 },
    });
    for (const id of voids) await kit.ends(id, 'FAILED');
    expect(await get<ParkedGroups>('/parked')).toEqual({ groups: [], actors: 0 });
  });
});
