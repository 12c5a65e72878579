/** Orders and inventory as services elsewhere: the shop's own decisions and bodies, one transaction per request. */
import type { TransportAnswer, TransportRequest } from '../../src/effects/transport.ts';
import { decide as decideReservations, type ReservationRequest } from '../../src/services/inventory/decide.ts';
import { reservationView } from '../../src/services/inventory/schemas.ts';
import { decide as decideOrders, type OrderRequest } from '../../src/services/orders/decide.ts';
import { contentOf, orderView } from '../../src/services/orders/schemas.ts';
import type { Tables } from './memory-database.ts';

export interface Services {
  /** What they do with a request that arrives. */
  readonly orders: (request: TransportRequest) => TransportAnswer;
  readonly inventory: (request: TransportRequest) => TransportAnswer;
}

export function createServices(tables: Tables, nowMs: () => number): Services {
  return {
    orders: (request) => applyOrder(tables, orderRequest(request), nowMs()),
    inventory: (request) => applyReservation(tables, reservationRequest(request), nowMs()),
  };
}

function orderRequest({ method, path, body }: TransportRequest): OrderRequest {
  const [, , , id = '', type] = path.split('/');
  if (method === 'POST') {
    const content = body as Parameters<typeof contentOf>[0];
    return { type: 'create', orderId: content.order_ledger_id, content: contentOf(content) };
  }
  if (type !== 'confirm' && type !== 'cancel') throw new Error(`orders do not know ${method} ${path}`);
  return { type, orderId: id };
}

function applyOrder(tables: Tables, request: OrderRequest, nowMs: number): TransportAnswer {
  const { outcomes, orders } = decideOrders([request], tables.orders, nowMs);
  for (const [id, order] of orders) tables.orders.set(id, order);
  const [outcome] = outcomes;
  if (outcome?.type === 'refused') return problem(outcome.code, outcome.code === 'order_not_found');
  if (!outcome) throw new Error('no outcome');
  return { status: created(request.type === 'create', outcome.repeated), body: orderView(outcome.order) };
}

interface ReserveBody {
  readonly order_id: string;
  readonly items: readonly { readonly product_id: string; readonly quantity: number }[];
  readonly owned_by_saga?: boolean;
}

function reservationRequest({ method, path, body }: TransportRequest): ReservationRequest {
  const [, , id = '', end] = path.split('/');
  if (method === 'DELETE') return { type: 'release', orderId: id };
  if (end === 'commit') return { type: 'commit', orderId: id };
  const { order_id, items, owned_by_saga = false } = body as ReserveBody;
  return {
    type: 'reserve',
    orderId: order_id,
    items: items.map(({ product_id, quantity }) => ({ productId: product_id, quantity })),
    ownedBySaga: owned_by_saga,
  };
}

function applyReservation(tables: Tables, request: ReservationRequest, nowMs: number): TransportAnswer {
  const { outcomes, reservations, stock } = decideReservations([request], tables, nowMs);
  for (const [id, held] of reservations) tables.reservations.set(id, held);
  for (const [id, left] of stock) tables.stock.set(id, left);
  const [outcome] = outcomes;
  if (outcome?.type === 'done')
    return {
      status: created(request.type === 'reserve', outcome.repeated),
      body: reservationView(outcome.reservation),
    };
  if (!outcome) throw new Error('no outcome');
  if (outcome.code !== 'insufficient_stock') return problem(outcome.code, outcome.code === 'reservation_not_found');
  const items = outcome.short.map(({ productId, ...rest }) => ({ product_id: productId, ...rest }));
  return { status: 409, body: { error: outcome.code, items } };
}

const created = (creates: boolean, repeated: boolean): number => (creates && !repeated ? 201 : 200);

const problem = (error: string, isMissing: boolean): TransportAnswer => ({
  status: isMissing ? 404 : 409,
  body: { error },
});
