/** How an order's end is told: the message from the order to its notice. */
import { enqueueActions } from 'xstate';
import type { OrderContext, OrderEvent } from './order-context.ts';
import type { Tell } from './tell.ts';

export type OrderEnding = 'completed' | 'failed' | 'cancelled' | 'authorization_failed';

/** What an order tells its notice, once, on entering its final state. `reason` is the failure's code. */
export type OrderEnded = {
  readonly type: 'ORDER_ENDED';
  readonly orderId: string;
  readonly outcome: OrderEnding;
  readonly reason: string | null;
};

/** Tells the order's notice how the order ended. Its types are spelled out because `setup` cannot infer them. */
export const tellEnding = enqueueActions<
  OrderContext,
  OrderEvent,
  { outcome: OrderEnding },
  OrderEvent,
  never,
  { type: 'tell'; params: Tell },
  never
>(({ context, enqueue }, { outcome }) => {
  const { orderId, failure } = context;
  const event: OrderEnded = { type: 'ORDER_ENDED', orderId, outcome, reason: failure?.code ?? null };
  enqueue({ type: 'tell', params: { machine: 'order-notice', id: noticeIdOf(orderId), event } });
});

/**
 * The notice actor of an order: its UUID with the version nibble 8, so that the same order always has the same notice
 * and the two never share an id.
 */
export function noticeIdOf(orderId: string): string {
  return `${orderId.slice(0, 14)}8${orderId.slice(15)}`;
}
