/** Makes a delivery a second time, and late, by the runtime's own rules: it must not count. Pure. */
import { type ActorRow, checkFence } from '../actors/index.ts';
import type { Delivery } from './exploration.ts';

/**
 * @param before the actor as the delivery found it
 * @param after the actor as it left it, at `nowMs`
 * @param armed ids of the effects that it armed
 * @returns what would have counted again; nothing if all is well
 */
export function lateDeliveries(
  before: ActorRow,
  delivery: Delivery,
  after: ActorRow,
  { armed, nowMs }: { readonly armed: readonly string[]; readonly nowMs: number },
): readonly string[] {
  return [
    ...secondTime(delivery, after, nowMs),
    // An id names one request for ever: under a name used twice, the first one's late outcome would count.
    ...before.effects
      .filter(({ id }) => armed.includes(id))
      .map(({ id }) => `the id ${id} is given to a second effect`),
  ];
}

function secondTime(delivery: Delivery, after: ActorRow, nowMs: number): string[] {
  switch (delivery.type) {
    case 'outcome': {
      const { id, token } = delivery.effect;
      return checkFence(after, id, token).type === 'current' ? [`${id} is still pending after its outcome`] : [];
    }
    case 'timer': {
      const { id } = delivery.timer;
      const isDue = after.timers.some((timer) => timer.id === id && timer.dueAtMs <= nowMs);
      return isDue ? [`the timer ${id} is due again at once`] : [];
    }
    case 'start':
    case 'event':
      return [];
  }
}
