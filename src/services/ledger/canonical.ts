/** Two requests mean the same order when their canonical forms are equal. Pure. */
import { createHash } from 'node:crypto';
import type { Item, Placement } from './entry.ts';

/** A product named twice is one line with the sum; products in key order. */
export function sumItems(items: readonly Item[]): Item[] {
  const sums = new Map<string, number>();
  for (const { productId, quantity } of items) sums.set(productId, (sums.get(productId) ?? 0) + quantity);
  return [...sums]
    .map(([productId, quantity]) => ({ productId, quantity }))
    .toSorted((a, b) => (a.productId < b.productId ? -1 : 1));
}

/**
 * A digest of what an order means: the order of JSON keys and lines, and how a product's quantity is split, do not matter.
 * A digest, since what was asked holds the payment token.
 * @param placement in canonical form
 * @returns SHA-256, 64 hex digits
 */
export function fingerprintOf({ userId, email, items, payment }: Placement): string {
  const lines = items.map(({ productId, quantity }) => [productId, quantity]);
  const meaning = [userId, email, lines, payment.method, payment.token];
  return createHash('sha256').update(JSON.stringify(meaning)).digest('hex');
}
