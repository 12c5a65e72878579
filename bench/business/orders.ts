/** The orders that engines are given. */
import { randomUUID } from 'node:crypto';
import { products } from './schema.ts';

export interface Order {
  readonly orderId: string;
  readonly productId: number;
  readonly quantity: number;
  readonly amountCents: number;
  /** Its payment is declined: what was done before is undone. */
  readonly decline: boolean;
}

const quantity = 2;
const priceCents = 1_000;

/** Under random ids, as real ones are: what goes into an index is spread over the whole of it. */
export function makeOrders(n: number, { decline = false }: { readonly decline?: boolean } = {}): Order[] {
  return Array.from({ length: n }, (_, i) => ({
    orderId: randomUUID(),
    productId: i % products,
    quantity,
    amountCents: quantity * priceCents,
    decline,
  }));
}
