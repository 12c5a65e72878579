/** The order ledger's words: what a customer may order, and how an order looks to the outside. */
import type { Json } from '../../actors/index.ts';

export interface Item {
  readonly productId: string;
  readonly quantity: number;
}

export interface PricedItem extends Item {
  readonly unitPriceCents: number;
}

/** An order as asked for. Each product once, in product order: the canonical form. */
export interface Placement {
  readonly userId: string;
  readonly email: string;
  readonly items: readonly Item[];
  readonly payment: { readonly method: 'card'; readonly token: string };
}

export const orderStatuses = [
  'AWAITING_AUTHORIZATION',
  'AUTHORIZED',
  'AUTHORIZATION_FAILED',
  'ORDER_CREATED',
  'INVENTORY_RESERVED',
  'PAYMENT_CAPTURED',
  'COMPLETED',
  'COMPENSATING',
  'FAILED',
  'CANCELLED',
  'NEEDS_ATTENTION',
] as const;
export type OrderStatus = (typeof orderStatuses)[number];

export function isOrderStatus(value: Json | undefined): value is OrderStatus {
  return orderStatuses.some((status) => status === value);
}

/** Nothing happens to the order any more. */
export function isFinal(status: OrderStatus): boolean {
  return status === 'COMPLETED' || status === 'AUTHORIZATION_FAILED' || status === 'FAILED' || status === 'CANCELLED';
}

/** The money as the saga knows it. The gateway's own record is elsewhere, and never read here. */
export interface Payment {
  readonly authorizationId: string | null;
  readonly declineCode: string | null;
  readonly authorizedCents: number;
  readonly capturedCents: number;
  readonly voidedCents: number;
  readonly refundedCents: number;
  readonly expiredCents: number;
  /** What a person settled outside the gateway; not part of the sums above. */
  readonly settlement: Settlement | null;
}

export interface Settlement {
  readonly by: string;
  readonly why: string;
  readonly voidedCents: number;
  readonly refundedCents: number;
}

/** An entry without the idempotency key, the e-mail and the payment token. */
export interface Order {
  readonly id: string;
  readonly userId: string;
  readonly status: OrderStatus;
  readonly revision: number;
  readonly items: readonly PricedItem[];
  readonly currency: string;
  readonly totalCents: number;
  readonly payment: Payment;
  readonly orderState: 'none' | 'created' | 'confirmed' | 'cancelled';
  readonly reservationState: 'none' | 'reserved' | 'released' | 'sold';
  /** Why it will not complete, as soon as that is certain. */
  readonly failure: { readonly code: string; readonly detail: Json } | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** Since when its transitions are gone, having ended long ago; null while they are there. */
  readonly historyDroppedAtMs: number | null;
}

/** How the key of an order was answered; `awaiting` while (or because) nobody could tell about the authorization. */
export type AnswerKind = 'authorized' | 'declined' | 'awaiting';

/** An answer as every request with the key gets it: the very text, and the `Location` if it has one. */
export interface StoredAnswer {
  readonly kind: AnswerKind;
  readonly body: string;
  readonly location: string | null;
}

/** The trace of a W3C `traceparent`. */
export function traceIdOf(traceparent: string | null): string | null {
  return traceparent?.split('-')[1] ?? null;
}
