/** What participants may answer to one very order where amounts or products come in. Plain data. */
import type { AnswerOf } from './environment.ts';
import type { OrderContext } from './order-context.ts';

type Answering = 'payments.authorize' | 'payments.capture' | 'payments.undo' | 'inventory.reserve';
type Answers = { readonly [Effect in Answering]: readonly AnswerOf<Effect>[] };

/** The answers to an order as it stands, of each kind the likely one first. For other effects one specimen fits all orders. */
export function orderAnswers({ totalCents, items, payment }: OrderContext): Answers {
  const short = items.slice(0, 1).map(({ productId, quantity }) => ({
    productId,
    requested: quantity,
    available: quantity - 1,
  }));
  return {
    'payments.authorize': [
      { type: 'done', value: { authorizationId: 'simulated', authorizedCents: totalCents } },
      { type: 'refused', value: { code: 'payment_declined', declineCode: 'insufficient_funds' } },
    ],
    'payments.capture': [
      { type: 'done', value: { capturedCents: totalCents } },
      { type: 'refused', value: { code: 'capture_declined', expiredCents: 0 } },
      { type: 'refused', value: { code: 'authorization_expired', expiredCents: totalCents } },
      { type: 'refused', value: { code: 'authorization_voided', expiredCents: 0 } },
    ],
    'payments.undo': [...undoAnswers(totalCents, payment), { type: 'refused', value: { code: 'refund_refused' } }],
    'inventory.reserve': [
      { type: 'done', value: {} },
      { type: 'refused', value: { code: 'insufficient_stock', short } },
      { type: 'refused', value: { code: 'reservation_released', short: [] } },
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
    refunded: { settlement: 'refunded', ...none, refundedCents: totalCents },
    expired: { settlement: 'expired', ...none, expiredCents: totalCents },
    voided: { settlement: 'voided', ...none, voidedCents: totalCents },
    nothing: { settlement: 'nothing', ...none },
  } as const;
  const { refunded, expired, voided, nothing } = answers;
  const held = authorizationId === null ? nothing : voided;
  const likely = capturedCents > 0 ? refunded : expiredCents > 0 ? expired : held;
  const others = Object.values(answers).filter((answer) => answer !== likely);
  return [likely, ...others].map((value) => ({ type: 'done', value }));
}
