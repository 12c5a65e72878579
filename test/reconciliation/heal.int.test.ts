import { describe, expect, it } from 'vitest';
import { audit } from '../../src/audit/audit.ts';
import { actorMachines } from '../../src/compose.ts';
import { eventually } from '../support/wait.ts';
import { gatewayEntries, gatewayOf, never, reconciler, searchesWake, told, useBooks } from './shop.ts';

const books = useBooks();

const broken = async (): Promise<readonly string[]> =>
  (await audit(books.pool(), { machines: actorMachines(), live: false })).findings.map(({ invariant }) => invariant);
const entries = (id: string) => gatewayEntries(books.pg(), id);
const byHand = { voidedCents: 2_999, refundedCents: 0 };
/** Settled by hand as voided, and then the capture comes all the same. */
const capturedLate = async (): Promise<string> => {
  const id = await books.resolved(byHand);
  await books.tamper(id, `on_capture = 'succeed'`);
  await books.post(`/payments/capture/${await books.authorizationOf(id)}`, { idempotency_key: `late-${id}` });
  return id;
};

describe('what an ended order still holds is given back', () => {
  it('held: voided once, under a key of its own; the audit counts it', async () => {
    const id = await books.resolved(byHand);
    await books.rests();
    await books.shop.reconciliation.runAll(never);
    await books.shop.reconciliation.runAll(never);
    expect(told(await books.findingsOf(id))).toEqual(['money_held void healed']);
    expect(await books.findingsOf(id)).toMatchObject([
      { by: 'reconciliation', why: `void under the key ${id}:reconciliation.void`, theirs: { voidedCents: 2_999 } },
    ]);
    expect(await entries(id)).toEqual(['authorize 2999', 'void 2999']);
    expect(await broken()).toEqual([]);
  });

  it('captured after a person had settled it: refunded once', async () => {
    const id = await capturedLate();
    await books.rests();
    expect(await broken()).toEqual(['M2']);
    await books.shop.reconciliation.runAll(never);
    expect(told(await books.findingsOf(id))).toEqual(['money_kept refund healed']);
    expect(await entries(id)).toEqual(['authorize 2999', 'capture 2999', 'refund 2999']);
    expect(await broken()).toEqual([]);
  });

  it('declined, and held all the same: voided, and the audit counts what was recorded', async () => {
    const id = await books.ordered('decline_insufficient', 'AUTHORIZATION_FAILED');
    await books.tamper(id, `status = 'authorized', authorized_cents = requested_cents, decline_code = null`);
    await books.enter(id, 'authorize', 2_999);
    await books.rests();
    expect(await broken()).toEqual(['M3']);
    await books.shop.reconciliation.runAll(never);
    await books.shop.reconciliation.runAll(never);
    expect(told(await books.findingsOf(id))).toEqual(['money_held void healed']);
    expect(await broken()).toEqual([]);
    await books.tamper(id, `voided_cents = 0, expired_cents = 2999, status = 'expired'`);
    expect(await broken()).toContain('M5');
    await books.tamper(id, `voided_cents = 2999, expired_cents = 0, status = 'voided'`);
  });

  it('paid back elsewhere in part: nothing is called, a person is to decide', async () => {
    const id = await books.resolved({ voidedCents: 0, refundedCents: 1_000 });
    await books.tamper(id, `on_capture = 'succeed'`);
    await books.post(`/payments/capture/${await books.authorizationOf(id)}`, { idempotency_key: `late-${id}` });
    await books.rests();
    await books.shop.reconciliation.runAll(never);
    expect(told(await books.findingsOf(id))).toEqual(['money_kept person open']);
    expect(await entries(id)).toEqual(['authorize 2999', 'capture 2999']);
    await books.shop.reconciliation.settle(Number((await books.findingsOf(id))[0]?.id), 'alice', 'paid the rest');
    await books.tamper(id, `status = 'refunded', refunded_cents = 2999`);
    await books.enter(id, 'refund', 2_999);
  });

  it('an order whose ledger row says failed and whose saga does not is not touched', async () => {
    const id = await books.ordered('success', 'COMPLETED');
    const change = (status: string, capturedCents: number) =>
      books.query('update ledger.entry set status = $2, captured_cents = $3 where id = $1', [
        id,
        status,
        capturedCents,
      ]);
    await change('FAILED', 0);
    await books.rests();
    await books.shop.reconciliation.runAll(never);
    expect(told(await books.findingsOf(id))).toEqual(['projection_differs person open']);
    expect(await entries(id)).toEqual(['authorize 2999', 'capture 2999']);
    await change('COMPLETED', 2_999);
  });

  it('by two processes at once: one finding, one call that moves money', async () => {
    const ids = [await books.resolved(byHand), await capturedLate()];
    await books.rests();
    const both = [1, 2].map(() => reconciler(books.pool(), gatewayOf(books.shop.app)));
    await Promise.all(both.map(({ reconciliation }) => reconciliation.runAll(never)));
    expect(await Promise.all(ids.map(async (id) => told(await books.findingsOf(id))))).toEqual([
      ['money_held void healed'],
      ['money_kept refund healed'],
    ]);
    expect(await Promise.all(ids.map(entries))).toEqual([
      ['authorize 2999', 'void 2999'],
      ['authorize 2999', 'capture 2999', 'refund 2999'],
    ]);
    const closed = both.flatMap((one) => one.told.closed).filter((line) => line.endsWith('healed'));
    expect(closed.sort()).toEqual(['money_held healed', 'money_kept healed']);
  });

  it('books that were read before another process set them right open no second finding', async () => {
    const id = await books.resolved(byHand);
    await books.rests();
    const quick = reconciler(books.pool(), gatewayOf(books.shop.app));
    const slow = reconciler(
      books.pool(),
      gatewayOf(books.shop.app, async (path, send) => {
        const answer = await send();
        if (path.startsWith('/payments/report')) await quick.reconciliation.runAll(never);
        return answer;
      }),
    );
    await slow.reconciliation.runAll(never);
    expect({ found: quick.told.found, late: slow.told.found }).toEqual({ found: [`money_held ${id}`], late: [] });
    expect(told(await books.findingsOf(id))).toEqual(['money_held void healed']);
  });

  it.each([
    ['void', () => books.resolved(byHand), ['authorize 2999', 'void 2999']],
    ['refund', capturedLate, ['authorize 2999', 'capture 2999', 'refund 2999']],
  ] as const)(
    'a process that dies with the answer to its %s in hand: the next one repeats it by key',
    async (call, make, after) => {
      const id = await make();
      await books.rests();
      const dying = reconciler(
        books.pool(),
        gatewayOf(books.shop.app, async (path, send) => {
          const answer = await send();
          if (path.startsWith(`/payments/${call}`)) throw new Error('this process is gone');
          return answer;
        }),
      );
      await dying.reconciliation.runAll(never);
      expect(dying.told.faults).not.toEqual([]);
      expect(await entries(id)).toEqual(after);
      const [open] = await books.findingsOf(id);
      expect(open).toMatchObject({ state: 'open', remedy: call });
      const next = reconciler(books.pool(), gatewayOf(books.shop.app));
      await next.reconciliation.runAll(never);
      expect(await books.findingsOf(id)).toMatchObject([{ id: open?.id, state: 'healed' }]);
      expect(await entries(id)).toEqual(after);
      expect(await broken()).toEqual([]);
    },
  );

  it('refused by the gateway: it is left to a person, and not asked for again', async () => {
    const id = await books.resolved(byHand);
    await books.rests();
    const asked: string[] = [];
    const refusing = reconciler(
      books.pool(),
      gatewayOf(books.shop.app, async (path, send) => {
        if (!path.startsWith('/payments/void')) return send();
        asked.push(path);
        return { status: 409, body: { error: 'account_closed' } };
      }),
    );
    await refusing.reconciliation.runAll(never);
    await refusing.reconciliation.runAll(never);
    expect(told(await books.findingsOf(id))).toEqual(['money_held person open']);
    expect(asked).toEqual(['/payments/void']);
    await books.post('/payments/void', {
      authorize_idempotency_key: `${id}:payments.authorize`,
      idempotency_key: `desk-${id}`,
    });
    await books.shop.reconciliation.runAll(never);
    expect(told(await books.findingsOf(id))).toEqual(['money_held person vanished']);
  });

  it('a gateway that is away: what was found stays open, and is set right once it is back', async () => {
    const id = await books.resolved(byHand);
    await books.rests();
    let isAway = true;
    const waiting = reconciler(
      books.pool(),
      gatewayOf(books.shop.app, (path, send) =>
        isAway && path.startsWith('/payments/void') ? Promise.resolve({ status: 503, body: null }) : send(),
      ),
    );
    await waiting.reconciliation.runAll(never);
    expect(told(await books.findingsOf(id))).toEqual(['money_held void open']);
    isAway = false;
    await waiting.reconciliation.runAll(never);
    expect(told(await books.findingsOf(id))).toEqual(['money_held void healed']);
  });

  it('a worker does all this unasked', async () => {
    const id = await books.resolved(byHand);
    await books.rests();
    await books.query(searchesWake);
    await eventually(async () => (await books.findingsOf(id))[0]?.state === 'healed', { timeoutMs: 20_000 });
    expect(await entries(id)).toEqual(['authorize 2999', 'void 2999']);
  });
});
