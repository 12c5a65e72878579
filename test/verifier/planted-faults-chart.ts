/** Faults in the order chart as such: what cannot be reached, what is not handled, what throws, what is published. */
import type { Fault } from './fault.ts';
import { at, branch, effectAt, newState, remove, to } from './plant.ts';

export const chartFaults: readonly Fault[] = [
  {
    title: 'a state that nothing leads to',
    plant: (chart) => {
      at(chart, 'compensating').states['refunding'] = newState({ always: [to('undone')] });
    },
    found: 'every-state-reachable',
    where: 'createOrder → refused ⇒ compensating.undoingPayment.calling',
    also: [],
  },
  {
    title: 'a transition whose guard is never true',
    plant: (chart) => {
      chart.guards['never'] = () => false;
      effectAt(chart, 'committingStock.calling').onDone.unshift({ ...to('#order.compensating'), guard: 'never' });
    },
    found: 'every-transition-reachable',
    where: 'confirm → done ⇒ committingStock.calling',
    also: [],
  },
  {
    title: 'a branch in the shadow of one that always holds: a cancelled order ends failed',
    plant: (chart) => {
      at(chart, 'compensating').onDone.reverse();
    },
    found: 'every-transition-reachable',
    where: 'createOrder → refused ⇒ compensating.undoingPayment.calling',
    also: ['every-state-reachable'],
  },
  {
    title: 'an effect whose failure nobody handles',
    plant: (chart) => {
      effectAt(chart, 'compensating.releasingStock.calling').onError = [];
    },
    found: 'events-handled',
    where: 'release → failed ⇒ ✗',
    also: ['every-state-reachable'],
  },
  {
    title: 'an effect whose refusal nobody handles',
    plant: (chart) => {
      const effect = effectAt(chart, 'committingStock.calling');
      effect.onDone = [branch(effect.onDone, 'done')];
    },
    found: 'events-handled',
    where: 'commit → refused ⇒ ✗',
    also: [],
  },
  {
    title: 'CANCEL is accepted nowhere between authorization and confirmation',
    plant: (chart) => {
      remove(at(chart, 'fulfilling').on, 'CANCEL');
    },
    found: 'events-handled',
    where: 'authorize → done ⇒ fulfilling.creatingOrder.calling',
    also: [],
  },
  {
    title: 'RESOLVE is taken, and nobody is told so',
    plant: (chart) => {
      remove(at(chart, 'compensating.undoingPayment.parked').meta, 'accepts');
    },
    found: 'taken-is-told',
    where: 'undoPayment → refused ⇒ compensating.undoingPayment.parked',
    also: [],
  },
  {
    title: 'RESOLVE is accepted where no person can settle anything',
    plant: (chart) => {
      at(chart, 'committingStock.parked').on['RESOLVE'] = [to('#order.completed')];
    },
    found: 'final-means-settled',
    where: 'RESOLVE ⇒ completed',
    also: ['events-handled', 'statuses-in-order'],
  },
  {
    title: 'a guard throws on one of the answers',
    plant: (chart) => {
      chart.guards['shortOfOne'] = ({ event }) => event.output.short.length === 1;
      effectAt(chart, 'fulfilling.reservingInventory.calling').onDone.unshift({
        ...to('#order.compensating', 'recordRefusal'),
        guard: 'shortOfOne',
      });
    },
    found: 'nothing-throws',
    where: 'reserve → done ⇒ ✗',
    also: ['events-handled', 'no-undo-unarmed', 'every-state-reachable', 'every-transition-reachable'],
  },
  {
    title: 'an assign throws',
    plant: (chart) => {
      branch(effectAt(chart, 'confirmingOrder.calling').onDone, 'done').actions.push('recordPayment');
    },
    found: 'nothing-throws',
    where: 'confirm → done ⇒ ✗',
    also: ['events-handled', 'can-end', 'every-state-reachable', 'every-transition-reachable'],
  },
  {
    title: "the input of an effect throws: the authorization's id was never kept",
    plant: (chart) => {
      branch(effectAt(chart, 'authorizing.calling').onDone, 'doneAndWanted').actions = [];
    },
    found: 'nothing-throws',
    where: 'reserve → done ⇒ ✗',
    also: ['events-handled', 'every-state-reachable', 'every-transition-reachable'],
  },
  {
    title: 'the status goes back while the saga goes on',
    plant: (chart) => {
      at(chart, 'confirmingOrder').meta['status'] = 'AUTHORIZED';
    },
    found: 'statuses-in-order',
    where: 'capture → done ⇒ confirmingOrder.calling',
    also: [],
  },
  {
    title: 'a status that is not published',
    plant: (chart) => {
      at(chart, 'compensating').meta['status'] = 'ROLLING_BACK';
    },
    found: 'statuses-in-order',
    where: 'createOrder → refused ⇒ compensating.undoingPayment.calling',
    also: [],
  },
  {
    title: 'a final state without a status',
    plant: (chart) => {
      remove(at(chart, 'cancelled').meta, 'status');
    },
    found: 'statuses-in-order',
    where: 'undoPayment → done (voided) ⇒ cancelled',
    also: [],
  },
];
