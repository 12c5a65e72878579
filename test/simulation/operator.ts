/** An operator: has what is parked tried again; or settles a payment by hand at the gateway, and says so. */
import type { ActorEvent, ActorRow } from '../../src/actors/index.ts';
import type { Gateway } from './gateway.ts';
import type { Market } from './customers.ts';

export async function operate(market: Market, gateway: Gateway): Promise<void> {
  const { scheduler, tables, any, sleep } = market;
  for (;;) {
    await sleep(5_000 + scheduler.below(10_000));
    const parked = [...tables.actors.values()].filter((row) => row.parked?.by === 'machine');
    for (const row of parked) {
      const event = scheduler.chance(0.5) ? { type: 'RETRY' } : remedyOf(row, gateway);
      // One that dies with its process never answers.
      await Promise.race([
        any()
          .system.send(row.id, event)
          .catch(() => {}),
        sleep(1_000),
      ]);
    }
  }
}

function remedyOf(row: ActorRow, gateway: Gateway): ActorEvent {
  if (row.path !== 'compensating.undoingPayment.parked') return { type: 'RETRY' };
  return { type: 'RESOLVE', settlement: settleByHand(row.id, gateway) };
}

/** Voids, or refunds what was captured, over the telephone: at once, and the line cannot lose it. */
function settleByHand(orderId: string, { handle }: Gateway) {
  const { signal } = new AbortController();
  const ask = (path: string, body: object) => {
    const answer = handle({ method: 'POST', path, body, signal, traceparent: null });
    return answer.body as { authorization_id: string; voided_cents: number; refunded_cents: number; error?: string };
  };
  const key = (what: string) => `${orderId}:by-hand:${what}`;
  const voided = ask('/payments/void', {
    authorize_idempotency_key: `${orderId}:payments.authorize`,
    idempotency_key: key('void'),
  });
  const isCaptured = voided.error === 'already_captured';
  const path = `/payments/refund/${voided.authorization_id}`;
  const totals = isCaptured ? ask(path, { idempotency_key: key('refund') }) : voided;
  const { voided_cents: voidedCents, refunded_cents: refundedCents } = totals;
  return { by: 'operator', why: 'the gateway was down', voidedCents, refundedCents };
}
