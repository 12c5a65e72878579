/** Decides reservation requests one after the other, over rows that the caller has locked. Pure. */

export interface Item {
  readonly productId: string;
  readonly quantity: number;
}

export type ReservationRequest =
  | {
      readonly type: 'reserve';
      readonly orderId: string;
      readonly items: readonly Item[];
      readonly ownedBySaga: boolean;
    }
  | { readonly type: 'release' | 'commit'; readonly orderId: string }
  /** Releases what is held for longer than it may be, unless a saga owns it. */
  | { readonly type: 'lapse'; readonly orderId: string };

/** An item that could not be promised whole. `available` is 0 for a product that does not exist. */
export interface Short {
  readonly productId: string;
  readonly requested: number;
  readonly available: number;
}

export interface Reservation {
  readonly orderId: string;
  readonly status: 'held' | 'refused' | 'released' | 'sold';
  readonly ownedBySaga: boolean;
  /** Null unless held without a saga. */
  readonly expiresAtMs: number | null;
  /** Null unless refused. */
  readonly short: readonly Short[] | null;
  /** One per product, in product order; none for a release that came first. */
  readonly items: readonly Item[];
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export interface Stock {
  readonly productId: string;
  readonly onHand: number;
  readonly reserved: number;
}

export type ReservationOutcome =
  /** `repeated`: it was so before this request. */
  | { readonly type: 'done'; readonly repeated: boolean; readonly reservation: Reservation }
  | { readonly type: 'refused'; readonly code: 'insufficient_stock'; readonly short: readonly Short[] }
  | { readonly type: 'refused'; readonly code: RefusalCode };

export type RefusalCode =
  /** Released before; a released reservation never comes back. */
  | 'reservation_released'
  | 'reservation_sold'
  /** Nothing was ever held for the order. */
  | 'reservation_not_found'
  /** The order has a reservation of other items. */
  | 'reservation_conflict'
  /** Lapse alone: not due, or a saga's. */
  | 'reservation_live';

export interface Sale extends Item {
  readonly orderId: string;
}

export interface Decision {
  readonly outcomes: readonly ReservationOutcome[];
  /** As they are afterwards; an entry that did not change is the same object as before. */
  readonly reservations: ReadonlyMap<string, Reservation>;
  readonly stock: ReadonlyMap<string, Stock>;
  readonly sales: readonly Sale[];
}

/** How long a reservation made without a saga stands. */
export const reservationTtlMs = 15 * 60_000;

/**
 * Each request sees what the ones before it left, so a batch decides as its members would one at a time. A refused
 * request takes nothing, so a later one may still fit: a running sum over all would refuse too much.
 * @param before the reservations of the requests' orders and the stock of every product they may touch, by id
 */
export function decide(
  requests: readonly ReservationRequest[],
  before: { readonly reservations: ReadonlyMap<string, Reservation>; readonly stock: ReadonlyMap<string, Stock> },
  nowMs: number,
): Decision {
  const books: Books = { reservations: new Map(before.reservations), stock: new Map(before.stock), sales: [], nowMs };
  const outcomes = requests.map((request) => step(books, request));
  return { outcomes, reservations: books.reservations, stock: books.stock, sales: books.sales };
}

/** The one form of a list of items: a product named twice is summed, products in key order. */
export function sumItems(items: readonly Item[]): Item[] {
  const sums = new Map<string, number>();
  for (const { productId, quantity } of items) sums.set(productId, (sums.get(productId) ?? 0) + quantity);
  return [...sums]
    .map(([productId, quantity]) => ({ productId, quantity }))
    .toSorted((a, b) => (a.productId < b.productId ? -1 : 1));
}

interface Books {
  readonly reservations: Map<string, Reservation>;
  readonly stock: Map<string, Stock>;
  readonly sales: Sale[];
  readonly nowMs: number;
}

function step(books: Books, request: ReservationRequest): ReservationOutcome {
  const current = books.reservations.get(request.orderId);
  switch (request.type) {
    case 'reserve':
      return current ? reserveAgain(books, current, request) : reserve(books, request);
    case 'release':
      return release(books, current, request.orderId);
    case 'commit':
      return commit(books, current);
    case 'lapse':
      if (!current) return { type: 'refused', code: 'reservation_not_found' };
      if (current.expiresAtMs === null || current.expiresAtMs > books.nowMs) {
        return { type: 'refused', code: 'reservation_live' };
      }
      return release(books, current, request.orderId);
    default:
      return assertNever(request);
  }
}

type Reserve = Extract<ReservationRequest, { type: 'reserve' }>;

function reserve(books: Books, { orderId, items: asked, ownedBySaga }: Reserve): ReservationOutcome {
  const items = sumItems(asked);
  const short = items.flatMap(({ productId, quantity }) => {
    const stock = books.stock.get(productId);
    const available = stock ? stock.onHand - stock.reserved : 0;
    return available < quantity ? [{ productId, requested: quantity, available }] : [];
  });
  const held = short.length === 0;
  const reservation: Reservation = {
    orderId,
    status: held ? 'held' : 'refused',
    ownedBySaga,
    expiresAtMs: held && !ownedBySaga ? books.nowMs + reservationTtlMs : null,
    short: held ? null : short,
    items,
    createdAtMs: books.nowMs,
    updatedAtMs: books.nowMs,
  };
  books.reservations.set(orderId, reservation);
  if (!held) return { type: 'refused', code: 'insufficient_stock', short };
  for (const { productId, quantity } of items) move(books, productId, { onHand: 0, reserved: quantity });
  return { type: 'done', repeated: false, reservation };
}

function reserveAgain(books: Books, current: Reservation, { items, ownedBySaga }: Reserve): ReservationOutcome {
  if (current.status === 'released') return { type: 'refused', code: 'reservation_released' };
  if (!sameItems(current.items, sumItems(items))) return { type: 'refused', code: 'reservation_conflict' };
  if (current.short) return { type: 'refused', code: 'insufficient_stock', short: current.short };
  // A saga takes over what was held without one: nothing may end it behind the saga's back.
  const takenOver = current.status === 'held' && ownedBySaga && !current.ownedBySaga;
  const reservation = takenOver ? change(books, current, { ownedBySaga: true, expiresAtMs: null }) : current;
  return { type: 'done', repeated: true, reservation };
}

function release(books: Books, current: Reservation | undefined, orderId: string): ReservationOutcome {
  if (!current) {
    const tombstone: Reservation = {
      orderId,
      status: 'released',
      ownedBySaga: false,
      expiresAtMs: null,
      short: null,
      items: [],
      createdAtMs: books.nowMs,
      updatedAtMs: books.nowMs,
    };
    books.reservations.set(orderId, tombstone);
    return { type: 'done', repeated: false, reservation: tombstone };
  }
  if (current.status === 'sold') return { type: 'refused', code: 'reservation_sold' };
  if (current.status === 'released') return { type: 'done', repeated: true, reservation: current };
  if (current.status === 'held') {
    for (const { productId, quantity } of current.items) move(books, productId, { onHand: 0, reserved: -quantity });
  }
  const released = change(books, current, { status: 'released', expiresAtMs: null, short: null });
  return { type: 'done', repeated: false, reservation: released };
}

function commit(books: Books, current: Reservation | undefined): ReservationOutcome {
  if (!current || current.status === 'refused') return { type: 'refused', code: 'reservation_not_found' };
  if (current.status === 'released') return { type: 'refused', code: 'reservation_released' };
  if (current.status === 'sold') return { type: 'done', repeated: true, reservation: current };
  for (const { productId, quantity } of current.items) {
    move(books, productId, { onHand: -quantity, reserved: -quantity });
    books.sales.push({ orderId: current.orderId, productId, quantity });
  }
  return { type: 'done', repeated: false, reservation: change(books, current, { status: 'sold', expiresAtMs: null }) };
}

function change(books: Books, current: Reservation, changes: Partial<Reservation>): Reservation {
  const changed = { ...current, ...changes, updatedAtMs: books.nowMs };
  books.reservations.set(current.orderId, changed);
  return changed;
}

function move(books: Books, productId: string, by: { readonly onHand: number; readonly reserved: number }): void {
  const stock = books.stock.get(productId);
  if (!stock) throw new Error(`stock of ${productId} is not at hand: the caller did not lock it`);
  books.stock.set(productId, { productId, onHand: stock.onHand + by.onHand, reserved: stock.reserved + by.reserved });
}

function sameItems(a: readonly Item[], b: readonly Item[]): boolean {
  return (
    a.length === b.length && a.every((item, i) => item.productId === b[i]?.productId && item.quantity === b[i].quantity)
  );
}

function assertNever(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
