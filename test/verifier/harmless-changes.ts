/** Changes of the order machine that break nothing: the verifier must not mind them. */
import { assign } from 'xstate';
import type { MachineEnvironment } from '../../src/verifier/exploration.ts';
import { at, branch, effectAt, newState, type Plant, remove, type State, to } from './plant.ts';

export interface Change {
  readonly title: string;
  readonly plant: Plant;
  /** What the machine can meet now, if that changes with it. */
  readonly environment?: (before: MachineEnvironment) => MachineEnvironment;
}

const settle = (undo: 'order') => ({ type: 'settle', params: { undo } });

export const harmlessChanges: readonly Change[] = [
  {
    title: 'a state has another name',
    plant: (chart) => {
      const committing = at(chart, 'committingStock');
      committing.states['resting'] = at(chart, 'committingStock.backingOff');
      remove(committing.states, 'backingOff');
      branch(effectAt(chart, 'committingStock.calling').onError, null).target = 'resting';
    },
  },
  {
    title: 'a longer backoff, a longer deadline',
    plant: (chart) => {
      chart.delays['backoff'] = () => 3_600_000;
      at(chart, 'committingStock.calling').meta['timeoutMs'] = 30_000;
    },
  },
  {
    title: 'one more attempt, declared',
    plant: (chart) => {
      chart.guards['attemptsSpent'] = ({ context }) => context.step.attempts + 1 >= 3;
    },
    environment: (before) => ({ ...before, maxAttempts: 3 }),
  },
  {
    title: 'one more tag',
    plant: (chart) => {
      at(chart, 'fulfilling').tags.push('urgent');
    },
  },
  {
    title: 'an event that is noted while parked, declared, and ignored elsewhere',
    plant: (chart) => {
      chart.actions['takeNote'] = assign({});
      at(chart, 'committingStock.parked').on['NOTE'] = [{ actions: ['takeNote'] }];
    },
    environment: (before) => ({
      ...before,
      events: [...before.events, { type: 'NOTE', text: 'the warehouse is told' }],
      accepted: { ...before.accepted, NOTE: ['committingStock.parked'] },
    }),
  },
  {
    title: 'an expiry before the authorization, treated like CANCEL',
    plant: (chart) => {
      at(chart, 'authorizing').after['reservationExpiry'] = [
        { actions: [{ type: 'requestStop', params: { code: 'authorization_late' } }] },
      ];
    },
  },
  {
    title: 'one more effect, which says that it needs no undo',
    plant: (chart) => {
      const creating = at(chart, 'fulfilling.creatingOrder');
      creating.states['announcing'] = newState({
        meta: { effect: 'notices.send', timeoutMs: 1_000, undo: null },
        invoke: {
          ...effectAt(chart, 'fulfilling.creatingOrder.calling'),
          id: 'announce',
          src: 'notices.send',
          input: {},
        },
      });
      const announcing = effectAt(chart, 'fulfilling.creatingOrder.announcing');
      announcing.onDone = [{ ...to('calling'), guard: 'doneAndWanted' }, to('#order.compensating', settle('order'))];
      announcing.onError = [to('#order.compensating', settle('order'))];
      creating.initial = 'announcing';
    },
    environment: (before) => ({
      ...before,
      effects: { ...before.effects, 'notices.send': { outcomes: [{ type: 'done', value: {} }] } },
    }),
  },
  {
    title: 'one state more before the saga ends',
    plant: (chart) => {
      const { states } = at(chart, 'compensating');
      states['closing'] = { ...at(chart, 'compensating.undone'), isFinal: false, always: [to('undone')] };
      branch(at(chart, 'compensating.cancellingOrder.deciding').always, null).target = '#order.compensating.closing';
    },
  },
  {
    title: 'states, events and tags in another order, but for the undos',
    plant: (chart) => {
      reverse(chart.root.states);
      for (const state of [chart.root, ...Object.values(chart.root.states)]) reverseWithin(state);
    },
  },
];

function reverseWithin({ on, after, meta, tags }: State): void {
  reverse(on);
  reverse(after);
  reverse(meta);
  tags.reverse();
}

function reverse(record: Record<string, unknown>): void {
  const entries = Object.entries(record).reverse();
  for (const [key] of entries) remove(record, key);
  Object.assign(record, Object.fromEntries(entries));
}
