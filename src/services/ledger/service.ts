/** The order ledger's service: places orders, shows them, cancels them, and follows them. */
import type { ActorEvent, ActorSystem } from '../../actors/index.ts';
import { isFinal, type Order, type OrderStatus } from './entry.ts';
import { followOrder, orderHistory, type OrderTransition } from './order-events.ts';
import { listOrders, type OrderFilter } from './list-orders.ts';
import { type Placed, type PlacementRequest, placeOrder, type PlacingPorts, placingReads } from './place-order.ts';
import { findOrder } from './queries.ts';

export type { OrderTransition } from './order-events.ts';
export type { Placed, PlacementRequest } from './place-order.ts';
export type { OrderFilter } from './list-orders.ts';

/** An order with what its saga says about it right now. */
export interface OrderView extends Order {
  /** Event types that the saga would accept now. */
  readonly accepts: readonly string[];
  /** Nothing happens to it any more. */
  readonly ended: boolean;
  /** Differs whenever anything else here does. */
  readonly version: string;
}

export interface OrderHistory {
  readonly transitions: readonly OrderTransition[];
  /** Since when there are none any more, the order having ended long ago; null while they are there. */
  readonly droppedAtMs: number | null;
}

export type Cancelling =
  /** Also for a repeat, as long as the cancellation has not ended. */
  | { readonly type: 'accepted'; readonly status: OrderStatus }
  | { readonly type: 'not_cancellable'; readonly status: OrderStatus }
  | { readonly type: 'not_found' };

export interface Ledger {
  place(request: PlacementRequest): Promise<Placed>;
  find(id: string): Promise<OrderView | null>;
  /** As `find`, once the order has ended, or after `timeoutMs`, or soon after `signal` aborts. */
  findEnded(id: string, wait: { readonly timeoutMs: number; readonly signal: AbortSignal }): Promise<OrderView | null>;
  /** Newest first. */
  list(filter: OrderFilter): Promise<readonly Order[]>;
  cancel(id: string): Promise<Cancelling>;
  /** Null if there is no such order. */
  history(id: string, page: { readonly afterRevision: number; readonly limit: number }): Promise<OrderHistory | null>;
  /** Of an order that exists; ends after the final transition, or soon after `signal` aborts. */
  follow(
    id: string,
    from: { readonly afterRevision: number; readonly signal: AbortSignal },
  ): AsyncIterable<OrderTransition>;
}

export interface LedgerOptions extends PlacingPorts {
  readonly system: Pick<ActorSystem, 'start' | 'send' | 'read' | 'history' | 'waitFor' | 'machines'>;
}

export function createLedger(options: LedgerOptions): Ledger {
  const { pool, system } = options;
  const placing = { ...options, reads: placingReads(pool) };
  return {
    place: (request) => placeOrder(placing, request),
    find: (id) => view(options, id),
    async findEnded(id, wait) {
      const ended = async () => {
        const order = await findOrder(pool, id);
        return !order || isFinal(order.status) || null;
      };
      await system.waitFor(id, ended, wait);
      return view(options, id);
    },
    list: (filter) => listOrders(pool, filter),
    cancel: (id) => cancel(options, id),
    history: (id, page) => history(options, id, page),
    follow: (id, from) => followOrder(options, id, from),
  };
}

/** The ledger and the actor are read one after the other: how often to look again if the order has moved in between. */
const maxLooks = 3;

async function view({ pool, system }: LedgerOptions, id: string): Promise<OrderView | null> {
  for (let looks = 1; ; looks += 1) {
    const actor = await system.read(id);
    const order = await findOrder(pool, id);
    if (!order) return null;
    if (actor && actor.revision !== order.revision && looks < maxLooks) continue;
    // Parked by the runtime, not by its machine: no transition has said so to the ledger.
    const parked = actor?.parked?.by === 'runtime';
    const versions = [order.revision, ...(actor && actor.revision !== order.revision ? [actor.revision] : [])];
    return {
      ...order,
      status: parked ? 'NEEDS_ATTENTION' : order.status,
      accepts: actor?.accepts ?? [],
      ended: isFinal(order.status),
      version: [...versions, ...(parked ? ['parked'] : [])].join('-'),
    };
  }
}

async function history(
  options: LedgerOptions,
  id: string,
  page: { readonly afterRevision: number; readonly limit: number },
): Promise<OrderHistory | null> {
  const transitions = await orderHistory(options, id, page);
  // Afterwards: what was dropped while the transitions were read is said to be.
  const order = await findOrder(options.pool, id);
  return order && { transitions, droppedAtMs: order.historyDroppedAtMs };
}

export const cancelEvent: ActorEvent = { type: 'CANCEL' };

async function cancel({ pool, system }: LedgerOptions, id: string): Promise<Cancelling> {
  if (!(await findOrder(pool, id))) return { type: 'not_found' };
  const sent = await system.send(id, cancelEvent);
  const order = await findOrder(pool, id);
  if (!order) throw new Error('orders are never deleted, yet one is gone');
  return cancellingOf(order, sent.type === 'applied');
}

/** What a cancellation comes to. @param applied whether the saga took the event */
export function cancellingOf(order: Pick<Order, 'status' | 'failure'>, applied: boolean): Cancelling {
  const { status } = order;
  if (applied) return { type: 'accepted', status };
  const underWay = order.failure?.code === 'cancelled_by_customer' && !isFinal(status);
  return { type: underWay ? 'accepted' : 'not_cancellable', status };
}
