/** What a customer is told at the end of an order. Pure. */

export type Outcome = 'completed' | 'failed' | 'cancelled' | 'authorization_failed';

export interface Ending {
  readonly orderId: string;
  readonly outcome: Outcome;
  /** The failure's code; null for a completed order. */
  readonly reason: string | null;
}

export interface Letter {
  readonly orderId: string;
  readonly recipient: string;
  readonly subject: string;
  readonly body: string;
  readonly outcome: Outcome;
}

const words: Readonly<Record<Outcome, { readonly subject: string; readonly body: string }>> = {
  completed: { subject: 'Your order is complete', body: 'Your order is complete and on its way to you.' },
  failed: {
    subject: 'Your order could not be completed',
    body: 'We could not complete your order. You have not been charged, or your money has been given back.',
  },
  cancelled: {
    subject: 'Your order is cancelled',
    body: 'Your order is cancelled. You have not been charged, or your money has been given back.',
  },
  authorization_failed: {
    subject: 'Your payment was declined',
    body: 'Your payment was declined, so we did not accept your order. You have not been charged.',
  },
};

export function letterFor({ orderId, outcome, reason }: Ending, recipient: string): Letter {
  const { subject, body } = words[outcome];
  const lines = [body, '', `Order: ${orderId}`, ...(reason === null ? [] : [`Reason: ${reason}`])];
  return { orderId, recipient, subject, body: lines.join('\n'), outcome };
}
