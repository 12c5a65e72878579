/** The shop's own records in memory: the ledger, orders, stock and notices, written by the shop's own decisions. */
import { actorMachine, type Json, type Companion, type Participant, type Projection } from '../../src/actors/index.ts';
import { inventoryParticipant } from '../../src/effects/inventory.ts';
import { ordersParticipant } from '../../src/effects/orders.ts';
import { machines } from '../../src/machines/index.ts';
import type { OrderContext } from '../../src/machines/order-context.ts';
import { decide as decideReservations } from '../../src/services/inventory/decide.ts';
import { decide as decideOrders } from '../../src/services/orders/decide.ts';
import { toyMachine } from '../support/toys.ts';
import type { LedgerEntry, MemoryTx } from './memory-database.ts';

/** The shop's machines, and two that only talk: the shop's send one message each, which shows no order. */
export const actorMachines = [
  ...machines.map(({ machine, version }) => actorMachine(machine, version)),
  toyMachine('talker'),
  toyMachine('inbox'),
];

/** What is on hand at the beginning; of the second there is not enough for all. */
export const stocks: ReadonlyMap<string, number> = new Map([
  ['00000000-0000-7000-8000-00000000a001', 100],
  ['00000000-0000-7000-8000-00000000a002', 8],
]);

export interface Accepted {
  readonly key: string;
  readonly token: string;
  readonly totalCents: number;
}

export const participants: readonly Participant<MemoryTx>[] = [
  ordersParticipant<MemoryTx>({
    async apply(tx, requests, nowMs) {
      const { outcomes, orders } = decideOrders(requests, tx.tables.orders, nowMs);
      for (const [id, order] of orders) if (tx.tables.orders.get(id) !== order) tx.put(tx.tables.orders, id, order);
      return outcomes;
    },
  }),
  inventoryParticipant<MemoryTx>({
    async apply(tx, requests, nowMs) {
      const { outcomes, reservations, stock } = decideReservations(requests, tx.tables, nowMs);
      for (const [id, held] of reservations)
        if (tx.tables.reservations.get(id) !== held) tx.put(tx.tables.reservations, id, held);
      for (const [id, left] of stock) if (tx.tables.stock.get(id) !== left) tx.put(tx.tables.stock, id, left);
      return outcomes;
    },
  }),
];

/** One order per key: who comes second is told which. */
export const accept: Companion<MemoryTx, Accepted> = {
  name: 'ledger.accept',
  async write(tx, entries) {
    return entries.map(({ actorId, payload }) => {
      const standing = tx.tables.keys.get(payload.key);
      if (standing !== undefined) return { type: 'exists', detail: { orderId: standing } };
      const { key, token, totalCents } = payload;
      const entry: LedgerEntry = { id: actorId, key, token, status: awaiting, revision: 1, totalCents, answer: null };
      tx.put(tx.tables.keys, key, actorId);
      tx.put(tx.tables.ledger, actorId, entry);
      return { type: 'written' };
    });
  },
};

const awaiting = 'AWAITING_AUTHORIZATION';

/** The public status, the token's end, and the answer to the key: first writer wins. */
export const project: Projection<MemoryTx> = async (tx, transitions) => {
  for (const { actorId, revision, to, context } of transitions) {
    const entry = tx.tables.ledger.get(actorId);
    if (!entry) throw new Error(`${actorId} is not in the ledger`);
    const { status } = to.meta;
    if (typeof status !== 'string') throw new Error(`${to.path} has no public status`);
    const hasLeft = status !== awaiting;
    const decided = hasLeft ? answerTo(status, orderOf(context)) : null;
    const token = hasLeft ? null : entry.token;
    tx.put(tx.tables.ledger, actorId, { ...entry, status, revision, token, answer: entry.answer ?? decided });
  }
};

function answerTo(status: string, { payment }: OrderContext): string {
  if (status === 'AUTHORIZATION_FAILED') return '402 declined';
  return payment.authorizationId === null ? '202 awaiting' : '202 authorized';
}

/** An order's context, as its snapshot holds it. */
export function orderOf(context: Json): OrderContext {
  if (typeof context !== 'object' || context === null || !('payment' in context)) throw new Error('no order');
  return context as Json & OrderContext;
}
