/** The effects that machines may ask for: names, inputs and outcomes as types. Their handlers live in `effects/`. */
import { fromPromise, type PromiseActorLogic } from 'xstate';

export type Item = { readonly productId: string; readonly quantity: number };
export type PricedItem = Item & { readonly unitPriceCents: number };

/** What `onDone` receives: the effect happened, or was refused for good. */
export type Settled<Done, Refused> = ({ readonly type: 'done' } & Done) | ({ readonly type: 'refused' } & Refused);

/** What `onError` receives: `failed` did not happen this time, `unknown` may have happened. `random` is in [0, 1). */
export type Uncertain = {
  readonly type: 'failed' | 'unknown';
  readonly code: string;
  readonly message: string;
  readonly random: number;
};

/** A stub that carries an effect's types. Nothing runs it: the runtime maps its name to a handler. */
function effect<Input, Done, Refused>(): PromiseActorLogic<Settled<Done, Refused>, Input> {
  return fromPromise<Settled<Done, Refused>, Input>(() => Promise.reject(new Error('effects are run by the runtime')));
}

type Nothing = Record<never, never>;

export const effects = {
  'payments.authorize': effect<
    { userId: string; amountCents: number; currency: string },
    { authorizationId: string; authorizedCents: number },
    { code: string; declineCode: string }
  >(),
  'payments.capture': effect<
    { authorizationId: string; amountCents: number; currency: string },
    { capturedCents: number },
    { code: 'capture_declined' | 'authorization_expired' | 'authorization_voided'; expiredCents: number }
  >(),
  /** Void by the authorize key; if it was captured already, refund. Undoing nothing is done too, and leaves a tombstone. */
  'payments.undo': effect<
    Nothing,
    {
      settlement: 'nothing' | 'voided' | 'refunded' | 'expired';
      voidedCents: number;
      refundedCents: number;
      expiredCents: number;
    },
    { code: string }
  >(),
  'orders.create': effect<
    { userId: string; currency: string; totalCents: number; items: readonly PricedItem[] },
    Nothing,
    { code: 'order_cancelled' | 'order_conflict' }
  >(),
  'orders.confirm': effect<Nothing, Nothing, { code: 'order_cancelled' | 'order_not_found' }>(),
  /** Cancelling an order that was never created is done too, and leaves a tombstone. */
  'orders.cancel': effect<Nothing, Nothing, { code: 'order_confirmed' }>(),
  /** All items or none. The refusal is remembered per order. */
  'inventory.reserve': effect<
    { items: readonly Item[] },
    Nothing,
    {
      code: 'insufficient_stock' | 'reservation_released' | 'reservation_conflict';
      short: readonly { productId: string; requested: number; available: number }[];
    }
  >(),
  /** Releasing nothing is done too, and leaves a tombstone that refuses a late reserve. */
  'inventory.release': effect<Nothing, Nothing, { code: 'reservation_sold' }>(),
  'inventory.commit': effect<Nothing, Nothing, { code: 'reservation_not_found' | 'reservation_released' }>(),
  'notices.send': effect<{ orderId: string; outcome: string; reason: string | null }, Nothing, { code: string }>(),
};
