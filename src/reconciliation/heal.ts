/** Gives back at the gateway what an order that came to nothing still holds there. */
import { type GatewayPayment, heldCents, keptCents } from './drift.ts';
import type { Finding } from './findings.ts';
import type { GatewayBooks } from './gateway-books.ts';

export type Healed =
  | { readonly type: 'healed'; readonly why: string; readonly theirs: GatewayPayment }
  /** The gateway said no, and remembers it under the key: to ask again is of no use. */
  | { readonly type: 'refused' }
  /** It answered, but the money is still there: to be looked at again. */
  | { readonly type: 'unsettled' };

/** The key that the saga authorizes an order under. */
export function authorizeKeyOf(orderId: string): string {
  return `${orderId}:payments.authorize`;
}

/**
 * Asks under a key that the order has for this alone, so that a repeat after a lost answer moves nothing more. Its answer
 * is not trusted: what counts is how the payment stands afterwards.
 * @throws GatewayFault: whether it happened is unknown; to be repeated
 */
export async function heal(books: GatewayBooks, finding: Finding): Promise<Healed> {
  const { orderId, theirs, remedy } = finding;
  if (theirs === null || remedy === 'person') return { type: 'refused' };
  const key = `${orderId}:reconciliation.${remedy}`;
  const corrected =
    remedy === 'void'
      ? await books.void(authorizeKeyOf(orderId), key)
      : await books.refund(theirs.authorizationId, key);
  const after = await books.findByKey(authorizeKeyOf(orderId));
  const left = after && (remedy === 'void' ? heldCents(after) : keptCents(after));
  if (after && left === 0) return { type: 'healed', why: `${remedy} under the key ${key}`, theirs: after };
  return { type: corrected.type === 'refused' ? 'refused' : 'unsettled' };
}
