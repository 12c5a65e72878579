/** The gateway's values as JSON bodies: snake_case, times as RFC 3339. */
import type { Answer, Payment } from './decisions.ts';
import type { Movement, StoredPayment } from './service.ts';

/** The answer to a call that was not refused. */
export function bodyOf({ status, payment }: Extract<Answer, { type: 'done' }>) {
  return {
    authorization_id: payment?.authorizationId ?? null,
    status,
    currency: payment?.currency ?? null,
    ...amountsOf(payment ?? nothingHeld),
  };
}

type Amounts = Omit<Payment, 'authorizationId' | 'status' | 'currency'>;

const nothingHeld: Amounts = {
  authorizedCents: 0,
  capturedCents: 0,
  voidedCents: 0,
  refundedCents: 0,
  expiredCents: 0,
};

/** Totals of one payment so far; refusals carry them too. */
export function amountsOf(payment: Amounts) {
  return {
    authorized_cents: payment.authorizedCents,
    captured_cents: payment.capturedCents,
    voided_cents: payment.voidedCents,
    refunded_cents: payment.refundedCents,
    expired_cents: payment.expiredCents,
  };
}

/** A payment as it stands now. */
export function recordOf(payment: StoredPayment) {
  return {
    authorization_id: payment.authorizationId,
    idempotency_key: payment.authorizeKey,
    user_id: payment.userId,
    amount_cents: payment.requestedCents,
    currency: payment.currency,
    status: payment.status,
    decline_code: payment.declineCode,
    ...amountsOf(payment),
    created_at: new Date(payment.createdAtMs).toISOString(),
    updated_at: new Date(payment.updatedAtMs).toISOString(),
  };
}

export function movementOf({ authorizationId, authorizeKey, kind, amountCents, atMs, authorizedAtMs }: Movement) {
  return {
    authorization_id: authorizationId,
    idempotency_key: authorizeKey,
    kind,
    amount_cents: amountCents,
    at: new Date(atMs).toISOString(),
    authorized_at: new Date(authorizedAtMs).toISOString(),
  };
}
