/** Faults in how the order saga turns back: CANCEL and expiries while a step is under way, and past the pivot. */
import type { Fault } from './fault.ts';
import { at, branch, effectAt, to } from './plant.ts';

const stop = (code: string) => ({ type: 'requestStop', params: { code } });

export const stopFaults: readonly Fault[] = [
  {
    title: 'CANCEL leaves the authorization that is under way, and nothing is undone',
    plant: (chart) => {
      at(chart, 'authorizing.calling').on['CANCEL'] = [to('#order.cancelled', stop('cancelled_by_customer'))];
    },
    found: 'final-means-settled',
    where: 'CANCEL ⇒ cancelled',
    also: ['statuses-in-order', 'none-forgotten', 'every-transition-reachable'],
  },
  {
    title: 'CANCEL leaves the confirmation that is under way',
    plant: (chart) => {
      at(chart, 'confirmingOrder.calling').on['CANCEL'] = [to('#order.compensating', stop('cancelled_by_customer'))];
    },
    found: 'left-pending-is-owed',
    where: 'CANCEL ⇒ compensating.undoingPayment.calling',
    also: ['events-handled', 'final-means-settled', 'pivot-is-final'],
  },
  {
    title: 'CANCEL asks for the reservation again',
    plant: (chart) => {
      at(chart, 'fulfilling.reservingInventory.calling').on['CANCEL'] = [
        {
          guard: 'notStopping',
          target: '#order.fulfilling.reservingInventory.calling',
          reenter: true,
          actions: [stop('cancelled_by_customer')],
        },
      ];
    },
    found: 'pending-not-rearmed',
    where: 'CANCEL ⇒ fulfilling.reservingInventory.calling',
    also: ['retries-bounded'],
  },
  {
    title: 'CANCEL is accepted after the pivot, and takes everything back',
    plant: (chart) => {
      at(chart, 'committingStock.parked').on['CANCEL'] = [to('#order.compensating', stop('cancelled_by_customer'))];
    },
    found: 'pivot-is-final',
    where: 'CANCEL ⇒ compensating.undoingPayment.calling',
    also: ['events-handled', 'final-means-settled'],
  },
  {
    title: 'the expiry of the authorization takes back an order that is confirmed',
    plant: (chart) => {
      at(chart, 'committingStock.backingOff').after['authorizationExpiry'] = [
        to('#order.compensating', stop('authorization_expired')),
      ];
    },
    found: 'pivot-is-final',
    where: 'timer authorizationExpiry ⇒ compensating.undoingPayment.calling',
    also: ['final-means-settled'],
  },
  {
    title: 'a pivot without an answer is taken for a refused one',
    plant: (chart) => {
      branch(effectAt(chart, 'confirmingOrder.calling').onError, 'attemptsSpent').target = '#order.compensating';
    },
    found: 'pivot-is-final',
    where: 'confirm → unknown, but it took effect ⇒ compensating.undoingPayment.calling',
    also: ['events-handled', 'final-means-settled', 'every-state-reachable'],
  },
  {
    title: 'stock that cannot be committed after the pivot turns the order back',
    plant: (chart) => {
      branch(effectAt(chart, 'committingStock.calling').onDone, null).target = '#order.compensating';
    },
    found: 'pivot-is-final',
    where: 'commit → refused ⇒ compensating.undoingPayment.calling',
    also: ['final-means-settled'],
  },
];
