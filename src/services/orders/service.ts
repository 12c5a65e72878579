/** The orders' face: creates, confirms and cancels, whole batches at a time. */
import type { DatabasePool, Tx } from '../../persistence/pool.ts';
import { decide, newOrder, type Order, type OrderOutcome, type OrderRequest, tombstone } from './decide.ts';
import { findOrder, insertLines, insertOrders, lockOrders, readClock, writeOrders } from './queries.ts';

export type { Tx };
export type { Order, OrderOutcome, OrderRequest } from './decide.ts';

export interface OrdersService {
  /**
   * Applies requests of any kind, each idempotent by its order, in the caller's transaction.
   * Locks orders by id; at most five statements, however many requests.
   * @returns one outcome per request, in the same order; refusals are values
   */
  apply(tx: Tx, requests: readonly OrderRequest[], nowMs: number): Promise<readonly OrderOutcome[]>;
  /** Applies one request in a transaction of its own. */
  applyOne(request: OrderRequest): Promise<OrderOutcome>;
  findOrder(id: string): Promise<Order | null>;
}

export function createOrders(options: { pool: DatabasePool }): OrdersService {
  const { pool } = options;
  return {
    apply: applyOrders,
    applyOne: (request) =>
      pool.transaction(async (tx) => {
        const [outcome] = await applyOrders(tx, [request], await readClock(tx));
        if (!outcome) throw new Error('a request was left without an outcome');
        return outcome;
      }),
    findOrder: (id) => findOrder(pool, id),
  };
}

async function applyOrders(tx: Tx, requests: readonly OrderRequest[], nowMs: number): Promise<readonly OrderOutcome[]> {
  if (requests.length === 0) return [];
  const expected = expectedRows(requests, nowMs);
  const fresh = expected.size > 0 ? await insertOrders(tx, [...expected.values()]) : new Set<string>();
  const settled = [...new Set(requests.map(({ orderId }) => orderId))].filter((id) => !fresh.has(id));
  // Our own new rows are locked by their insert; to `decide` they are not there yet.
  const existing = settled.length > 0 ? await lockOrders(tx, settled) : [];
  const before = new Map(existing.map((order) => [order.id, order]));

  const { outcomes, orders } = decide(requests, before, nowMs);
  const changed = [...orders.values()].filter((order) => {
    const asWritten = fresh.has(order.id) ? expected.get(order.id) : before.get(order.id);
    return order.status !== asWritten?.status;
  });
  if (changed.length > 0) await writeOrders(tx, changed);
  const lines = [...orders.values()].filter(({ id }) => fresh.has(id)).flatMap(linesOf);
  if (lines.length > 0) await insertLines(tx, lines);
  return outcomes;
}

/**
 * The row that each creation or cancellation leaves if its order is new, inserted before anything is known. The insert
 * is what makes two requests for one new order wait for each other.
 */
function expectedRows(requests: readonly OrderRequest[], nowMs: number): Map<string, Order> {
  const rows = new Map<string, Order>();
  for (const request of requests) {
    if (rows.has(request.orderId) || request.type === 'confirm') continue;
    const { orderId } = request;
    rows.set(
      orderId,
      request.type === 'create' ? newOrder(orderId, request.content, nowMs) : tombstone(orderId, nowMs),
    );
  }
  return rows;
}

function linesOf(order: Order) {
  return (order.content?.items ?? []).map((item, i) => ({ ...item, orderId: order.id, line: i + 1 }));
}
