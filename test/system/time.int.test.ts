/** What waits: timers across a restart, expiries, parked undos, the notice; with a clock that jumps. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { authorizationExpiryMs, reservationExpiryMs } from '../../src/machines/delays.ts';
import { noticeIdOf } from '../../src/machines/index.ts';
import { onEachBackend, type Stack } from '../support/stack.ts';
import { openWire, type Wire } from '../support/wire.ts';

const capture = /^POST \/payments\/capture/;
const undo = /^POST \/payments\/void$/;
const create = /^POST \/internal\/orders$/;
const marginMs = 1_000;

onEachBackend('time', (kit) => {
  let wire: Wire;
  let stack: Stack;
  let productId: string;

  const startWired = async (): Promise<Stack> => {
    const started = await kit.start({ PAYMENTS_URL: wire.url, ORDERS_URL: wire.url });
    wire.connect(started.waybill.app);
    return started;
  };
  beforeAll(async () => {
    wire = await openWire();
    stack = await startWired();
    productId = await stack.shop.product({ stock: 1_000 });
  });
  afterAll(() => wire.close());

  const placed = (token = 'tok_visa'): Promise<string> =>
    stack.shop.placed({ items: [{ productId, quantity: 1 }], token });
  const attemptsOf = (call: RegExp): number => wire.calls.filter((line) => call.test(line)).length;

  it('a timer that was armed by a process fires in the one that is started after it', async () => {
    wire.fate(capture, 'unavailable', { times: 1 });
    await kit.clock.freeze();
    const id = await placed();
    await kit.reaches(id, /capturingPayment\.backingOff/);
    await stack.close();
    await kit.clock.jump(1_000);
    stack = await startWired();
    await stack.shop.until(id, 'COMPLETED');
    await kit.clock.run();
  });

  it('a timer does not fire before its time', async () => {
    wire.fate(capture, 'unavailable', { times: 1 });
    await kit.clock.freeze();
    const id = await placed();
    await kit.reaches(id, /capturingPayment\.backingOff/);
    const asked = attemptsOf(capture);
    // The shortest wait is 500 ms. A neighbour that goes all the way has shown the relay many times.
    await kit.clock.jump(499);
    await stack.shop.until(await placed(), 'COMPLETED');
    expect([attemptsOf(capture) - asked, (await kit.facts(id)).status]).toEqual([1, 'INVENTORY_RESERVED']);
    await kit.clock.jump(501);
    await stack.shop.until(id, 'COMPLETED');
    await kit.clock.run();
  });

  it('a reservation that expires while its capture does not get through is released, and the money given back', async () => {
    wire.fate(capture, 'unavailable', { times: 1 });
    await kit.clock.freeze();
    const id = await placed();
    await kit.reaches(id, /capturingPayment\.backingOff/);
    await kit.clock.jump(reservationExpiryMs + marginMs);
    await stack.shop.until(id, 'FAILED');
    await kit.clock.run();
    await kit.settled();
    // The next attempt was due before the expiry: it is made, its outcome taken, and undone.
    expect(await kit.facts(id)).toMatchObject({
      failure: 'reservation_expired',
      payment: 'refunded 0',
      reservation: 'released',
    });
  });

  it('an authorization that expires before the order could be created is voided', async () => {
    wire.fate(create, 'unavailable', { times: 1 });
    await kit.clock.freeze();
    const id = await placed();
    await kit.reaches(id, /creatingOrder\.backingOff/);
    await kit.clock.jump(authorizationExpiryMs + marginMs);
    await stack.shop.until(id, 'FAILED');
    await kit.clock.run();
    await kit.settled();
    expect(await kit.facts(id)).toMatchObject({
      failure: 'authorization_expired',
      payment: 'voided',
      reservation: null,
      purchaseOrder: 'cancelled',
    });
  });

  it('an undo out of attempts needs a person, says so, and goes on by RETRY', async () => {
    const id = await placed('tok_capture_declined_void_fails_9');
    await kit.ends(id, 'NEEDS_ATTENTION');
    expect(await stack.shop.find(id)).toMatchObject({
      status: 'NEEDS_ATTENTION',
      reservation_state: 'reserved',
      payment: { status: 'authorized' },
    });
    const asked = attemptsOf(undo);
    await stack.shop.operate(id, { type: 'RETRY' });
    // It had failed five times of nine: four more attempts are in vain.
    await kit.ends(id, 'FAILED');
    expect(attemptsOf(undo) - asked).toBe(5);
    await kit.settled();
    expect(await kit.facts(id)).toMatchObject({
      failure: 'capture_declined',
      payment: 'voided',
      reservation: 'released',
    });
    const operations = await kit.pg().query('select event, by, why from actors.operation where actor_id = $1', [id]);
    expect(operations.rows).toEqual([{ event: { type: 'RETRY' }, by: 'a tester', why: 'the test says so' }]);
  });

  it('RESOLVE records what a person settled by hand, and the rest is undone', async () => {
    const id = await placed('tok_capture_declined_void_fails_99');
    await kit.ends(id, 'NEEDS_ATTENTION');
    const half = { type: 'RESOLVE', by: 'a tester', why: 'no amounts' };
    const refused = await stack.shop.send({ method: 'POST', path: `/actors/${id}/events`, body: half });
    expect(refused.status).toBe(409);
    await stack.shop.operate(id, { type: 'RESOLVE', settlement: { voided_cents: 2_999, refunded_cents: 0 } });
    await kit.ends(id, 'FAILED');
    await kit.settled();
    expect(await kit.facts(id)).toMatchObject({ payment: 'authorized', reservation: 'released', notice: 'failed' });
    expect((await stack.shop.find(id)).payment).toMatchObject({
      status: 'settled',
      settlement: { voided_cents: 2_999, refunded_cents: 0 },
    });
  });

  it('a notice that cannot be sent is retried, then waits for a person, and holds no order up', async () => {
    await kit.pg().query('alter table notice.mailbox add constraint full_up check (false) not valid');
    const id = await placed();
    await kit.ends(id, 'COMPLETED');
    const noticeId = noticeIdOf(id);
    await kit.settled();
    await kit.pg().query('alter table notice.mailbox drop constraint full_up');
    const notice = await stack.waybill.system.read(noticeId);
    expect([notice?.path, notice?.parked?.by, notice?.accepts]).toEqual(['sending.parked', 'machine', ['RETRY']]);
    expect((await kit.facts(id)).notice).toBeNull();
    await stack.shop.operate(noticeId, { type: 'RETRY' });
    await kit.settled();
    expect((await kit.facts(id)).notice).toBe('completed');
  });
});
