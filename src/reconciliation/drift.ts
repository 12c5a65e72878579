/** What may differ between our money record and the gateway's, and what sets it right. Pure. */
import type { MoneyRecord } from '../services/ledger/money.ts';

export const driftKinds = [
  'money_held',
  'money_kept',
  'money_returned',
  'capture_differs',
  'authorization_differs',
  'currency_differs',
  'record_differs',
  'payment_missing',
  'order_missing',
  'projection_differs',
] as const;
export type DriftKind = (typeof driftKinds)[number];

/** `person`: no call of ours is surely right. */
export type Remedy = 'void' | 'refund' | 'person';

/** A payment as the gateway reports it; amounts are totals so far. */
export interface GatewayPayment {
  readonly authorizationId: string;
  readonly status: string;
  readonly currency: string;
  readonly authorizedCents: number;
  readonly capturedCents: number;
  readonly voidedCents: number;
  readonly refundedCents: number;
  readonly expiredCents: number;
}

/** The saga's own snapshot, as far as it is about money. */
export interface SagaMoney {
  readonly payment: Amounts & { readonly authorizationId: string | null };
  /** The saga would still have to undo a payment if it turned back now. */
  readonly owesMoney: boolean;
  /** It has turned back. */
  readonly isFailing: boolean;
  readonly isParked: boolean;
}

export type Amounts = Pick<
  GatewayPayment,
  'authorizedCents' | 'capturedCents' | 'voidedCents' | 'refundedCents' | 'expiredCents'
>;

export interface Drift {
  readonly kind: DriftKind;
  readonly remedy: Remedy;
}

export interface Books {
  /** Null: we have no such order. */
  readonly ours: MoneyRecord | null;
  /** Null: its actor is gone (it ended long ago), or its context says nothing that we could read. */
  readonly saga: SagaMoney | null;
  /** Null: the gateway has no payment for it. */
  readonly theirs: GatewayPayment | null;
}

/**
 * What the two records of one order disagree in; nothing for an order that is still under way, or that a person is
 * looking at because its money is uncertain. Both must have been read at a time when the order had long come to rest.
 */
export function driftOf(books: Books): readonly Drift[] {
  const { ours, saga, theirs } = books;
  if (ours === null) return theirs === null ? [] : [person('order_missing')];
  const due = dueOf(ours, saga);
  if (due === 'uncertain') return [];
  // Written in one commit, they cannot come apart by themselves: whoever did it is not to be helped by a call.
  if (saga && !agrees(ours, saga.payment)) return [person('projection_differs')];
  if (theirs === null) return claimsMoney(ours) ? [person('payment_missing')] : [];
  if (theirs.currency !== ours.currency) return [person('currency_differs')];
  if (ours.authorizationId !== null && ours.authorizationId !== theirs.authorizationId)
    return [person('authorization_differs')];
  return due === 'kept' ? driftOfKept(ours, theirs) : driftOfReturned(ours, theirs);
}

/** Whether an order has come to rest, so that its books can be compared. */
export function isAtRest({ status, isHalted }: MoneyRecord): boolean {
  return !isHalted && (endings[status] !== undefined || status === 'NEEDS_ATTENTION');
}

/** Whether our record says that the gateway has authorized something. */
export function claimsMoney({ authorizationId, authorizedCents }: MoneyRecord): boolean {
  return authorizationId !== null || authorizedCents > 0;
}

/** Authorized, and neither captured nor given back. */
export function heldCents(theirs: Amounts): number {
  return theirs.authorizedCents - theirs.capturedCents - theirs.voidedCents - theirs.expiredCents;
}

/** Captured, and not given back. */
export function keptCents(theirs: Amounts): number {
  return theirs.capturedCents - theirs.refundedCents;
}

type Due = 'kept' | 'returned' | 'uncertain';

const endings: Partial<Record<MoneyRecord['status'], Due>> = {
  COMPLETED: 'kept',
  FAILED: 'returned',
  CANCELLED: 'returned',
  AUTHORIZATION_FAILED: 'returned',
};

/** Where the money of an order has to be. A parked one is sure of it behind the capture, and behind the undo of it. */
function dueOf(ours: MoneyRecord, saga: SagaMoney | null): Due {
  const ending = isAtRest(ours) ? endings[ours.status] : 'uncertain';
  if (ending) return ending;
  if (!saga?.isParked) return 'uncertain';
  if (!saga.isFailing) return 'kept';
  return saga.owesMoney ? 'uncertain' : 'returned';
}

function driftOfKept(ours: MoneyRecord, theirs: GatewayPayment): readonly Drift[] {
  const drifts: Drift[] = [];
  if (theirs.authorizedCents !== ours.authorizedCents) drifts.push(person('authorization_differs'));
  if (theirs.capturedCents !== ours.capturedCents || theirs.capturedCents !== ours.totalCents)
    drifts.push(person('capture_differs'));
  // A charge-back, or somebody at the gateway's desk: what becomes of the goods is not for us to say.
  if (theirs.refundedCents > 0) drifts.push(person('money_returned'));
  return drifts;
}

function driftOfReturned(ours: MoneyRecord, theirs: GatewayPayment): readonly Drift[] {
  // To release a hold pays nothing out: it is right whatever else was settled.
  if (heldCents(theirs) > 0) return [{ kind: 'money_held', remedy: 'void' }];
  const paidBackByHandCents = ours.settlement?.refundedCents ?? 0;
  if (keptCents(theirs) > paidBackByHandCents)
    // Part of it was paid back elsewhere: a refund of all would pay that twice.
    return [{ kind: 'money_kept', remedy: paidBackByHandCents === 0 ? 'refund' : 'person' }];
  if (ours.settlement !== null) return [];
  const isKnown = ours.authorizationId === null || ours.authorizedCents === theirs.authorizedCents;
  return isKnown && moved.every((name) => ours[name] === theirs[name]) ? [] : [person('record_differs')];
}

const moved = ['capturedCents', 'voidedCents', 'refundedCents', 'expiredCents'] as const;

function agrees(ours: MoneyRecord, payment: SagaMoney['payment']): boolean {
  return (
    ours.authorizationId === payment.authorizationId &&
    ours.authorizedCents === payment.authorizedCents &&
    moved.every((name) => ours[name] === payment[name])
  );
}

function person(kind: DriftKind): Drift {
  return { kind, remedy: 'person' };
}
