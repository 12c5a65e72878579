/** The ledger's values as JSON bodies: snake_case, times as RFC 3339. */
import type { Static } from '@sinclair/typebox';
import type { Json } from '../../actors/index.ts';
import type { Order, Payment } from './entry.ts';
import type { OrderDetails, OrderSummary, TransitionView } from './schemas.ts';
import type { OrderTransition, OrderView } from './service.ts';

export function summaryOf(order: Order): Static<typeof OrderSummary> {
  return {
    order_ledger_id: order.id,
    order_id: order.orderState === 'none' ? null : order.id,
    status: order.status,
    revision: order.revision,
    user_id: order.userId,
    items: order.items.map(({ productId, quantity, unitPriceCents }) => ({
      product_id: productId,
      quantity,
      unit_price_cents: unitPriceCents,
    })),
    total_cents: order.totalCents,
    currency: order.currency,
    payment: paymentBody(order.payment),
    order_state: order.orderState,
    reservation_state: order.reservationState,
    failure: order.failure && { code: order.failure.code, detail: snakeCased(order.failure.detail) },
    created_at: instant(order.createdAtMs),
    updated_at: instant(order.updatedAtMs),
  };
}

export function detailsOf(order: OrderView): Static<typeof OrderDetails> {
  return { ...summaryOf(order), allowed_actions: order.accepts.map((event) => event.toLowerCase()) };
}

export function transitionBody(transition: OrderTransition) {
  const { revision, event, outcome, from, to, status, effects, atMs, traceId } = transition;
  const body = {
    revision,
    event,
    outcome,
    from,
    to,
    status,
    effects: [...effects],
    at: instant(atMs),
    trace_id: traceId,
  };
  return body satisfies Static<typeof TransitionView>;
}

function paymentBody(payment: Payment): Static<typeof OrderSummary>['payment'] {
  const { settlement } = payment;
  return {
    status: paymentStatus(payment),
    authorization_id: payment.authorizationId,
    decline_code: payment.declineCode,
    authorized_cents: payment.authorizedCents,
    captured_cents: payment.capturedCents,
    voided_cents: payment.voidedCents,
    refunded_cents: payment.refundedCents,
    expired_cents: payment.expiredCents,
    // Who settled it, and why, is for operators.
    settlement: settlement && { voided_cents: settlement.voidedCents, refunded_cents: settlement.refundedCents },
  };
}

/** The furthest that the money has come; a capture's rest that was voided does not count. */
function paymentStatus(payment: Payment): string {
  if (payment.settlement) return 'settled';
  if (payment.declineCode !== null && payment.authorizationId === null) return 'declined';
  if (payment.refundedCents > 0) return 'refunded';
  if (payment.capturedCents > 0) return 'captured';
  if (payment.expiredCents > 0) return 'expired';
  if (payment.voidedCents > 0) return 'voided';
  return payment.authorizationId === null ? 'none' : 'authorized';
}

/** The saga's own words, in camelCase, for the outside. */
function snakeCased(json: Json): Json {
  if (Array.isArray(json)) return json.map(snakeCased);
  if (typeof json !== 'object' || json === null) return json;
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [snakeCase(key), snakeCased(value)]));
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function instant(atMs: number): string {
  return new Date(atMs).toISOString();
}
