import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decideAuthorize,
  decideCapture,
  decideRefund,
  decideVoid,
  type Decision,
  type Entry,
  type Payment,
} from '../../../src/services/payments/decisions.ts';
import { scenarioOf } from '../../../src/services/payments/scenario.ts';

const id = '0198f3a0-0000-7000-8000-000000000001';

function payment(over: Partial<Payment> = {}): Payment {
  return {
    authorizationId: id,
    status: 'authorized',
    currency: 'USD',
    authorizedCents: 5000,
    capturedCents: 0,
    voidedCents: 0,
    refundedCents: 0,
    expiredCents: 0,
    ...over,
  };
}

const captured = payment({ status: 'captured', capturedCents: 5000 });
const refunded = payment({ status: 'refunded', capturedCents: 5000, refundedCents: 5000 });
const voided = payment({ status: 'voided', voidedCents: 5000 });
const expired = payment({ status: 'expired', expiredCents: 5000 });
const declined = payment({ status: 'declined', authorizedCents: 0 });

function moved(next: Payment, entries: Entry[]): Decision {
  return { answer: { type: 'done', status: next.status, payment: next }, next, entries };
}

function refused(code: string, subject: Payment, declineCode: string | null = null) {
  return { answer: { type: 'refused', code, declineCode, payment: subject }, next: null, entries: [] };
}

describe('authorize', () => {
  const request = { amountCents: 5000, currency: 'USD' };

  test('holds the amount', () => {
    expect(decideAuthorize(request, scenarioOf('tok_visa'), id)).toEqual(
      moved(payment(), [{ kind: 'authorize', amountCents: 5000 }]),
    );
  });

  test('declined: keeps a payment that holds nothing', () => {
    expect(decideAuthorize(request, scenarioOf('tok_decline_stolen'), id)).toEqual({
      ...refused('payment_declined', declined, 'stolen_card'),
      next: declined,
      entries: [{ kind: 'decline', amountCents: 5000 }],
    });
  });
});

describe('capture', () => {
  test('takes everything by default', () => {
    expect(decideCapture(payment(), 'succeed', null)).toEqual(
      moved(captured, [{ kind: 'capture', amountCents: 5000 }]),
    );
  });

  test('of less gives the rest back', () => {
    const next = payment({ status: 'captured', capturedCents: 3000, voidedCents: 2000 });
    expect(decideCapture(payment(), 'succeed', 3000)).toEqual(
      moved(next, [
        { kind: 'capture', amountCents: 3000 },
        { kind: 'release', amountCents: 2000 },
      ]),
    );
  });

  test('of more than was authorized is refused', () => {
    expect(decideCapture(payment(), 'succeed', 5001)).toEqual(refused('capture_exceeds_authorization', payment()));
  });

  test('declined by its scenario: the authorization stays', () => {
    expect(decideCapture(payment(), 'decline', null)).toEqual(refused('capture_declined', payment()));
  });

  test('expired by its scenario: the authorization is gone', () => {
    expect(decideCapture(payment(), 'expire', null)).toEqual({
      ...refused('authorization_expired', expired),
      next: expired,
      entries: [{ kind: 'expire', amountCents: 5000 }],
    });
  });

  test.each([
    [declined, 'authorization_declined'],
    [captured, 'already_captured'],
    [refunded, 'already_captured'],
    [voided, 'authorization_voided'],
    [expired, 'authorization_expired'],
  ])('of $status is refused', (subject, code) => {
    expect(decideCapture(subject, 'succeed', null)).toEqual(refused(code, subject));
  });
});

describe('void', () => {
  test('gives back what is held', () => {
    expect(decideVoid(payment())).toEqual(moved(voided, [{ kind: 'void', amountCents: 5000 }]));
  });

  test.each([captured, refunded])('of $status is refused', (subject) => {
    expect(decideVoid(subject)).toEqual(refused('already_captured', subject));
  });

  test.each([voided, expired])('of $status is done, and moves nothing', (subject) => {
    expect(decideVoid(subject)).toEqual({
      answer: { type: 'done', status: subject.status, payment: subject },
      next: null,
      entries: [],
    });
  });

  test('of declined finds nothing', () => {
    expect(decideVoid(declined)).toEqual({
      answer: { type: 'done', status: 'nothing', payment: declined },
      next: null,
      entries: [],
    });
  });
});

describe('refund', () => {
  test('gives everything back by default', () => {
    expect(decideRefund(captured, null)).toEqual(moved(refunded, [{ kind: 'refund', amountCents: 5000 }]));
  });

  test('in parts, the last of which is the rest', () => {
    const part = payment({ status: 'captured', capturedCents: 5000, refundedCents: 2000 });
    expect(decideRefund(captured, 2000)).toEqual(moved(part, [{ kind: 'refund', amountCents: 2000 }]));
    expect(decideRefund(part, 3001)).toEqual(refused('refund_exceeds_capture', part));
    expect(decideRefund(part, null)).toEqual(moved(refunded, [{ kind: 'refund', amountCents: 3000 }]));
  });

  test.each([
    [refunded, 'already_refunded'],
    [payment(), 'not_captured'],
    [voided, 'not_captured'],
    [expired, 'not_captured'],
    [declined, 'not_captured'],
  ])('of $status is refused', (subject, code) => {
    expect(decideRefund(subject, null)).toEqual(refused(code, subject));
  });
});

test('no sequence of calls gives more than is held, and amounts stay the sums of the entries', () => {
  const cents = fc.integer({ min: 0, max: 60 });
  const call = fc.record({ operation: fc.constantFrom('capture', 'void', 'refund'), asked: fc.option(cents) });
  const token = fc.constantFrom('tok', 'tok_decline_', 'tok_capture_declined', 'tok_auth_expires');
  fc.assert(
    fc.property(cents, token, fc.array(call, { maxLength: 8 }), (amountCents, tokenText, calls) => {
      const scenario = scenarioOf(tokenText);
      const opened = decideAuthorize({ amountCents, currency: 'USD' }, scenario, id);
      let current = opened.next;
      const entries: Entry[] = [...opened.entries];
      for (const { operation, asked } of calls) {
        const decision =
          operation === 'capture'
            ? decideCapture(current, scenario.onCapture, asked)
            : operation === 'void'
              ? decideVoid(current)
              : decideRefund(current, asked);
        current = decision.next ?? current;
        entries.push(...decision.entries);
        const sum = (...kinds: string[]) =>
          entries.filter(({ kind }) => kinds.includes(kind)).reduce((total, entry) => total + entry.amountCents, 0);
        expect(current).toEqual({
          ...current,
          authorizedCents: sum('authorize'),
          capturedCents: sum('capture'),
          voidedCents: sum('void', 'release'),
          refundedCents: sum('refund'),
          expiredCents: sum('expire'),
        });
        const givenCents = current.capturedCents + current.voidedCents + current.expiredCents;
        expect(givenCents === 0 || givenCents === current.authorizedCents).toBe(true);
        expect(current.refundedCents).toBeLessThanOrEqual(current.capturedCents);
      }
    }),
  );
});
