/** What effects and the command line may ask of the ledger without a running system. */
import { groupedReads } from '../../persistence/grouped.ts';
import type { DatabasePool } from '../../persistence/pool.ts';
import type { Order } from './entry.ts';
import { listOrders, type OrderFilter } from './list-orders.ts';
import { findOrder, findPrivate } from './queries.ts';

export interface LedgerFace {
  /** For the authorization alone; null once that is settled, and for an order that does not exist. */
  paymentTokenOf(orderId: string): Promise<string | null>;
  /** For notices alone; null for an order that does not exist. */
  emailOf(orderId: string): Promise<string | null>;
  findById(orderId: string): Promise<Order | null>;
  /** Newest first. */
  list(filter: OrderFilter): Promise<readonly Order[]>;
}

export function ledgerFace(pool: DatabasePool): LedgerFace {
  const read = groupedReads((orderIds) => findPrivate(pool, orderIds));
  return {
    paymentTokenOf: async (orderId) => (await read(orderId))?.paymentToken ?? null,
    emailOf: async (orderId) => (await read(orderId))?.email ?? null,
    findById: (orderId) => findOrder(pool, orderId),
    list: (filter) => listOrders(pool, filter),
  };
}
