/** Faults in the way back of the order saga: what is owed, and in which order it is paid. */
import type { Fault } from './fault.ts';
import { at, branch, branchesOf, effectAt, newState, remove, to, without } from './plant.ts';

const settle = (undo: 'money' | 'stock' | 'order') => ({ type: 'settle', params: { undo } });

export const undoFaults: readonly Fault[] = [
  {
    title: 'two undos share one parked state, and RETRY goes on with the second',
    plant: (chart) => {
      const { onError } = effectAt(chart, 'compensating.undoingPayment.calling');
      branch(onError, 'attemptsSpent').target = '#order.compensating.releasingStock.parked';
    },
    found: 'none-forgotten',
    where: 'release → done ⇒ failed',
    also: ['final-means-settled', 'no-undo-unarmed'],
  },
  {
    title: 'RETRY skips the undo it was parked for and goes on',
    plant: (chart) => {
      const { on } = at(chart, 'compensating.releasingStock.parked');
      branch(branchesOf(on, 'RETRY'), null).target = '#order.compensating.cancellingOrder';
    },
    found: 'none-forgotten',
    where: 'cancelOrder → done ⇒ failed',
    also: ['final-means-settled'],
  },
  {
    title: 'stock is released whether or not a reservation was ever asked for',
    plant: (chart) => {
      branch(at(chart, 'compensating.releasingStock.deciding').always, 'owes').guard = 'stopRequested';
    },
    found: 'no-undo-unarmed',
    where: 'undoPayment → done (voided) ⇒ compensating.releasingStock.calling',
    also: ['every-transition-reachable'],
  },
  {
    title: 'an undo comes before its effect: the order is cancelled, then created',
    plant: (chart) => {
      const { invoke } = at(chart, 'compensating.cancellingOrder.calling');
      const creating = at(chart, 'fulfilling.creatingOrder');
      creating.states['clearing'] = newState({
        meta: { effect: 'orders.cancel', timeoutMs: 3_000 },
        invoke: invoke && { ...invoke, id: 'clear', onDone: [to('calling')], onError: [to('calling')] },
      });
      creating.initial = 'clearing';
    },
    found: 'no-undo-unarmed',
    where: 'authorize → done ⇒ fulfilling.creatingOrder.clearing',
    also: ['final-means-settled', 'declared-order'],
  },
  {
    title: 'after a creation that failed last, nothing is owed for it',
    plant: (chart) => {
      chart.guards['failedLast'] = ({ context, event }) => event.error.type === 'failed' && context.step.attempts > 0;
      const effect = effectAt(chart, 'fulfilling.creatingOrder.calling');
      const spent = branch(effect.onError, 'attemptsSpent');
      effect.onError.unshift({ ...spent, guard: 'failedLast', actions: [...spent.actions, settle('order')] });
    },
    found: 'none-forgotten',
    where: 'undoPayment → done (voided) ⇒ failed',
    also: ['final-means-settled'],
  },
  {
    title: 'after a reservation without an answer, nothing is owed for it',
    plant: (chart) => {
      const spent = branch(effectAt(chart, 'fulfilling.reservingInventory.calling').onError, 'attemptsSpent');
      spent.actions.push(settle('stock'));
    },
    found: 'final-means-settled',
    where: 'cancelOrder → done ⇒ failed',
    also: ['none-forgotten'],
  },
  {
    title: 'a reservation is not noted as owed before it is asked for',
    plant: (chart) => {
      const reserving = at(chart, 'fulfilling.reservingInventory');
      reserving.entry = without(reserving.entry, 'owe');
    },
    found: 'none-forgotten',
    where: 'cancelOrder → done ⇒ failed',
    also: ['final-means-settled', 'every-state-reachable', 'every-transition-reachable'],
  },
  {
    title: 'a reservation does not say what undoes it',
    plant: (chart) => {
      remove(at(chart, 'fulfilling.reservingInventory.calling').meta, 'undo');
    },
    found: 'undos-declared',
    where: 'createOrder → done ⇒ fulfilling.reservingInventory.calling',
    also: [],
  },
  {
    title: 'an undo without an answer counts as done',
    plant: (chart) => {
      const { onError } = effectAt(chart, 'compensating.undoingPayment.calling');
      const spent = branch(onError, 'attemptsSpent');
      spent.target = '#order.compensating.releasingStock';
      spent.actions.push(settle('money'));
    },
    found: 'none-forgotten',
    where: 'undoPayment → failed ⇒ failed',
    also: ['final-means-settled'],
  },
  {
    title: 'a refused undo counts as done',
    plant: (chart) => {
      const effect = effectAt(chart, 'compensating.releasingStock.calling');
      branch(effect.onDone, null).target = '#order.compensating.cancellingOrder';
    },
    found: 'final-means-settled',
    where: 'cancelOrder → done ⇒ failed',
    also: ['none-forgotten'],
  },
  {
    title: 'stock is released before the money is given back',
    plant: (chart) => {
      at(chart, 'compensating').initial = 'releasingStock';
      branch(at(chart, 'compensating.releasingStock.deciding').always, null).target =
        '#order.compensating.undoingPayment';
      branch(effectAt(chart, 'compensating.releasingStock.calling').onDone, 'done').target =
        '#order.compensating.undoingPayment';
      branch(effectAt(chart, 'compensating.undoingPayment.calling').onDone, 'done').target =
        '#order.compensating.cancellingOrder';
      const { on } = at(chart, 'compensating.undoingPayment.parked');
      branch(branchesOf(on, 'RESOLVE'), 'settlementIsComplete').target = '#order.compensating.cancellingOrder';
    },
    found: 'declared-order',
    where: 'undoPayment → done (voided) ⇒ compensating.cancellingOrder.calling',
    also: [],
  },
  {
    title: 'after releasing stock the money is undone once more',
    plant: (chart) => {
      branch(effectAt(chart, 'compensating.releasingStock.calling').onDone, 'done').target =
        '#order.compensating.undoingPayment';
    },
    found: 'undone-once',
    where: 'release → done ⇒ compensating.undoingPayment.calling',
    also: [],
  },
  {
    title: 'RESOLVE settles nothing: the gateway is asked again',
    plant: (chart) => {
      const { on } = at(chart, 'compensating.undoingPayment.parked');
      const resolved = branch(branchesOf(on, 'RESOLVE'), 'settlementIsComplete');
      resolved.target = 'calling';
      resolved.actions = ['beginStep'];
    },
    found: 'undone-once',
    where: 'RESOLVE ⇒ compensating.undoingPayment.calling',
    also: [],
  },
  {
    title: 'RESOLVE is accepted and changes nothing',
    plant: (chart) => {
      const { on } = at(chart, 'compensating.undoingPayment.parked');
      const resolved = branch(branchesOf(on, 'RESOLVE'), 'settlementIsComplete');
      delete resolved.target;
      resolved.actions = ['recordSettlement'];
    },
    found: 'undone-once',
    where: 'RETRY ⇒ compensating.undoingPayment.calling',
    also: [],
  },
  {
    title: 'stock is released, and the order confirmed all the same',
    plant: (chart) => {
      branch(effectAt(chart, 'compensating.releasingStock.calling').onDone, 'done').target = '#order.confirmingOrder';
    },
    found: 'final-means-settled',
    where: 'commit → done ⇒ completed',
    also: ['statuses-in-order', 'undone-once', 'ends-alike'],
  },
  {
    title: 'an order that was refused stock goes on without it',
    plant: (chart) => {
      const refused = branch(effectAt(chart, 'fulfilling.reservingInventory.calling').onDone, null);
      refused.target = '#order.fulfilling.capturingPayment';
      refused.actions = [{ type: 'settle', params: { undo: 'stock' } }];
    },
    found: 'final-means-settled',
    where: 'commit → done ⇒ completed',
    also: [],
  },
  {
    title: 'a confirmation that came late forgets to commit the stock',
    plant: (chart) => {
      chart.guards['doneLate'] = ({ context, event }) => event.output?.type === 'done' && context.step.attempts > 0;
      effectAt(chart, 'confirmingOrder.calling').onDone.unshift({
        guard: 'doneLate',
        target: '#order.completed',
        actions: ['passPivot'],
      });
    },
    found: 'ends-alike',
    where: 'confirm → done ⇒ completed',
    also: [],
  },
  {
    title: 'no effect says what undoes it, and stock and order are forgotten',
    plant: (chart) => {
      for (const step of [
        'authorizing',
        'fulfilling.creatingOrder',
        'fulfilling.reservingInventory',
        'fulfilling.capturingPayment',
      ])
        remove(at(chart, `${step}.calling`).meta, 'undo');
      branch(effectAt(chart, 'compensating.undoingPayment.calling').onDone, 'done').target = '#order.failed';
    },
    found: 'undos-declared',
    where: 'start ⇒ authorizing.calling',
    also: [],
  },
  {
    title: 'the order fails before it was cancelled',
    plant: (chart) => {
      branch(effectAt(chart, 'compensating.releasingStock.calling').onDone, 'done').target = '#order.failed';
    },
    found: 'none-forgotten',
    where: 'release → done ⇒ failed',
    also: ['final-means-settled'],
  },
  {
    title: 'an authorization without an answer ends as one that failed',
    plant: (chart) => {
      branch(effectAt(chart, 'authorizing.calling').onError, 'attemptsSpent').target = '#order.authorizationFailed';
    },
    found: 'final-means-settled',
    where: 'authorize → unknown, but it took effect ⇒ authorizationFailed',
    also: ['none-forgotten'],
  },
  {
    title: 'a compensated order ends completed',
    plant: (chart) => {
      branch(at(chart, 'compensating').onDone, null).target = 'completed';
    },
    found: 'statuses-in-order',
    where: 'undoPayment → done (voided) ⇒ completed',
    also: ['every-state-reachable'],
  },
  {
    title: 'completed without the pivot: a captured order is not confirmed',
    plant: (chart) => {
      branch(effectAt(chart, 'fulfilling.capturingPayment.calling').onDone, 'doneAndWanted').target =
        '#order.completed';
    },
    found: 'final-means-settled',
    where: 'capture → done ⇒ completed',
    also: ['events-handled', 'statuses-in-order', 'none-forgotten', 'every-state-reachable'],
  },
];
