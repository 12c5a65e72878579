/** What ended long ago goes, whole; what has not ended stays, however old; and the books agree afterwards. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRetention } from '../../src/compose.ts';
import { type Stack, useStack } from '../support/stack.ts';
import { eventually } from '../support/wait.ts';

const kit = useStack('postgres');
const dayMs = 86_400_000;
const olderThanDays = 90;
const voidFails = 'tok_capture_declined_void_fails_9';
let stack: Stack;
let productId: string;

beforeAll(async () => {
  stack = await kit.start();
  productId = await stack.shop.product({ stock: 100_000 });
});
afterAll(() => stack.close());

const pass = (days = olderThanDays) => createRetention(kit.pool(), kit.url()).runOnce({ olderThanDays: days });
const noticeOf = (orderId: string): string => `${orderId.slice(0, 14)}8${orderId.slice(15)}`;

async function ended(key: string = randomUUID(), token = 'tok_visa', status = 'COMPLETED'): Promise<string> {
  const id = await stack.shop.placed({ items: [{ productId, quantity: 1 }], key, token });
  await kit.ends(id, status);
  await kit.settled();
  return id;
}

/** Rows that tell of an order's machinery, by table. */
async function rowsOf(orderId: string): Promise<Record<string, number>> {
  const actors = [orderId, noticeOf(orderId)];
  const { rows } = await kit.pg().query<Record<string, number>>(
    `select (select count(*)::int4 from actors.actor where id = any($1)) as actors,
       (select count(*)::int4 from actors.transition where actor_id = any($1)) as transitions,
       (select count(*)::int4 from actors.operation where actor_id = any($1)) as operations,
       (select count(*)::int4 from actors.ended where actor_id = any($1)) as ends,
       (select count(*)::int4 from notice.mailbox where order_id = $2) as notices`,
    [actors, orderId],
  );
  return rows[0] ?? {};
}

const gone = { actors: 0, transitions: 0, operations: 0, ends: 0, notices: 0 };

describe('a pass', () => {
  it('drops an order that ended longer ago than told, with its notice, whole; and nothing that ended since', async () => {
    const old = await ended();
    await kit.clock.jump(olderThanDays * dayMs);
    const recent = await ended();
    const before = { old: await rowsOf(old), recent: await rowsOf(recent) };
    expect(before.old).toEqual({ ...before.recent, actors: 2, operations: 0, ends: 2, notices: 1 });
    expect(await createRetention(kit.pool(), kit.url()).countDue(olderThanDays)).toEqual({
      actors: 2,
      transitions: before.old['transitions'],
    });
    const { transitions = 0 } = before.old;
    expect(await pass()).toEqual({ type: 'done', dropped: { actors: 2, transitions, operations: 0, notices: 1 } });
    expect({ old: await rowsOf(old), recent: await rowsOf(recent) }).toEqual({ old: gone, recent: before.recent });
    expect(await pass()).toEqual({ type: 'done', dropped: { actors: 0, transitions: 0, operations: 0 } });
  });

  it('the order itself stays: shown as before, its key still answered, its history said to be dropped', async () => {
    const key = 'kept-in-the-ledger';
    const id = await ended(key);
    const get = (path: string) => stack.shop.send({ method: 'GET', path });
    const shown = await get(`/orders/${id}`);
    await kit.clock.jump(olderThanDays * dayMs);
    await pass();
    expect((await get(`/orders/${id}`)).text).toBe(shown.text);
    const again = await stack.shop.place({ items: [{ productId, quantity: 1 }], key, token: 'tok_visa' });
    expect([again.status, again.headers['idempotent-replayed'], again.json()]).toMatchObject([
      202,
      'true',
      { order_ledger_id: id },
    ]);
    const history = await get(`/orders/${id}/history`);
    expect(history.json()).toEqual({ items: [], dropped_at: expect.stringMatching(/^\d{4}-.*Z$/) });
    // A stream that merely ended would be opened again by every browser, for ever.
    expect((await get(`/orders/${id}/events`)).status).toBe(204);
    expect((await stack.shop.cancel(id)).status).toBe(409);
    expect((await get(`/actors/${id}`)).status).toBe(404);
    expect(await rowsOf(id)).toEqual(gone);
  });

  it('a follower that was there before is not kept waiting for transitions that are gone', async () => {
    const id = await ended();
    await kit.clock.jump(olderThanDays * dayMs);
    await pass();
    const seen: unknown[] = [];
    const signal = AbortSignal.timeout(5_000);
    for await (const transition of stack.waybill.ledger.follow(id, { afterRevision: 0, signal })) seen.push(transition);
    expect([seen, signal.aborted]).toEqual([[], false]);
  });

  it('never drops what is parked, however old, and drops it once it has ended and that is long ago', async () => {
    const id = await stack.shop.placed({ items: [{ productId, quantity: 1 }], token: voidFails });
    await eventually(
      async () => {
        await kit.clock.skipBackoffs(id);
        return (await stack.shop.find(id)).status === 'NEEDS_ATTENTION';
      },
      { what: 'the order to be parked', timeoutMs: 20_000 },
    );
    const parked = await rowsOf(id);
    await kit.clock.jump(1_000 * dayMs);
    await pass();
    expect(await rowsOf(id)).toEqual(parked);
    await stack.shop.operate(id, { type: 'RETRY' });
    await kit.ends(id, 'FAILED');
    await kit.settled();
    await pass();
    expect(await rowsOf(id)).toMatchObject({ actors: 2, operations: 1, notices: 1 });
    await kit.clock.jump(olderThanDays * dayMs);
    expect(await pass()).toMatchObject({ type: 'done', dropped: { actors: 2, operations: 1, notices: 1 } });
    expect(await rowsOf(id)).toEqual(gone);
  });

  it('an actor that a message is on its way to stays until the message is consumed', async () => {
    const id = await ended();
    const before = await rowsOf(id);
    await kit.clock.jump(olderThanDays * dayMs);
    await kit.pg().query(
      `insert into actors.message (sender_id, target_id, target_machine, event, deliver_at, due_at)
       select 'somebody', $1, 'order', '{"type":"HELLO"}', actors.clock() + interval '1 hour', actors.clock() + interval '1 hour'`,
      [id],
    );
    await pass();
    expect(await rowsOf(id)).toMatchObject({ actors: 1, ends: 1 });
    expect(before).toMatchObject({ actors: 2 });
    await kit.clock.jump(3_600_000);
    await kit.settled();
    await pass();
    expect(await rowsOf(id)).toEqual(gone);
  });

  it('an order that has not ended by the ledger takes nothing with it: the batch is rolled back whole', async () => {
    const id = await ended();
    const before = await rowsOf(id);
    await kit.clock.jump(olderThanDays * dayMs);
    await kit.pg().query(`update ledger.entry set status = 'COMPENSATING' where id = $1`, [id]);
    await expect(pass()).rejects.toThrow(/check integrity constraint/);
    expect(await rowsOf(id)).toEqual(before);
    await kit.pg().query(`update ledger.entry set status = 'COMPLETED' where id = $1`, [id]);
    await pass();
    expect(await rowsOf(id)).toEqual(gone);
  });
});
