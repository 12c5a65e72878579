/** One order, its payment declined at the capture, whose worker dies right after the gateway's answer; another one takes it back. */
import type { Environment, Member, startMember } from '../support/fleet.ts';
import { eventually } from '../support/wait.ts';
import type { OtlpReceiver, ReceivedSpan } from './otlp-receiver.ts';

export interface CrashedOrder {
  readonly id: string;
  readonly traceId: string;
  readonly dead: Member;
  readonly heir: Member;
  /** All spans of its trace. */
  readonly spans: readonly ReceivedSpan[];
}

/** What must come for the trace to be whole. */
const lastSpan = 'order failed';

/**
 * @param start how a process is started; the caller ends it
 * @param environment the database, and the queue's server if there is one
 */
export async function crashedOrder(
  start: typeof startMember,
  environment: Environment,
  receiver: OtlpReceiver,
): Promise<CrashedOrder> {
  const base = { ...environment, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, LEASE_MARGIN_MS: '100' };
  const payments = await start('payments', { ...base, OTEL_SERVICE_NAME: 'waybill-payments' });
  const remote = { ...base, PAYMENTS_URL: payments.url };
  const [edge, dead] = await Promise.all([
    start('edge,orders,inventory', { ...remote, OTEL_SERVICE_NAME: 'waybill-edge' }),
    start('worker', { ...remote, OTEL_SERVICE_NAME: 'waybill-worker', CRASH_AT: 'call.answered:1' }),
  ]);
  const productId = await edge.shop.product();
  const id = await edge.shop.placed({ items: [{ productId, quantity: 1 }], token: 'tok_capture_declined' });
  await dead.process().exited;
  const heir = await start('worker', { ...remote, OTEL_SERVICE_NAME: 'waybill-worker' });
  await edge.shop.until(id, 'FAILED', { timeoutMs: 60_000 });
  const traceId = await eventually(
    () => receiver.spans.find((span) => span.name === lastSpan && span.attributes['waybill.actor.id'] === id)?.traceId,
    { what: `the span ${lastSpan}` },
  );
  // What the others still hold comes with their end.
  await Promise.all([edge.kill('SIGTERM'), heir.kill('SIGTERM'), payments.kill('SIGTERM')]);
  return { id, traceId, dead, heir, spans: receiver.spans.filter((span) => span.traceId === traceId) };
}
