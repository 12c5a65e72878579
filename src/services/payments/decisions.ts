/** The gateway's decisions, pure: a payment and a call → the answer, the payment afterwards, and its ledger entries. */
import { type Static, Type } from '@sinclair/typebox';
import type { Scenario } from './scenario.ts';

export const PaymentStatus = Type.Union([
  Type.Literal('declined'),
  Type.Literal('authorized'),
  Type.Literal('captured'),
  Type.Literal('refunded'),
  Type.Literal('voided'),
  Type.Literal('expired'),
]);

/**
 * One authorization and what became of it, in minor units of its currency. Amounts are totals so far and only grow;
 * captured + voided + expired ≤ authorized and refunded ≤ captured, always.
 */
export const Payment = Type.Object({
  authorizationId: Type.String(),
  status: PaymentStatus,
  currency: Type.String(),
  authorizedCents: Type.Integer(),
  capturedCents: Type.Integer(),
  voidedCents: Type.Integer(),
  refundedCents: Type.Integer(),
  expiredCents: Type.Integer(),
});
export type Payment = Static<typeof Payment>;

export const RefusalCode = Type.Union([
  Type.Literal('payment_declined'),
  Type.Literal('voided'),
  Type.Literal('capture_declined'),
  Type.Literal('authorization_declined'),
  Type.Literal('authorization_expired'),
  Type.Literal('authorization_voided'),
  Type.Literal('already_captured'),
  Type.Literal('capture_exceeds_authorization'),
  Type.Literal('not_captured'),
  Type.Literal('already_refunded'),
  Type.Literal('refund_exceeds_capture'),
]);
export type RefusalCode = Static<typeof RefusalCode>;

/** A definitive answer, remembered under its idempotency key. `payment` is the payment as it was then. */
export const Answer = Type.Union([
  Type.Object({
    type: Type.Literal('done'),
    /** Where the payment stands now, or `nothing`: there was nothing to void. */
    status: Type.Union([PaymentStatus, Type.Literal('nothing')]),
    payment: Type.Union([Payment, Type.Null()]),
  }),
  Type.Object({
    type: Type.Literal('refused'),
    code: RefusalCode,
    declineCode: Type.Union([Type.String(), Type.Null()]),
    payment: Type.Union([Payment, Type.Null()]),
  }),
]);
export type Answer = Static<typeof Answer>;

/** `release`: what a capture of less than was authorized gives back. */
export type EntryKind = 'authorize' | 'decline' | 'capture' | 'release' | 'void' | 'refund' | 'expire';

export interface Entry {
  readonly kind: EntryKind;
  readonly amountCents: number;
}

export interface Decision {
  readonly answer: Answer;
  /** The payment afterwards; `null`: it stays as it is. */
  readonly next: Payment | null;
  readonly entries: readonly Entry[];
}

/** Opens a payment: authorized in full, or declined and holding nothing. */
export function decideAuthorize(
  request: { readonly amountCents: number; readonly currency: string },
  scenario: Scenario,
  authorizationId: string,
): Decision & { readonly next: Payment } {
  const { amountCents, currency } = request;
  const { declineCode } = scenario;
  const next: Payment = {
    authorizationId,
    status: declineCode === null ? 'authorized' : 'declined',
    currency,
    authorizedCents: declineCode === null ? amountCents : 0,
    capturedCents: 0,
    voidedCents: 0,
    refundedCents: 0,
    expiredCents: 0,
  };
  return declineCode === null
    ? { ...done(next), next, entries: [{ kind: 'authorize', amountCents }] }
    : { ...refused('payment_declined', next, declineCode), next, entries: [{ kind: 'decline', amountCents }] };
}

/** Captures once, all or the given amount; the rest of the authorization is given back with it. */
export function decideCapture(payment: Payment, onCapture: Scenario['onCapture'], askedCents: number | null): Decision {
  const { status, authorizedCents } = payment;
  if (status !== 'authorized') return refused(captureRefusals[status], payment);
  if (onCapture === 'decline') return refused('capture_declined', payment);
  if (onCapture === 'expire') {
    const next: Payment = { ...payment, status: 'expired', expiredCents: authorizedCents };
    return {
      ...refused('authorization_expired', next),
      next,
      entries: [{ kind: 'expire', amountCents: authorizedCents }],
    };
  }
  const amountCents = askedCents ?? authorizedCents;
  if (amountCents > authorizedCents) return refused('capture_exceeds_authorization', payment);
  const restCents = authorizedCents - amountCents;
  const capture: Entry = { kind: 'capture', amountCents };
  return move(
    { ...payment, status: 'captured', capturedCents: amountCents, voidedCents: restCents },
    restCents === 0 ? [capture] : [capture, { kind: 'release', amountCents: restCents }],
  );
}

/** Voids what is held. Nothing held is fine too, whatever the reason; only captured money is not for voiding. */
export function decideVoid(payment: Payment): Decision {
  switch (payment.status) {
    case 'authorized':
      return move({ ...payment, status: 'voided', voidedCents: payment.authorizedCents }, [
        { kind: 'void', amountCents: payment.authorizedCents },
      ]);
    case 'captured':
    case 'refunded':
      return refused('already_captured', payment);
    case 'voided':
    case 'expired':
      return done(payment);
    case 'declined':
      return { ...done(payment), answer: { type: 'done', status: 'nothing', payment } };
    default:
      return payment.status satisfies never;
  }
}

/** Refunds everything that is captured and not refunded yet, or the given amount of it. */
export function decideRefund(payment: Payment, askedCents: number | null): Decision {
  if (payment.status === 'refunded') return refused('already_refunded', payment);
  if (payment.status !== 'captured') return refused('not_captured', payment);
  const refundableCents = payment.capturedCents - payment.refundedCents;
  const amountCents = askedCents ?? refundableCents;
  if (amountCents > refundableCents) return refused('refund_exceeds_capture', payment);
  const refundedCents = payment.refundedCents + amountCents;
  const status = refundedCents === payment.capturedCents ? 'refunded' : 'captured';
  return move({ ...payment, status, refundedCents }, [{ kind: 'refund', amountCents }]);
}

/** The answer to a void by key when nothing was authorized under that key. */
export const nothingToVoid: Decision = {
  answer: { type: 'done', status: 'nothing', payment: null },
  next: null,
  entries: [],
};

/** The answer laid down for an authorize that comes after the void of its key. */
export const voidedBeforehand: Answer = { type: 'refused', code: 'voided', declineCode: null, payment: null };

const captureRefusals = {
  declined: 'authorization_declined',
  captured: 'already_captured',
  refunded: 'already_captured',
  voided: 'authorization_voided',
  expired: 'authorization_expired',
} as const satisfies Record<Exclude<Payment['status'], 'authorized'>, RefusalCode>;

function done(payment: Payment): Decision {
  return { answer: { type: 'done', status: payment.status, payment }, next: null, entries: [] };
}

function move(next: Payment, entries: readonly Entry[]): Decision {
  return { ...done(next), next, entries };
}

function refused(code: RefusalCode, payment: Payment, declineCode: string | null = null): Decision {
  return { answer: { type: 'refused', code, declineCode, payment }, next: null, entries: [] };
}
