/** Two versions of one machine, and what takes its actors from the first to the second. */
import { assign, setup } from 'xstate';
import { actorMachine, type ActorMachine, type Migration } from '../../src/actors/index.ts';
import { payTimeoutMs, stub } from './toys.ts';

type ParcelEvent = { readonly type: string };
export const backoffMs = 10_000;
export const deadlineMs = 100_000;
export const remindMs = 50_000;

const kit = setup({
  types: { context: {} as { readonly calls: number; readonly insured?: boolean }, events: {} as ParcelEvent },
  actors: { 'bank.pay': stub, 'bank.undo': stub, 'shelf.take': stub },
  actions: { count: assign({ calls: ({ context }) => context.calls + 1 }) },
  guards: { insured: ({ context }) => context.insured === true },
  delays: { backoff: backoffMs, deadline: deadlineMs, remind: remindMs },
});
const pay = { id: 'pay', src: 'bank.pay' } as const;
const meta = { timeoutMs: payTimeoutMs };

const first = kit.createMachine({
  id: 'parcel',
  context: { calls: 0 },
  initial: 'paying',
  states: {
    paying: {
      entry: 'count',
      meta,
      invoke: { ...pay, onDone: 'shipping', onError: 'waiting' },
      on: { GIVE_UP: 'stuck', WEIGH: 'weighing' },
    },
    waiting: { after: { backoff: 'paying' } },
    weighing: { meta, invoke: { id: 'weigh', src: 'bank.undo', onDone: 'paying', onError: 'paying' } },
    shipping: {
      after: { deadline: 'stuck' },
      initial: 'loading',
      on: { HALT: 'halted' },
      states: {
        loading: {
          invoke: { id: 'take', src: 'shelf.take', input: { shelf: 'done' }, onDone: 'moving' },
          on: { SKIP: 'moving' },
        },
        moving: { on: { ARRIVE: '#parcel.delivered' } },
        last: { type: 'history' },
      },
    },
    halted: { on: { RESUME: 'shipping.last' } },
    stuck: { tags: ['parked'], on: { RETRY: 'paying' } },
    delivered: { type: 'final' },
  },
});

/** Other names, an insurance before anything moves, a reminder while it is halted. Weighing and the detour are gone. */
const second = kit.createMachine({
  id: 'parcel',
  context: { calls: 0, insured: false },
  initial: 'paying',
  states: {
    paying: {
      entry: 'count',
      meta,
      invoke: { ...pay, onDone: 'carrying', onError: 'backingOff' },
      on: { GIVE_UP: 'stuck' },
    },
    backingOff: { after: { backoff: 'paying' } },
    carrying: {
      after: { deadline: 'stuck' },
      initial: 'loading',
      on: { HALT: 'halted', ARRIVE: 'delivered' },
      states: {
        loading: { invoke: { id: 'take', src: 'shelf.take', input: { shelf: 'done' }, onDone: 'insuring' } },
        insuring: { meta, invoke: { id: 'insure', src: 'bank.undo', onDone: 'underWay', onError: 'underWay' } },
        underWay: { always: { guard: 'insured', target: '#parcel.delivered' } },
        last: { type: 'history' },
      },
    },
    halted: { after: { remind: 'stuck' }, on: { RESUME: 'carrying.last' } },
    stuck: { tags: ['parked'], on: { RETRY: 'paying' } },
    delivered: { type: 'final' },
  },
});

export const parcel1: ActorMachine = actorMachine(first, '1');
export const parcel2: ActorMachine = actorMachine(second, '2');

export const parcelMigration: Migration = {
  machine: 'parcel',
  from: '1',
  to: '2',
  missing: { remind: 'begin' },
  states: {
    waiting: 'backingOff',
    weighing: 'paying',
    shipping: 'carrying',
    'shipping.moving': 'carrying.insuring',
  },
  history: { 'shipping.moving': 'carrying.underWay' },
  context: (context) => ({ ...context, insured: false }),
};
