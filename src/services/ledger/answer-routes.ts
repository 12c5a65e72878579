/** The three answers that an idempotency key can have, as HTTP. Written as text once; every request gets its bytes. */
import type { FastifyReply } from 'fastify';
import type { AnswerKind, OrderStatus, StoredAnswer } from './entry.ts';

/** What an order's key is answered with. */
export type Decided =
  | { readonly kind: 'authorized' | 'awaiting'; readonly orderId: string }
  | {
      readonly kind: 'declined';
      readonly orderId: string;
      readonly declineCode: string;
      /** Trace of the request that placed the order. */
      readonly traceId: string;
    };

const statusOf: Readonly<Record<AnswerKind, number>> = { authorized: 202, awaiting: 202, declined: 402 };

/** The answer in the form in which it is stored: its status follows from its kind, the rest is kept as it is sent. */
export function renderAnswer(decided: Decided): StoredAnswer {
  switch (decided.kind) {
    case 'authorized':
      return received(decided, 'AUTHORIZED');
    case 'awaiting':
      return received(decided, 'AWAITING_AUTHORIZATION');
    case 'declined':
      return { kind: decided.kind, body: JSON.stringify(declinedProblem(decided)), location: null };
    default:
      return decided satisfies never;
  }
}

/** @param replayed the key was answered before, or is answered to another request as well */
export function sendAnswer(reply: FastifyReply, answer: StoredAnswer, replayed: boolean): FastifyReply {
  if (replayed) void reply.header('idempotent-replayed', 'true');
  if (answer.location !== null) void reply.header('location', answer.location);
  const mediaType = answer.kind === 'declined' ? 'application/problem+json' : 'application/json; charset=utf-8';
  // As bytes: neither serialized again nor given a charset that is not its own.
  return reply.code(statusOf[answer.kind]).header('content-type', mediaType).send(Buffer.from(answer.body));
}

function received(
  { kind, orderId }: { readonly kind: AnswerKind; readonly orderId: string },
  status: OrderStatus,
): StoredAnswer {
  const body = { order_ledger_id: orderId, status, message: 'Order received, processing' };
  return { kind, body: JSON.stringify(body), location: `/orders/${orderId}` };
}

/** Not `reply.problem`, which speaks of the present request: this one is the same for all requests with the key. */
function declinedProblem({ orderId, declineCode, traceId }: Extract<Decided, { kind: 'declined' }>) {
  const error = 'payment_declined';
  return {
    order_ledger_id: orderId,
    decline_code: declineCode,
    type: `urn:waybill:problem:${error}`,
    title: 'The payment was declined',
    status: statusOf.declined,
    error,
    trace_id: traceId,
  };
}
