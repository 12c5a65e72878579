/** What an order saga knows, and how each fact changes it. Plain JSON: no personal data, no payment token. */
import type { DoneActorEvent, ErrorActorEvent, OutputFrom } from 'xstate';
import type { effects, PricedItem, Uncertain } from './effects.ts';
import { newStep, settled, type Step, type Trouble } from './step.ts';

export type OrderContext = {
  readonly orderId: string;
  readonly userId: string;
  readonly currency: string;
  readonly totalCents: number;
  readonly items: readonly PricedItem[];
  readonly payment: Payment;
  /** The undos that would be needed if the saga turned back now. All false in every final state. */
  readonly owes: Owes;
  /** Why the order will not complete. Set while a step is still being called, it is a stop remembered until its outcome. */
  readonly failure: Failure | null;
  readonly step: Step;
};

export type OrderInput = Pick<OrderContext, 'orderId' | 'userId' | 'currency' | 'totalCents' | 'items'>;

/** The money as far as participants have told us. The gateway's own record decides (audit M5). */
export type Payment = {
  readonly authorizationId: string | null;
  readonly authorizedCents: number;
  readonly capturedCents: number;
  readonly voidedCents: number;
  readonly refundedCents: number;
  readonly expiredCents: number;
  readonly declineCode: string | null;
  /** What a person settled outside the gateway's API; never added to the sums above. */
  readonly settlement: Settlement | null;
};

export type Settlement = {
  readonly by: string;
  readonly why: string;
  readonly voidedCents: number;
  readonly refundedCents: number;
};

export type Undo = 'money' | 'stock' | 'order';
export type Owes = { readonly [U in Undo]: boolean };

export type Failure = {
  /** Stable: a participant's refusal code, `…_unknown`, `…_expired`, `cancelled_by_customer`. */
  readonly code: string;
  readonly detail: null | Trouble | { readonly declineCode: string } | { readonly short: readonly ShortItem[] };
};

export type ShortItem = { readonly productId: string; readonly requested: number; readonly available: number };

/** What the customer is told; `meta.status` of the deepest active state that has one. */
export type OrderStatus =
  | 'AWAITING_AUTHORIZATION'
  | 'AUTHORIZED'
  | 'AUTHORIZATION_FAILED'
  | 'ORDER_CREATED'
  | 'INVENTORY_RESERVED'
  | 'PAYMENT_CAPTURED'
  | 'COMPLETED'
  | 'COMPENSATING'
  | 'FAILED'
  | 'CANCELLED'
  | 'NEEDS_ATTENTION';

/** `accepted`: the customer's answer is out, the edge hands over. `parked`: waits for a person. */
export type OrderTag = 'accepted' | 'compensating' | 'parked';

/** What the runtime and the outside read off a state. */
export type OrderMeta = {
  readonly status?: OrderStatus;
  /** The effect that the state waits for, and how long one remote call of it may take. */
  readonly effect?: keyof typeof effects;
  readonly timeoutMs?: number;
  /** The effect that undoes it. */
  readonly undo?: keyof typeof effects;
  /** From its outcome on, the saga only goes forward. */
  readonly pivot?: true;
  /** Events that are accepted with the right payload only, so that asking by their type would not find them. */
  readonly accepts?: readonly OrderCommand['type'][];
  /** How long the state lasts when all is well. */
  readonly expectedMs?: number;
};

/** The saga's invokes by id. An id lives in pending effects and logs: renaming one needs a new version. */
export type OrderInvokes = {
  authorize: 'payments.authorize';
  createOrder: 'orders.create';
  reserve: 'inventory.reserve';
  capture: 'payments.capture';
  confirm: 'orders.confirm';
  commit: 'inventory.commit';
  undoPayment: 'payments.undo';
  release: 'inventory.release';
  cancelOrder: 'orders.cancel';
};

/** Events from outside; `by` and `why` are for the log. Whether a state accepts one: `snapshot.can(event)`. */
export type OrderCommand =
  | { readonly type: 'CANCEL'; readonly by?: string; readonly why?: string }
  | { readonly type: 'RETRY'; readonly by?: string; readonly why?: string }
  | { readonly type: 'RESOLVE'; readonly settlement: Settlement };

type OrderOutcome = {
  [Id in keyof OrderInvokes]:
    | DoneActorEvent<OutputFrom<(typeof effects)[OrderInvokes[Id]]>, Id>
    | ErrorActorEvent<Uncertain, Id>;
}[keyof OrderInvokes];

export type OrderEvent = OrderCommand | OrderOutcome;

/**
 * The context of a new order. Without input it makes the blank order of the throw-away actor that XState 5 builds behind
 * every pure transition.
 */
export function newOrder(input: OrderInput | undefined): OrderContext {
  const { orderId = '', userId = '', currency = '', totalCents = 0, items = [] }: Partial<OrderInput> = input ?? {};
  return {
    orderId,
    userId,
    currency,
    totalCents,
    // Field by field: whatever else a caller's objects carry must not reach a snapshot.
    items: items.map(({ productId, quantity, unitPriceCents }) => ({ productId, quantity, unitPriceCents })),
    payment: {
      authorizationId: null,
      authorizedCents: 0,
      capturedCents: 0,
      voidedCents: 0,
      refundedCents: 0,
      expiredCents: 0,
      declineCode: null,
      settlement: null,
    },
    owes: { money: false, stock: false, order: false },
    failure: null,
    step: newStep,
  };
}

/** How the effect was settled. @throws for any other event */
export function outcomeIs(event: OrderEvent, type: 'done' | 'refused'): boolean {
  return settled(event).output.type === type;
}

/** The money after a payment effect was settled. @throws for the outcome of any other effect */
export function paymentAfter(payment: Payment, event: OrderEvent): Payment {
  const outcome = settled(event);
  switch (outcome.actorId) {
    case 'authorize': {
      if (outcome.output.type === 'refused') return { ...payment, declineCode: outcome.output.declineCode };
      const { authorizationId, authorizedCents } = outcome.output;
      return { ...payment, authorizationId, authorizedCents };
    }
    case 'capture':
      return outcome.output.type === 'done'
        ? { ...payment, capturedCents: outcome.output.capturedCents }
        : { ...payment, expiredCents: outcome.output.expiredCents };
    case 'undoPayment':
      return outcome.output.type === 'done' ? undone(payment, outcome.output) : payment;
    default:
      throw new Error(`${outcome.actorId} says nothing about money`);
  }
}

/**
 * An undo also tells of an authorization or a capture whose own answer was lost. What we were told before stays: a
 * gateway that contradicts itself must show in the audit.
 */
function undone(
  payment: Payment,
  answer: { voidedCents: number; refundedCents: number; expiredCents: number },
): Payment {
  const { voidedCents, refundedCents } = answer;
  const expiredCents = Math.max(payment.expiredCents, answer.expiredCents);
  const capturedCents = Math.max(payment.capturedCents, refundedCents);
  const authorizedCents =
    payment.authorizationId === null ? capturedCents + voidedCents + expiredCents : payment.authorizedCents;
  return { ...payment, authorizedCents, capturedCents, voidedCents, refundedCents, expiredCents };
}

/** Why the order will not complete, from a participant's refusal. @throws if nothing was refused */
export function refusalOf(event: OrderEvent): Failure {
  const { actorId, output } = settled(event);
  if (output.type === 'done') throw new Error(`${actorId} was not refused`);
  if ('declineCode' in output) return { code: output.code, detail: { declineCode: output.declineCode } };
  if ('short' in output) return { code: output.code, detail: { short: output.short } };
  return { code: output.code, detail: null };
}

/** Why an undo or the stock's commit was refused. @throws if nothing was refused */
export function troubleOf(event: OrderEvent): Trouble {
  return { outcome: 'refused', code: refusalOf(event).code };
}

/** @throws if the capture is armed without an authorization: the chart is wired wrongly */
export function known(authorizationId: string | null): string {
  if (authorizationId === null) throw new Error('the authorization is not known yet');
  return authorizationId;
}

/** The settlement that a RESOLVE records. @throws for another event */
export function settlementOf(event: OrderEvent): Settlement {
  if (event.type !== 'RESOLVE') throw new Error(`${event.type} settles nothing`);
  const { by, why, voidedCents, refundedCents } = event.settlement;
  return { by, why, voidedCents, refundedCents };
}

/** Whether a person's settlement says who, why, and whole amounts. It arrives from outside, typed or not. */
export function isSettlement(settlement: Partial<Settlement> | undefined): settlement is Settlement {
  const { by, why, voidedCents, refundedCents } = settlement ?? {};
  return isText(by) && isText(why) && isCents(voidedCents) && isCents(refundedCents);
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value.trim() !== '';
}

function isCents(value: unknown): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
