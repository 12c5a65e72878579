/** Applies a batch of reservation requests in one transaction: locks once, decides in request order, writes at once. */
import type { Tx } from '../../persistence/pool.ts';
import {
  decide,
  type Decision,
  type Reservation,
  type ReservationOutcome,
  type ReservationRequest,
  reservationTtlMs,
  type Stock,
} from './decide.ts';
import {
  insertItems,
  insertReservations,
  insertSales,
  lockReservations,
  lockStock,
  writeReservations,
  writeStock,
} from './queries.ts';

/**
 * Reserves, releases, commits and lapses; the kinds may be mixed. Repeating a request gives the same answer and changes
 * nothing. At most eight statements, however many requests.
 * @param requests ids in lower case
 * @returns one outcome per request, in the same order; refusals are values
 */
export async function applyReservations(
  tx: Tx,
  requests: readonly ReservationRequest[],
  nowMs: number,
): Promise<readonly ReservationOutcome[]> {
  if (requests.length === 0) return [];
  const expected = expectedRows(requests, nowMs);
  const fresh = expected.size > 0 ? await insertReservations(tx, [...expected.values()]) : new Set<string>();
  const orderIds = [...new Set(requests.map(({ orderId }) => orderId))];
  const settled = orderIds.filter((id) => !fresh.has(id));
  // Our own new rows are locked by their insert; to `decide` they are not there yet.
  const existing = settled.length > 0 ? await lockReservations(tx, settled) : [];
  const productIds = touchedProducts(requests, fresh, existing);
  const stock = productIds.length > 0 ? await lockStock(tx, productIds) : [];

  const before: Before = {
    reservations: new Map(existing.map((reservation) => [reservation.orderId, reservation])),
    stock: new Map(stock.map((one) => [one.productId, one])),
  };
  const decision = decide(requests, before, nowMs);
  await write(tx, { before, expected, fresh, decision, nowMs });
  return decision.outcomes;
}

interface Before {
  readonly reservations: ReadonlyMap<string, Reservation>;
  readonly stock: ReadonlyMap<string, Stock>;
}

/**
 * The row that each reserve or release will most likely leave, inserted before anything is known. The insert is what
 * makes two requests for one new order wait for each other; guessing right saves the second write.
 */
function expectedRows(requests: readonly ReservationRequest[], nowMs: number): Map<string, Reservation> {
  const rows = new Map<string, Reservation>();
  for (const request of requests) {
    if (rows.has(request.orderId) || request.type === 'commit' || request.type === 'lapse') continue;
    const held = request.type === 'reserve';
    const ownedBySaga = request.type === 'reserve' && request.ownedBySaga;
    rows.set(request.orderId, {
      orderId: request.orderId,
      status: held ? 'held' : 'released',
      ownedBySaga,
      expiresAtMs: held && !ownedBySaga ? nowMs + reservationTtlMs : null,
      short: null,
      items: [],
      createdAtMs: nowMs,
      updatedAtMs: nowMs,
    });
  }
  return rows;
}

/** Products of new reservations, and of held ones that may end now. A repeated reserve looks at no stock. */
function touchedProducts(
  requests: readonly ReservationRequest[],
  fresh: ReadonlySet<string>,
  existing: readonly Reservation[],
): string[] {
  const ending = new Set(requests.flatMap(({ type, orderId }) => (type === 'reserve' ? [] : [orderId])));
  const ids = new Set<string>();
  for (const request of requests) {
    if (request.type !== 'reserve' || !fresh.has(request.orderId)) continue;
    for (const { productId } of request.items) ids.add(productId);
  }
  for (const { orderId, status, items } of existing) {
    if (status === 'held' && ending.has(orderId)) for (const { productId } of items) ids.add(productId);
  }
  return [...ids];
}

async function write(
  tx: Tx,
  batch: {
    readonly before: Before;
    readonly expected: ReadonlyMap<string, Reservation>;
    readonly fresh: ReadonlySet<string>;
    readonly decision: Decision;
    readonly nowMs: number;
  },
): Promise<void> {
  const { before, expected, fresh, decision, nowMs } = batch;
  const stock = [...decision.stock.values()].filter((one) => one !== before.stock.get(one.productId));
  if (stock.length > 0) await writeStock(tx, stock);

  const reservations = [...decision.reservations.values()].filter((reservation) => {
    const guess = fresh.has(reservation.orderId) ? expected.get(reservation.orderId) : undefined;
    return guess ? !sameRow(reservation, guess) : reservation !== before.reservations.get(reservation.orderId);
  });
  if (reservations.length > 0) await writeReservations(tx, reservations);

  const items = [...decision.reservations.values()]
    .filter(({ orderId }) => fresh.has(orderId))
    .flatMap((reservation) => reservation.items.map((item) => ({ ...item, orderId: reservation.orderId })));
  if (items.length > 0) await insertItems(tx, items);

  if (decision.sales.length > 0) await insertSales(tx, decision.sales, nowMs);
}

function sameRow(a: Reservation, b: Reservation): boolean {
  return (
    a.status === b.status &&
    a.ownedBySaga === b.ownedBySaga &&
    a.expiresAtMs === b.expiresAtMs &&
    a.short === null &&
    b.short === null
  );
}
