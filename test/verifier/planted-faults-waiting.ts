/** Faults in how the order saga waits: deadlines, retries, timers, parked states. */
import type { Fault } from './fault.ts';
import { at, branch, branchesOf, effectAt, newState, remove, to, without } from './plant.ts';

export const waitingFaults: readonly Fault[] = [
  {
    title: 'an effect without a timeout',
    plant: (chart) => {
      remove(at(chart, 'fulfilling.capturingPayment.calling').meta, 'timeoutMs');
    },
    found: 'effects-have-deadlines',
    where: 'reserve → done ⇒ fulfilling.capturingPayment.calling',
    also: [],
  },
  {
    title: 'a state declares another effect than the one it asks for',
    plant: (chart) => {
      at(chart, 'committingStock.calling').meta['effect'] = 'inventory.release';
    },
    found: 'effects-have-deadlines',
    where: 'confirm → done ⇒ committingStock.calling',
    also: [],
  },
  {
    title: 'a backoff without a timer',
    plant: (chart) => {
      remove(at(chart, 'confirmingOrder.backingOff').after, 'backoff');
    },
    found: 'waiting-ends',
    where: 'confirm → failed ⇒ confirmingOrder.backingOff',
    also: ['events-handled', 'can-end', 'every-state-reachable', 'every-transition-reachable'],
  },
  {
    title: 'a declined capture waits for nobody',
    plant: (chart) => {
      at(chart, 'compensating').states['waiting'] = newState();
      branch(effectAt(chart, 'fulfilling.capturingPayment.calling').onDone, null).target =
        '#order.compensating.waiting';
    },
    found: 'waiting-ends',
    where: 'capture → refused (capture_declined) ⇒ compensating.waiting',
    also: ['can-end'],
  },
  {
    title: 'two states pass an undo to each other by timers, for ever',
    plant: (chart) => {
      at(chart, 'compensating.cancellingOrder').states['pausing'] = newState({
        after: { backoff: [to('backingOff')] },
      });
      const { after } = at(chart, 'compensating.cancellingOrder.backingOff');
      branch(branchesOf(after, 'backoff'), null).target = 'pausing';
    },
    found: 'can-end',
    where: 'cancelOrder → failed ⇒ compensating.cancellingOrder.backingOff',
    also: ['every-transition-reachable'],
  },
  {
    title: 'a circle of transitions without an event',
    plant: (chart) => {
      const { always } = at(chart, 'compensating.cancellingOrder.deciding');
      branch(always, null).target = '#order.compensating.releasingStock';
    },
    found: 'nothing-throws',
    where: 'undoPayment → done (voided) ⇒ ✗',
    also: ['can-end', 'every-transition-reachable'],
  },
  {
    title: 'a retry without bound: every backoff forgets the attempts',
    plant: (chart) => {
      at(chart, 'committingStock.backingOff').entry.push('beginStep');
    },
    found: 'retries-bounded',
    where: 'timer backoff ⇒ committingStock.calling',
    also: ['nothing-goes-round', 'every-transition-reachable'],
  },
  {
    title: 'two steps try again by turns: stock that is not committed has the order confirmed anew',
    plant: (chart) => {
      branch(effectAt(chart, 'committingStock.calling').onDone, null).target = '#order.confirmingOrder';
    },
    found: 'nothing-goes-round',
    where: 'commit → refused ⇒ confirmingOrder.calling',
    also: [],
  },
  {
    title: 'a retry without bound, by a guard that is never true',
    plant: (chart) => {
      branch(effectAt(chart, 'compensating.releasingStock.calling').onError, 'attemptsSpent').guard = 'wasResolved';
      chart.guards['wasResolved'] = ({ event }) => event.type === 'RESOLVE';
    },
    found: 'retries-bounded',
    where: 'timer backoff ⇒ compensating.releasingStock.calling',
    also: ['search-ends'],
  },
  {
    title: 'RETRY goes on counting attempts: a number that grows for ever',
    plant: (chart) => {
      const retry = branch(branchesOf(at(chart, 'confirmingOrder.parked').on, 'RETRY'), null);
      retry.actions = without(retry.actions, 'beginStep');
    },
    found: 'search-ends',
    where: 'confirm → failed ⇒ confirmingOrder.parked',
    also: [],
  },
  {
    title: 'a timer of no length starts itself again',
    plant: (chart) => {
      chart.delays['atOnce'] = () => 0;
      at(chart, 'committingStock.backingOff').after['atOnce'] = [{ ...to('backingOff'), reenter: true }];
    },
    found: 'timers-once',
    where: 'timer atOnce ⇒ ✗',
    also: [],
  },
  {
    title: 'a parked state keeps a timer of its own',
    plant: (chart) => {
      at(chart, 'compensating.undoingPayment.parked').after['backoff'] = [to('calling', 'beginStep')];
    },
    found: 'parked-is-still',
    where: 'undoPayment → refused ⇒ compensating.undoingPayment.parked',
    also: ['retries-bounded', 'nothing-goes-round'],
  },
  {
    title: 'a parked state inside a state with a timer',
    plant: (chart) => {
      at(chart, 'fulfilling.capturingPayment').states['parked'] = newState({
        tags: ['parked'],
        meta: { status: 'NEEDS_ATTENTION' },
        on: { RETRY: [to('calling', 'beginStep')] },
      });
      branch(effectAt(chart, 'fulfilling.capturingPayment.calling').onError, 'attemptsSpent').target = 'parked';
    },
    found: 'parked-is-still',
    where: 'capture → failed ⇒ fulfilling.capturingPayment.parked',
    also: ['events-handled', 'statuses-in-order'],
  },
  {
    title: 'a parked state asks for an effect',
    plant: (chart) => {
      const { invoke } = at(chart, 'compensating.cancellingOrder.calling');
      at(chart, 'compensating.cancellingOrder.parked').invoke = invoke && {
        ...invoke,
        id: 'cancelParked',
        onError: [to('backingOff', 'beginStep')],
      };
      Object.assign(at(chart, 'compensating.cancellingOrder.parked').meta, {
        effect: 'orders.cancel',
        timeoutMs: 3_000,
      });
    },
    found: 'parked-is-still',
    where: 'cancelOrder → refused ⇒ compensating.cancellingOrder.parked',
    also: ['retries-bounded', 'nothing-goes-round', 'pending-not-rearmed'],
  },
  {
    title: 'a parked state without RETRY',
    plant: (chart) => {
      remove(at(chart, 'compensating.releasingStock.parked').on, 'RETRY');
    },
    found: 'parked-reacts',
    where: 'release → refused ⇒ compensating.releasingStock.parked',
    also: ['events-handled', 'can-end'],
  },
  {
    title: 'RETRY is accepted, and the saga stays parked',
    plant: (chart) => {
      branch(branchesOf(at(chart, 'compensating.undoingPayment.parked').on, 'RETRY'), null).target = 'parked';
    },
    found: 'parked-reacts',
    where: 'RETRY ⇒ compensating.undoingPayment.parked',
    also: [],
  },
  {
    title: 'RETRY is accepted while the next attempt is coming anyway',
    plant: (chart) => {
      at(chart, 'committingStock.backingOff').on['RETRY'] = [to('calling')];
    },
    found: 'events-handled',
    where: 'RETRY ⇒ committingStock.calling',
    also: [],
  },
];
