/** Toy machines: they show that the runtime knows nothing of commerce, and reach every corner of it. */
import { assign, fromPromise, setup } from 'xstate';
import { actorMachine, type ActorMachine } from '../../src/actors/index.ts';
import { tell } from '../../src/machines/tell.ts';

type Answer = { readonly type: 'done' | 'refused'; readonly [key: string]: unknown };
type Trouble = { readonly type: 'failed' | 'unknown'; readonly code: string; readonly random: number };
type ToyEvent = { readonly type: string; readonly n?: number; readonly to?: string };

export const stub = fromPromise<Answer, unknown>(() => Promise.reject(new Error('run by the runtime')));

interface TripContext {
  readonly id: string;
  readonly attempts: number;
  readonly random: number;
  readonly cancelled: boolean;
  readonly notes: number;
  /** Passed on to the local effect, which refuses or breaks on demand. */
  readonly shelf: string;
  /** The projection breaks on it. */
  readonly poison: boolean;
  readonly trouble: string | null;
}
export type TripInput = Partial<Pick<TripContext, 'id' | 'shelf' | 'poison'>>;

export const maxAttempts = 3;
export const restMs = 60_000;
export const payTimeoutMs = 1_000;

/** A small saga: a remote effect with backoff and CANCEL, a local one, a far timer, an undo that may park. */
const trip = setup({
  // oxlint-disable-next-line typescript/no-unnecessary-type-assertion -- the machine's input type is inferred from it
  types: { context: {} as TripContext, events: {} as ToyEvent, input: {} as TripInput },
  actors: { 'bank.pay': stub, 'bank.undo': stub, 'shelf.take': stub },
  guards: {
    refused: ({ event }) => outputOf(event)?.type === 'refused',
    cancelled: ({ context }) => context.cancelled,
    spent: ({ context }) => context.attempts + 1 >= maxAttempts,
  },
  actions: {
    tell,
    cancel: assign({ cancelled: true }),
    note: assign({ notes: ({ context }) => context.notes + 1 }),
    count: assign(({ context, event }) => ({
      attempts: context.attempts + 1,
      random: errorOf(event)?.random ?? 0,
      trouble: errorOf(event)?.code ?? null,
    })),
    reset: assign({ attempts: 0 }),
  },
  delays: { backoff: ({ context }) => 1_000 * context.attempts + Math.round(1_000 * context.random), rest: restMs },
}).createMachine({
  id: 'trip',
  context: ({ input }: { input: TripInput | undefined }) => ({
    id: input?.id ?? '',
    attempts: 0,
    random: 0,
    cancelled: false,
    notes: 0,
    shelf: input?.shelf ?? 'done',
    poison: input?.poison ?? false,
    trouble: null,
  }),
  initial: 'paying',
  on: { NOTE: { actions: 'note' } },
  states: {
    paying: {
      meta: { timeoutMs: payTimeoutMs },
      invoke: {
        id: 'pay',
        src: 'bank.pay',
        input: ({ context }: { context: TripContext }) => ({ attempt: context.attempts + 1 }),
        onDone: [
          { guard: 'refused', target: 'failed' },
          { guard: 'cancelled', target: 'undoing' },
          { target: 'taking' },
        ],
        onError: [
          { guard: 'cancelled', target: 'undoing', actions: 'count' },
          { guard: 'spent', target: 'undoing', actions: 'count' },
          { target: 'backingOff', actions: 'count' },
        ],
      },
      on: { CANCEL: { actions: 'cancel' }, LEAVE: 'failed' },
    },
    backingOff: { after: { backoff: 'paying' }, on: { CANCEL: 'undoing' } },
    taking: {
      tags: ['accepted'],
      invoke: {
        id: 'take',
        src: 'shelf.take',
        input: ({ context }: { context: TripContext }) => ({ shelf: context.shelf }),
        onDone: [{ guard: 'refused', target: 'undoing' }, { target: 'resting' }],
      },
    },
    resting: {
      after: { rest: 'done' },
      on: { CANCEL: 'undoing', HURRY: 'done' },
    },
    undoing: {
      entry: 'reset',
      meta: { timeoutMs: payTimeoutMs },
      invoke: {
        id: 'undo',
        src: 'bank.undo',
        input: ({ context }: { context: TripContext }) => ({ id: context.id }),
        onDone: 'failed',
        onError: { target: 'stuck', actions: 'count' },
      },
    },
    stuck: { tags: ['parked'], on: { RETRY: 'undoing' } },
    done: { type: 'final' },
    failed: { type: 'final' },
  },
});

interface InboxContext {
  readonly got: readonly number[];
}

/** Takes numbers by message and keeps them in the order they came. */
const inbox = setup({
  types: { context: {} as InboxContext, events: {} as ToyEvent },
  actors: { 'bank.pay': stub },
  guards: {
    boom: () => {
      throw new Error('a guard threw');
    },
  },
  actions: { take: assign({ got: ({ context, event }) => [...context.got, event.n ?? 0] }) },
}).createMachine({
  id: 'inbox',
  context: { got: [] },
  initial: 'open',
  on: { ADD: { actions: 'take' }, BOOM: { guard: 'boom', target: '.closed' } },
  states: {
    open: { on: { CLOSE: 'closed', PARK: 'parked', CALL: 'calling' } },
    calling: {
      meta: { timeoutMs: payTimeoutMs },
      invoke: { id: 'call', src: 'bank.pay', onDone: 'open', onError: 'open' },
    },
    parked: { tags: ['parked'], on: { RETRY: 'open', ADD: undefined } },
    closed: { type: 'final' },
  },
});

/** Sends the next three numbers to whom it is told, as often as it is told; `n` tells one sender's from another's. */
const talker = setup({
  types: { context: {} as { said: number }, events: {} as ToyEvent },
  actors: {},
  actions: { tell },
}).createMachine({
  id: 'talker',
  context: { said: 0 },
  initial: 'listening',
  states: {
    listening: {
      on: {
        SAY: {
          actions: [
            assign({ said: ({ context }) => context.said + 3 }),
            { type: 'tell', params: ({ context, event }) => adding(event, context.said - 2) },
            { type: 'tell', params: ({ context, event }) => adding(event, context.said - 1) },
            { type: 'tell', params: ({ context, event }) => adding(event, context.said) },
          ],
        },
        HUSH: 'silent',
      },
    },
    silent: { type: 'final' },
  },
});

const adding = (event: ToyEvent, n: number) => ({
  machine: 'inbox',
  id: event.to ?? '',
  event: { type: 'ADD', n: n + (event.n ?? 0) },
});

/** Two remote effects at once. */
const pair = setup({
  types: { events: {} as ToyEvent },
  actors: { 'bank.pay': stub, 'bank.undo': stub },
}).createMachine({
  id: 'pair',
  type: 'parallel',
  states: {
    left: {
      initial: 'busy',
      states: {
        busy: { meta: { timeoutMs: payTimeoutMs }, invoke: { id: 'l', src: 'bank.pay', onDone: 'done' } },
        done: { type: 'final' },
      },
    },
    right: {
      initial: 'busy',
      states: {
        busy: { meta: { timeoutMs: payTimeoutMs }, invoke: { id: 'r', src: 'bank.undo', onDone: 'done' } },
        done: { type: 'final' },
      },
    },
  },
});

export const toyMachines: readonly ActorMachine[] = [
  actorMachine(trip, '1'),
  actorMachine(inbox, '1'),
  actorMachine(talker, '1'),
  actorMachine(pair, '1'),
];

export function toyMachine(id: string): ActorMachine {
  const found = toyMachines.find((machine) => machine.id === id);
  if (!found) throw new Error(`no toy is named ${id}`);
  return found;
}

function outputOf(event: ToyEvent): Answer | undefined {
  return 'output' in event ? (event.output as Answer) : undefined;
}

function errorOf(event: ToyEvent): Trouble | undefined {
  return 'error' in event ? (event.error as Trouble) : undefined;
}
