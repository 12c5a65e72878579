/** Prices an order by its products; what the client thinks they cost is never asked. Pure. */
import type { Item, PricedItem } from './entry.ts';

/** Where prices come from: this process's inventory, or another's. */
export interface Catalog {
  /**
   * @param productIds at most 100
   * @returns the products that exist, in any order
   * @throws when the products cannot be asked for right now
   */
  quote(productIds: readonly string[]): Promise<readonly Quote[]>;
}

export interface Quote {
  readonly id: string;
  readonly priceCents: number;
  readonly currency: string;
}

export type Pricing =
  | {
      readonly type: 'priced';
      readonly items: readonly PricedItem[];
      readonly currency: string;
      readonly totalCents: number;
    }
  | PricingRefusal;

export type PricingRefusal =
  | { readonly type: 'product_not_found'; readonly productIds: readonly string[] }
  | { readonly type: 'mixed_currency'; readonly currencies: readonly string[] }
  | { readonly type: 'total_too_large' };

/** What an int4 column holds. */
const maxCents = 2_147_483_647;

/** @param items at least one, each product once */
export function priceOrder(items: readonly Item[], quotes: readonly Quote[]): Pricing {
  const byId = new Map(quotes.map((quote) => [quote.id, quote]));
  const unknown = items.filter(({ productId }) => !byId.has(productId)).map(({ productId }) => productId);
  if (unknown.length > 0) return { type: 'product_not_found', productIds: unknown };
  const priced = items.flatMap(({ productId, quantity }) => {
    const quote = byId.get(productId);
    return quote ? [{ productId, quantity, unitPriceCents: quote.priceCents, currency: quote.currency }] : [];
  });
  const currencies = [...new Set(priced.map(({ currency }) => currency))].toSorted();
  const [currency, ...others] = currencies;
  if (currency === undefined) throw new Error('an order has at least one item');
  if (others.length > 0) return { type: 'mixed_currency', currencies };
  // Exact: a line is below 2^31 cents times 10^6, far below 2^53, and the sum stops at the first that is too large.
  let totalCents = 0;
  for (const { quantity, unitPriceCents } of priced) {
    totalCents += quantity * unitPriceCents;
    if (totalCents > maxCents) return { type: 'total_too_large' };
  }
  const lines = priced.map(({ productId, quantity, unitPriceCents }) => ({ productId, quantity, unitPriceCents }));
  return { type: 'priced', items: lines, currency, totalCents };
}
