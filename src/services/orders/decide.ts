/** Decides what becomes of orders, one request after the other, over rows that the caller has locked. Pure. */

export interface OrderLine {
  readonly productId: string;
  readonly quantity: number;
  readonly unitPriceCents: number;
}

/** What was ordered. */
export interface OrderContent {
  readonly userId: string;
  readonly currency: string;
  readonly totalCents: number;
  /** As ordered; a product may be named twice. */
  readonly items: readonly OrderLine[];
}

export type OrderRequest =
  | { readonly type: 'create'; readonly orderId: string; readonly content: OrderContent }
  | { readonly type: 'confirm' | 'cancel'; readonly orderId: string };

export interface Order {
  readonly id: string;
  readonly status: 'created' | 'confirmed' | 'cancelled';
  /** Null for the tombstone of an order that was cancelled before it was created. */
  readonly content: OrderContent | null;
  readonly createdAtMs: number;
  readonly confirmedAtMs: number | null;
  readonly cancelledAtMs: number | null;
}

export type OrderOutcome =
  /** `repeated`: it was so before this request. */
  | { readonly type: 'done'; readonly repeated: boolean; readonly order: Order }
  | { readonly type: 'refused'; readonly code: OrderRefusal };

export type OrderRefusal =
  /** Cancelled before; a cancelled order never comes back. */
  | 'order_cancelled'
  | 'order_confirmed'
  | 'order_not_found'
  /** The order exists with other content. */
  | 'order_conflict';

/**
 * Each request sees what the ones before it left, so a batch decides as its members would one at a time.
 * @param before the orders of the requests that exist, by id
 * @returns one outcome per request; and the orders as they are afterwards, an unchanged one being the same object
 */
export function decide(
  requests: readonly OrderRequest[],
  before: ReadonlyMap<string, Order>,
  nowMs: number,
): { readonly outcomes: readonly OrderOutcome[]; readonly orders: ReadonlyMap<string, Order> } {
  const orders = new Map(before);
  const outcomes = requests.map((request) => {
    const outcome = step(request, orders.get(request.orderId), nowMs);
    if (outcome.type === 'done') orders.set(request.orderId, outcome.order);
    return outcome;
  });
  return { outcomes, orders };
}

function step(request: OrderRequest, current: Order | undefined, nowMs: number): OrderOutcome {
  switch (request.type) {
    case 'create':
      return current ? createAgain(current, request.content) : done(newOrder(request.orderId, request.content, nowMs));
    case 'confirm':
      if (!current) return refused('order_not_found');
      if (current.status === 'cancelled') return refused('order_cancelled');
      if (current.status === 'confirmed') return repeated(current);
      return done({ ...current, status: 'confirmed', confirmedAtMs: nowMs });
    case 'cancel':
      if (!current) return done(tombstone(request.orderId, nowMs));
      if (current.status === 'confirmed') return refused('order_confirmed');
      if (current.status === 'cancelled') return repeated(current);
      return done({ ...current, status: 'cancelled', cancelledAtMs: nowMs });
    default:
      return assertNever(request);
  }
}

/** An order that has just been asked for. */
export function newOrder(id: string, content: OrderContent, nowMs: number): Order {
  return { id, status: 'created', content, createdAtMs: nowMs, confirmedAtMs: null, cancelledAtMs: null };
}

/** A cancellation that came before its order: it refuses the late creation. */
export function tombstone(id: string, nowMs: number): Order {
  return { id, status: 'cancelled', content: null, createdAtMs: nowMs, confirmedAtMs: null, cancelledAtMs: nowMs };
}

function createAgain(current: Order, content: OrderContent): OrderOutcome {
  if (current.status === 'cancelled') return refused('order_cancelled');
  return current.content && sameContent(current.content, content) ? repeated(current) : refused('order_conflict');
}

function sameContent(a: OrderContent, b: OrderContent): boolean {
  return (
    a.userId === b.userId &&
    a.currency === b.currency &&
    a.totalCents === b.totalCents &&
    a.items.length === b.items.length &&
    a.items.every((line, i) => sameLine(line, b.items[i]))
  );
}

function sameLine(a: OrderLine, b: OrderLine | undefined): boolean {
  return a.productId === b?.productId && a.quantity === b.quantity && a.unitPriceCents === b.unitPriceCents;
}

function done(order: Order): OrderOutcome {
  return { type: 'done', repeated: false, order };
}

function repeated(order: Order): OrderOutcome {
  return { type: 'done', repeated: true, order };
}

function refused(code: OrderRefusal): OrderOutcome {
  return { type: 'refused', code };
}

function assertNever(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
