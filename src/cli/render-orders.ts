/** How orders look on a terminal. Pure. */
import type { Order } from '../services/ledger/entry.ts';
import type { OrderTransition, OrderView } from '../services/ledger/service.ts';
import { money, textTable } from './table.ts';

export function renderOrders(orders: readonly Order[]): string {
  if (orders.length === 0) return 'no orders';
  const rows = orders.map((order) => [
    order.id,
    order.status,
    order.failure?.code ?? '',
    money(order.totalCents, order.currency),
    instant(order.createdAtMs),
    instant(order.updatedAtMs),
  ]);
  return textTable(['order', 'status', 'reason', 'total', 'placed', 'last moved'], rows);
}

export function renderOrder(order: OrderView): string {
  const { payment, failure, currency } = order;
  const facts: [string, string][] = [
    ['order', order.id],
    ['status', order.status],
    ['reason', failure?.code ?? ''],
    ['revision', String(order.revision)],
    ['user', order.userId],
    ['total', money(order.totalCents, currency)],
    ['authorization', payment.authorizationId ?? ''],
    ['declined', payment.declineCode ?? ''],
    ['authorized', money(payment.authorizedCents, currency)],
    ['captured', money(payment.capturedCents, currency)],
    ['voided', money(payment.voidedCents, currency)],
    ['refunded', money(payment.refundedCents, currency)],
    ['expired', money(payment.expiredCents, currency)],
    ['settled by hand', settlement(order)],
    ['orders service', order.orderState],
    ['reservation', order.reservationState],
    ['placed', instant(order.createdAtMs)],
    ['last moved', instant(order.updatedAtMs)],
    ['accepts', order.accepts.join(', ')],
  ];
  const items = order.items.map((item) => [item.productId, item.quantity, money(item.unitPriceCents, currency)]);
  const told = facts.filter(([, value]) => value !== '');
  return [textTable([], told), textTable(['product', 'quantity', 'unit price'], items)].join('\n');
}

export function renderHistory(transitions: readonly OrderTransition[]): string {
  const rows = transitions.map((transition) => [
    transition.revision,
    instant(transition.atMs),
    transition.outcome === null ? transition.event : `${transition.event} (${transition.outcome})`,
    // Where it came from is where the line above ended.
    transition.to,
    transition.status ?? '',
    transition.effects.join(', '),
  ]);
  return textTable(['#', 'at', 'event', 'to', 'status', 'asked for'], rows);
}

function settlement({ payment, currency }: Order): string {
  if (payment.settlement === null) return '';
  const { by, why, voidedCents, refundedCents } = payment.settlement;
  return `voided ${money(voidedCents, currency)}, refunded ${money(refundedCents, currency)} (${by}: ${why})`;
}

function instant(atMs: number): string {
  return new Date(atMs).toISOString();
}
