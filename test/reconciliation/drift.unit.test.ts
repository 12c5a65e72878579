import { describe, expect, it } from 'vitest';
import { type Books, driftOf } from '../../src/reconciliation/drift.ts';

type Money = NonNullable<Books['ours']>;
type Theirs = NonNullable<Books['theirs']>;
type Saga = NonNullable<Books['saga']>;

const none = { authorizedCents: 0, capturedCents: 0, voidedCents: 0, refundedCents: 0, expiredCents: 0 };
const captured = { ...none, authorizedCents: 5_000, capturedCents: 5_000 };
const voided = { ...none, authorizedCents: 5_000, voidedCents: 5_000 };
const refunded = { ...captured, refundedCents: 5_000 };
const held = { ...none, authorizedCents: 5_000 };

const ours = (status: Money['status'], over: Partial<Money> = {}): Money => ({
  orderId: 'order-1',
  status,
  isHalted: false,
  currency: 'USD',
  totalCents: 5_000,
  authorizationId: 'auth-1',
  ...(status === 'COMPLETED' ? captured : voided),
  settlement: null,
  createdAtMs: 1,
  updatedAtMs: 2,
  ...over,
});
const theirs = (over: Partial<Theirs>): Theirs => ({
  authorizationId: 'auth-1',
  status: 'whatever',
  currency: 'USD',
  ...none,
  ...over,
});
const sagaOf = (money: Money, over: Partial<Saga> = {}): Saga => {
  const { authorizationId, authorizedCents, capturedCents, voidedCents, refundedCents, expiredCents } = money;
  const payment = { authorizationId, authorizedCents, capturedCents, voidedCents, refundedCents, expiredCents };
  return { payment, owesMoney: false, isFailing: money.status !== 'COMPLETED', isParked: false, ...over };
};
const byHand = (voidedCents: number, refundedCents: number): Partial<Money> => ({
  ...held,
  settlement: { by: 'bob', why: 'by hand', voidedCents, refundedCents },
});
const declined = ours('AUTHORIZATION_FAILED', { ...none, authorizationId: null });
const parked = ours('NEEDS_ATTENTION', captured);
const uncertain = ours('NEEDS_ATTENTION', held);

type Case = readonly [what: string, ours: Money | null, theirs: Theirs | null, expected: readonly string[]];

const cases: readonly Case[] = [
  ['completed and captured', ours('COMPLETED'), theirs(captured), []],
  [
    'completed, and less was captured',
    ours('COMPLETED'),
    theirs({ ...captured, capturedCents: 4_000 }),
    ['capture_differs person'],
  ],
  [
    'completed, and more was captured',
    ours('COMPLETED'),
    theirs({ ...captured, capturedCents: 6_000, authorizedCents: 6_000 }),
    ['authorization_differs person', 'capture_differs person'],
  ],
  [
    'completed, and both say less than the total',
    ours('COMPLETED', { capturedCents: 1 }),
    theirs({ ...captured, capturedCents: 1 }),
    ['capture_differs person'],
  ],
  ['completed, and never captured', ours('COMPLETED'), theirs(held), ['capture_differs person']],
  ['completed, and voided there', ours('COMPLETED'), theirs(voided), ['capture_differs person']],
  [
    'completed, and charged back',
    ours('COMPLETED'),
    theirs({ ...captured, refundedCents: 1 }),
    ['money_returned person'],
  ],
  [
    'completed, under another authorization',
    ours('COMPLETED'),
    theirs({ ...captured, authorizationId: 'auth-2' }),
    ['authorization_differs person'],
  ],
  [
    'completed, in another currency',
    ours('COMPLETED'),
    theirs({ ...captured, currency: 'EUR' }),
    ['currency_differs person'],
  ],
  ['completed, and the gateway knows nothing', ours('COMPLETED'), null, ['payment_missing person']],
  ['failed and voided', ours('FAILED'), theirs(voided), []],
  ['failed and refunded', ours('FAILED', refunded), theirs(refunded), []],
  ['failed, and still held', ours('FAILED'), theirs(held), ['money_held void']],
  ['cancelled, and captured all the same', ours('CANCELLED'), theirs(captured), ['money_kept refund']],
  [
    'cancelled, and refunded in part',
    ours('CANCELLED', refunded),
    theirs({ ...captured, refundedCents: 4_999 }),
    ['money_kept refund'],
  ],
  [
    'failed, voided by our record and expired there',
    ours('FAILED'),
    theirs({ ...none, authorizedCents: 5_000, expiredCents: 5_000 }),
    ['record_differs person'],
  ],
  [
    'failed, and another amount was authorized',
    ours('FAILED'),
    theirs({ ...voided, authorizedCents: 6_000, expiredCents: 1_000 }),
    ['record_differs person'],
  ],
  ['failed before anything was authorized', ours('FAILED', { ...none, authorizationId: null }), null, []],
  ['declined', declined, theirs(none), []],
  ['declined, and authorized all the same', declined, theirs(held), ['money_held void']],
  ['declined, and captured all the same', declined, theirs(captured), ['money_kept refund']],
  ['voided by hand, and still held', ours('FAILED', byHand(5_000, 0)), theirs(held), ['money_held void']],
  [
    'voided by hand, and captured after that',
    ours('FAILED', byHand(5_000, 0)),
    theirs(captured),
    ['money_kept refund'],
  ],
  ['paid back by hand', ours('FAILED', byHand(0, 5_000)), theirs(captured), []],
  ['paid back by hand in part', ours('FAILED', byHand(0, 4_000)), theirs(captured), ['money_kept person']],
  ['paid back by hand at the gateway', ours('FAILED', byHand(0, 5_000)), theirs(refunded), []],
  ['no order for a payment', null, theirs(held), ['order_missing person']],
  ['under way', ours('PAYMENT_CAPTURED', captured), theirs(none), []],
  ['under way, and being undone', ours('COMPENSATING', held), theirs(captured), []],
  ['halted by the runtime', ours('COMPLETED', { isHalted: true }), null, []],
];

describe('driftOf', () => {
  it.each(cases)('%s', (_what, our, their, expected) => {
    const found = driftOf({ ours: our, saga: our && sagaOf(our), theirs: their });
    expect(found.map(({ kind, remedy }) => `${kind} ${remedy}`)).toEqual(expected);
  });

  it.each(cases)('the same when the actor is gone: %s', (_what, our, their, expected) => {
    const found = driftOf({ ours: our, saga: null, theirs: their });
    expect(found.map(({ kind, remedy }) => `${kind} ${remedy}`)).toEqual(expected);
  });

  it.each([
    ['parked behind the capture, which is gone', parked, { isFailing: false }, held, ['capture_differs person']],
    ['parked behind the capture, and captured', parked, { isFailing: false }, captured, []],
    ['parked behind the undo, and still held', ours('NEEDS_ATTENTION'), {}, held, ['money_held void']],
    ['parked in the undo: the money is what the person is there for', uncertain, { owesMoney: true }, captured, []],
  ] as const)('%s', (_what, our, over, their, expected) => {
    const saga = sagaOf(our, { isParked: true, ...over });
    const found = driftOf({ ours: our, saga, theirs: theirs(their) });
    expect(found.map(({ kind, remedy }) => `${kind} ${remedy}`)).toEqual(expected);
  });

  it('a ledger row that is not what its saga says is all that is told, and no call follows', () => {
    const our = ours('FAILED');
    const saga = { ...sagaOf(our), payment: { ...captured, authorizationId: 'auth-1' } };
    expect(driftOf({ ours: our, saga, theirs: theirs(captured) })).toEqual([
      { kind: 'projection_differs', remedy: 'person' },
    ]);
  });
});
