/** The inventory's face: what effects, routes and the edge may ask of it. */
import { groupedReads } from '../../persistence/grouped.ts';
import type { DatabasePool, Tx } from '../../persistence/pool.ts';
import type { Reservation, ReservationOutcome, ReservationRequest } from './decide.ts';
import { findProducts, listProducts } from './product-queries.ts';
import {
  type AdjustmentOutcome,
  type AdjustmentRequest,
  adjustStock,
  createProduct,
  type CreateProductOutcome,
  type NewProduct,
  type Product,
  type ProductCatalog,
} from './products.ts';
import { findExpired, findReservation, readClock } from './queries.ts';
import { applyReservations } from './reservations.ts';

export type { Tx };
export type { Reservation, ReservationOutcome, ReservationRequest, Short } from './decide.ts';
export type { ProductCatalog } from './products.ts';

export interface InventoryService extends ProductCatalog {
  /**
   * Applies reservation requests of any kind, each idempotent by its order, in the caller's transaction.
   * Locks reservations by order id, then stock by product id; a constant number of statements.
   * @returns one outcome per request, in the same order; refusals are values
   */
  apply(tx: Tx, requests: readonly ReservationRequest[], nowMs: number): Promise<readonly ReservationOutcome[]>;
  /** Applies one request in a transaction of its own. */
  applyOne(request: ReservationRequest): Promise<ReservationOutcome>;
  findReservation(orderId: string): Promise<Reservation | null>;
  createProduct(product: Omit<NewProduct, 'id'>): Promise<CreateProductOutcome>;
  /** Unknown ids are left out. */
  findProducts(ids: readonly string[]): Promise<readonly Product[]>;
  /** One page, newest first, from below `beforeId` on. */
  listProducts(page: { readonly beforeId: string | null; readonly limit: number }): Promise<readonly Product[]>;
  /** Once per idempotency key; a repeat gets the first answer. */
  adjustStock(request: Omit<AdjustmentRequest, 'id'>): Promise<AdjustmentOutcome>;
  /**
   * Releases reservations whose time is up, in a transaction of its own; never a saga's.
   * @returns how many of at most `limit` were found
   */
  sweepExpired(limit: number): Promise<number>;
}

/** @param options `newId` gives ids that grow with time (UUID v7); products are paged by them */
export function createInventory(options: { pool: DatabasePool; newId: () => string }): InventoryService {
  const { pool, newId } = options;
  const quoted = groupedReads(
    async (ids) => new Map((await findProducts(pool, ids)).map((found) => [found.id, found])),
  );
  return {
    apply: applyReservations,
    applyOne: (request) =>
      pool.transaction(async (tx) => {
        const [outcome] = await applyReservations(tx, [request], await readClock(tx));
        if (!outcome) throw new Error('a request was left without an outcome');
        return outcome;
      }),
    findReservation: (orderId) => findReservation(pool, orderId),
    createProduct: (product) =>
      pool.transaction(async (tx) => createProduct(tx, { ...product, id: newId() }, await readClock(tx))),
    findProducts: (ids) => findProducts(pool, ids),
    quote: async (ids) => (await Promise.all(ids.map(quoted))).filter((found) => found !== null),
    listProducts: (page) => listProducts(pool, page),
    adjustStock: (request) =>
      pool.transaction(async (tx) => adjustStock(tx, { ...request, id: newId() }, await readClock(tx))),
    sweepExpired: (limit) => pool.transaction((tx) => sweepExpired(tx, limit)),
  };
}

async function sweepExpired(tx: Tx, limit: number): Promise<number> {
  const nowMs = await readClock(tx);
  const orderIds = await findExpired(tx, nowMs, limit);
  // `lapse` looks again under the lock: a saga may have taken one over, or it was sold.
  await applyReservations(
    tx,
    orderIds.map((orderId) => ({ type: 'lapse', orderId })),
    nowMs,
  );
  return orderIds.length;
}
