/** What the original demo got wrong, each as it would happen: money or stock that nobody remembers. */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { onEachBackend, type Stack } from '../support/stack.ts';
import { eventually } from '../support/wait.ts';
import { openWire, type Wire } from '../support/wire.ts';

const authorize = /^POST \/payments\/authorize/;
const capture = /^POST \/payments\/capture/;
const undo = /^POST \/payments\/(void|refund)/;
/** Longer than the lease of any effect. */
const leaseMs = 10_000;

onEachBackend('defects of the original demo', (kit) => {
  let wire: Wire;
  /** Two processes: what one has begun and never ends, the other has to finish. */
  let first: Stack;
  let second: Stack;
  let productId: string;

  beforeAll(async () => {
    wire = await openWire();
    first = await kit.start({ PAYMENTS_URL: wire.url, EDGE_BUDGET_MS: '500' });
    second = await kit.start({ PAYMENTS_URL: wire.url, EDGE_BUDGET_MS: '500' });
    wire.connect(second.waybill.app);
    productId = await first.shop.product({ stock: 1_000 });
  });
  afterEach(() => wire.calm());
  afterAll(() => wire.close());

  const items = () => [{ productId, quantity: 1 }];
  const captured = { payment: 'captured 2999', reservation: 'sold', purchaseOrder: 'confirmed', notice: 'completed' };

  it('authorized after the edge had given up waiting: answered 202 at once, and completed all the same', async () => {
    wire.fate(authorize, 'holdAnswer', { times: 1 });
    const answer = await first.shop.place({ items: items() });
    expect([answer.status, answer.json()]).toMatchObject([202, { status: 'AWAITING_AUTHORIZATION' }]);
    const id = answer.json<{ order_ledger_id: string }>().order_ledger_id;
    (await wire.held(authorize)).release();
    await kit.ends(id, 'COMPLETED');
    await kit.settled();
    expect(await kit.facts(id)).toMatchObject(captured);
  });

  it('authorized by a process that never comes back: another asks again under the same key, and goes on', async () => {
    wire.fate(authorize, 'holdAnswer', { times: 2 });
    const key = 'stuck-authorization';
    const answer = await first.shop.place({ items: items(), key });
    const id = await kit.orderIdOf(key);
    const zombie = await wire.held(authorize);
    await kit.clock.jump(leaseMs);
    const current = await wire.held(authorize);
    // It comes back after all, while the other is still waiting: its answer is not taken, though it is the same.
    zombie.release();
    const dropped = new RegExp(
      `"actor_id":"${id}".*"effect_id":"authorize@1","claim":1,"msg":"outcome dropped: fenced"`,
    );
    await eventually(() => dropped.test(kit.logged()), { what: 'the fence' });
    expect((await kit.facts(id)).status).toBe('AWAITING_AUTHORIZATION');
    current.release();
    await kit.ends(id, 'COMPLETED');
    await kit.settled();
    expect(await kit.facts(id)).toMatchObject(captured);
    const replayed = await second.shop.place({ items: items(), key });
    expect([replayed.status, replayed.text]).toEqual([202, answer.text]);
  });

  it('an undo that fails again and again is not swallowed: it is asked for until it is done', async () => {
    wire.fate(undo, 'unavailable', { times: 4 });
    const id = await first.shop.placed({ items: items(), token: 'tok_capture_declined' });
    await kit.ends(id, 'FAILED');
    await kit.settled();
    expect(await kit.facts(id)).toMatchObject({
      failure: 'capture_declined',
      payment: 'voided',
      reservation: 'released',
    });
  });

  it('charged, but no answer ever came: the money is given back before the order is called failed', async () => {
    wire.fate(capture, 'loseAnswer');
    const id = await first.shop.placed({ items: items() });
    await kit.ends(id, 'FAILED');
    await kit.settled();
    expect(await kit.facts(id)).toMatchObject({
      failure: 'capture_unknown',
      payment: 'refunded 0',
      reservation: 'released',
    });
  });

  it('charged, and the first answer lost: asked again under the same key, charged once', async () => {
    wire.fate(capture, 'loseAnswer', { times: 1 });
    const id = await first.shop.placed({ items: items() });
    await kit.ends(id, 'COMPLETED');
    await kit.settled();
    expect(await kit.facts(id)).toMatchObject(captured);
  });

  it('an undo whose own answer is lost gives back once', async () => {
    wire.fate(capture, 'loseAnswer');
    wire.fate(undo, 'loseAnswer', { times: 3 });
    const id = await first.shop.placed({ items: items() });
    await kit.ends(id, 'FAILED');
    await kit.settled();
    expect(await kit.facts(id)).toMatchObject({ payment: 'refunded 0', reservation: 'released' });
    const entries = await kit.pg().query(
      `select kind, amount_cents from payments.entry e join payments.payment p using (authorization_id)
       where p.authorize_key = $1 order by e.id`,
      [`${id}:payments.authorize`],
    );
    expect(entries.rows).toEqual(['authorize', 'capture', 'refund'].map((kind) => ({ kind, amount_cents: 2_999 })));
  });

  it('a capture that arrives after its undo is refused by the gateway', async () => {
    wire.fate(capture, 'unavailable');
    wire.fate(capture, 'holdRequest', { times: 1 });
    const id = await first.shop.placed({ items: items() });
    const late = await wire.held(capture);
    await kit.clock.jump(leaseMs);
    await kit.ends(id, 'FAILED');
    late.release();
    await first.waybill.system.idle();
    await second.waybill.system.idle();
    await kit.settled();
    expect(await kit.facts(id)).toMatchObject({
      failure: 'capture_unknown',
      payment: 'voided',
      reservation: 'released',
    });
  });

  it('stock of an order that fails is for sale again, to the last piece', async () => {
    const scarce = await first.shop.product({ stock: 1 });
    for (const token of ['tok_capture_declined', 'tok_auth_expires', 'tok_visa']) {
      const id = await first.shop.placed({ items: [{ productId: scarce, quantity: 1 }], token });
      await kit.ends(id, token === 'tok_visa' ? 'COMPLETED' : 'FAILED');
    }
    await kit.settled();
    expect(await kit.stock(scarce)).toEqual({ onHand: 0, reserved: 0 });
  });

  it('an order whose snapshot is broken stands for a person to see; 30 others finish beside it', async () => {
    wire.fate(capture, 'unavailable', { times: 1 });
    await kit.clock.freeze();
    const poisoned = await first.shop.placed({ items: items() });
    await kit.reaches(poisoned, /capturingPayment\.backingOff/);
    const { rows } = await kit
      .pg()
      .query<{ snapshot: object }>('select snapshot from actors.actor where id = $1', [poisoned]);
    await kit
      .pg()
      .query(`update actors.actor set snapshot = jsonb_set(snapshot, '{value}', '"nowhere"') where id = $1`, [
        poisoned,
      ]);
    await kit.clock.run();
    await kit.clock.jump(1_000);
    const others = await Promise.all(Array.from({ length: 30 }, () => first.shop.placed({ items: items() })));
    await first.shop.until(poisoned, 'NEEDS_ATTENTION');
    // Not only where one asks for it by its id.
    expect((await first.waybill.ledger.list({ status: 'NEEDS_ATTENTION', limit: 10 })).map(({ id }) => id)).toEqual([
      poisoned,
    ]);
    await kit.settled();
    expect(new Set((await Promise.all(others.map(kit.facts))).map(({ status }) => status))).toEqual(
      new Set(['COMPLETED']),
    );
    // Repaired, it goes on from where it stood.
    await kit.pg().query('update actors.actor set snapshot = $2 where id = $1', [poisoned, rows[0]?.snapshot]);
    await first.shop.operate(poisoned, { type: 'RETRY' });
    await kit.ends(poisoned, 'COMPLETED');
    expect(await first.waybill.ledger.list({ status: 'NEEDS_ATTENTION', limit: 10 })).toEqual([]);
  });
});
