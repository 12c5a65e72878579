/** What transitions of the shop's machines mean to an operator. */
import type { Attributes } from '@opentelemetry/api';

/** Which counters the transitions of a machine move, by the state entered; `started` by the first transition. */
export type Milestones = {
  readonly [machine: string]: {
    /** What each of its counters says. */
    readonly counters: { readonly [counter: string]: string };
    readonly started?: string;
    readonly states: { readonly [path: string]: { readonly counter: string; readonly labels?: Attributes } };
    /** Final states at which all is well; an actor that comes to another one keeps its trace. */
    readonly goodEnds: readonly string[];
  };
};

/** Orders that were accepted, and how they ended. */
export const orderMilestones: Milestones = {
  order: {
    counters: {
      orders_created_total: 'Orders whose authorization was begun',
      orders_completed_total: 'Orders that were fulfilled and paid',
      orders_failed_total: 'Orders that failed, by stage: declined, or undone later',
      orders_cancelled_total: 'Orders that a customer cancelled, and that were undone',
    },
    started: 'orders_created_total',
    states: {
      completed: { counter: 'orders_completed_total' },
      failed: { counter: 'orders_failed_total', labels: { stage: 'fulfilment' } },
      authorizationFailed: { counter: 'orders_failed_total', labels: { stage: 'authorization' } },
      cancelled: { counter: 'orders_cancelled_total' },
    },
    goodEnds: ['completed'],
  },
  'order-notice': { counters: {}, states: {}, goodEnds: ['sent'] },
};

/** Whether nothing is remarkable about an actor that ended there. */
export function isGoodEnd(milestones: Milestones, machine: string, path: string): boolean {
  return milestones[machine]?.goodEnds.includes(path) ?? true;
}
