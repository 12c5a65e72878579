/** What participants may answer to one very order where amounts or products come in: for simulating it. Plain data. */
import type { OutputFrom } from 'xstate';
import type { effects } from './effects.ts';
import type { OrderContext } from './order-context.ts';

type Answering = 'payments.authorize' | 'payments.capture' | 'payments.undo' | 'inventory.reserve';
type Answers = { readonly [Effect in Answering]: readonly OutputFrom<(typeof effects)[Effect]>[] };

/** The answers to an order as it stands, of each kind the likely one first. For other effects one specimen fits all orders. */
export function orderAnswers({ totalCents, items, payment }: OrderContext): Answers {
  const short = items.slice(0, 1).map(({ productId, quantity }) => ({
    productId,
    requested: quantity,
    available: quantity - 1,
  }));
  return {
    'payments.authorize': [
      { type: 'done', authorizationId: 'simulated', authorizedCents: totalCents },
      { type: 'refused', code: 'payment_declined', declineCode: 'insufficient_funds' },
    ],
    'payments.capture': [
      { type: 'done', capturedCents: totalCents },
      { type: 'refused', code: 'capture_declined', expiredCents: 0 },
      { type: 'refused', code: 'authorization_expired', expiredCents: totalCents },
      { type: 'refused', code: 'authorization_voided', expiredCents: 0 },
    ],
    'payments.undo': [...undoAnswers(totalCents, payment), { type: 'refused', code: 'refund_refused' }],
    'inventory.reserve': [
      { type: 'done' },
      { type: 'refused', code: 'insufficient_stock', short },
      { type: 'refused', code: 'reservation_released', short: [] },
    ],
  };
}

/** The gateway's totals; first those that agree with what the order has been told so far. */
function undoAnswers(
  totalCents: number,
  { capturedCents, expiredCents, authorizationId }: OrderContext['payment'],
): Answers['payments.undo'] {
  const none = { voidedCents: 0, refundedCents: 0, expiredCents: 0 };
  const answers = {
    refunded: { type: 'done', settlement: 'refunded', ...none, refundedCents: totalCents },
    expired: { type: 'done', settlement: 'expired', ...none, expiredCents: totalCents },
    voided: { type: 'done', settlement: 'voided', ...none, voidedCents: totalCents },
    nothing: { type: 'done', settlement: 'nothing', ...none },
  } as const;
  const { refunded, expired, voided, nothing } = answers;
  const held = authorizationId === null ? nothing : voided;
  const likely = capturedCents > 0 ? refunded : expiredCents > 0 ? expired : held;
  return [likely, ...Object.values(answers).filter((answer) => answer !== likely)];
}
