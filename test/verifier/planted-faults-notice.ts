/** Faults in copies of the notice machine, which has no undos, no pivot and no statuses. */
import type { Fault } from './fault.ts';
import { at, branch, branchesOf, effectAt, remove, to } from './plant.ts';

export const noticeFaults: readonly Fault[] = [
  {
    title: 'a notice that was sent waits for ever',
    plant: (chart) => {
      at(chart, 'sent').isFinal = false;
    },
    found: 'waiting-ends',
    where: 'send → done ⇒ sent',
    also: [],
  },
  {
    title: 'a second ending is taken while the first is being told',
    plant: (chart) => {
      at(chart, 'sending').on['ORDER_ENDED'] = [{ ...to('sending', 'recordEnding'), reenter: true }];
    },
    found: 'events-handled',
    where: 'ORDER_ENDED (completed) ⇒ sending.calling',
    also: ['retries-bounded', 'pending-not-rearmed'],
  },
  {
    title: 'a notice that cannot be sent is parked where no operator reaches it',
    plant: (chart) => {
      remove(at(chart, 'sending.parked').on, 'RETRY');
    },
    found: 'parked-reacts',
    where: 'send → refused ⇒ sending.parked',
    also: ['events-handled', 'can-end'],
  },
  {
    title: 'a refused notice is tried again without bound',
    plant: (chart) => {
      branch(effectAt(chart, 'sending.calling').onDone, null).target = 'backingOff';
    },
    found: 'retries-bounded',
    where: 'timer backoff ⇒ sending.calling',
    also: ['nothing-goes-round'],
  },
  {
    title: 'the ending is not kept: there is nothing to send',
    plant: (chart) => {
      branch(branchesOf(at(chart, 'waiting').on, 'ORDER_ENDED'), null).actions = [];
    },
    found: 'nothing-throws',
    where: 'ORDER_ENDED (completed) ⇒ ✗',
    also: ['events-handled', 'can-end', 'waiting-ends', 'every-state-reachable', 'every-transition-reachable'],
  },
];
