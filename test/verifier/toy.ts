/** Toy machines to verify: charts of a few states, and an environment to match. */
import { assign, fromPromise, setup } from 'xstate';
import { actorMachine, type ActorMachine } from '../../src/actors/index.ts';
import { type ExploreOptions, type MachineEnvironment, type Verdict, verify } from '../../src/verifier/index.ts';

type Answer = { readonly type: string };
type ToyEvent = { readonly type: string; readonly n?: number; readonly output?: Answer; readonly error?: Answer };

const stub = fromPromise<Answer, unknown>(() => Promise.reject(new Error('run by the runtime')));

const kit = setup({
  // oxlint-disable-next-line typescript/no-unnecessary-type-assertion -- the machine's types are inferred from it
  types: { context: {} as { readonly n: number }, events: {} as ToyEvent },
  actors: {
    'bank.pay': stub,
    'bank.refund': stub,
    'shelf.take': stub,
    'shelf.put': stub,
    'desk.confirm': stub,
    'desk.ship': stub,
  },
  guards: {
    done: ({ event }) => event.output?.type === 'done',
    failed: ({ event }) => event.error?.type === 'failed',
    never: () => false,
    throwsOnTwo: ({ event }) => {
      if (event.n === 2) throw new Error('two is too many');
      return true;
    },
    below3: ({ context }) => context.n < 3,
    counted: ({ context }) => context.n > 0,
  },
  actions: {
    count: assign({ n: ({ context }) => context.n + 1 }),
    reset: assign({ n: 0 }),
    break: assign(() => {
      throw new Error('it broke');
    }),
  },
  delays: { soon: 1_000, later: 60_000 },
});

export type ToyState = Parameters<typeof kit.createStateConfig>[0];
export type ToyStates = Readonly<Record<string, ToyState>>;

/** A chart's states, or more of the chart; the first state is where it begins. */
export function toy(states: ToyStates, more: Pick<ToyState, 'on'> = {}): ActorMachine {
  const initial = Object.keys(states)[0] ?? '';
  return actorMachine(
    kit.createMachine({ id: 'toy', context: { n: 0 }, initial, states: { ...states }, ...more }),
    '1',
  );
}

type Effect = 'bank.pay' | 'bank.refund' | 'shelf.take' | 'shelf.put' | 'desk.confirm' | 'desk.ship';

interface Calling {
  readonly done: string;
  readonly refused: string;
  /** Where a failed or unknown outcome leads. */
  readonly lost: string;
  readonly undo?: Effect;
  readonly pivot?: true;
}

/** A state that asks for an effect. Its invoke's id is the effect's name after the dot. */
export function calling(src: Effect, { done, refused, lost, undo, pivot }: Calling): ToyState {
  return {
    meta: { effect: src, timeoutMs: 1_000, ...(undo ? { undo } : {}), ...(pivot ? { pivot } : {}) },
    invoke: {
      id: src.slice(src.indexOf('.') + 1),
      src,
      onDone: [{ guard: 'done', target: done }, { target: refused }],
      onError: lost,
    },
  };
}

export const final: ToyState = { type: 'final' };

/** Waits for a person. */
export function parked(target: string): ToyState {
  return { tags: ['parked'], on: { RETRY: target } };
}

const answers = {
  outcomes: [
    { type: 'done', value: {} },
    { type: 'refused', value: { code: 'no' } },
  ],
} as const;

/** Bank and shelf remember their refusals. An environment takes no events but what a test adds. */
export function environment(more: Partial<MachineEnvironment> = {}): MachineEnvironment {
  return {
    input: null,
    effects: {
      'bank.pay': { ...answers, remembersRefusals: true },
      'bank.refund': answers,
      'shelf.take': { ...answers, remembersRefusals: true },
      'shelf.put': answers,
      'desk.confirm': answers,
      'desk.ship': answers,
    },
    events: [],
    operatorEvents: ['RETRY', 'RESOLVE'],
    settlingEvents: ['RESOLVE'],
    accepted: {},
    maxAttempts: 3,
    ...more,
  };
}

/** An environment with these events, all payloads, and where they are taken. */
export function taking(
  accepted: MachineEnvironment['accepted'],
  payloads: MachineEnvironment['events'] = Object.keys(accepted).map((type) => ({ type })),
): MachineEnvironment {
  return environment({ events: payloads, accepted });
}

/** What is found, without the promises. */
export function found(
  machine: ActorMachine,
  against: MachineEnvironment = environment(),
  options?: ExploreOptions,
): Pick<Verdict['findings'][number], 'property' | 'message' | 'path'>[] {
  return verify(machine, against, options).findings.map(({ property, message, path }) => ({ property, message, path }));
}

/** A sound saga: pay, take, confirm (the pivot); and back by refund and put. Where it cannot go on it parks. */
export const saga: ToyStates = {
  paying: calling('bank.pay', { done: 'taking', refused: 'failed', lost: 'refunding', undo: 'bank.refund' }),
  taking: {
    ...calling('shelf.take', { done: 'confirming', refused: 'untaken', lost: 'refunding', undo: 'shelf.put' }),
    entry: 'count',
  },
  untaken: { entry: 'reset', always: 'refunding' },
  confirming: calling('desk.confirm', { done: 'completed', refused: 'refunding', lost: 'unconfirmed', pivot: true }),
  unconfirmed: parked('confirming'),
  refunding: calling('bank.refund', { done: 'deciding', refused: 'unpaid', lost: 'unpaid' }),
  unpaid: parked('refunding'),
  deciding: { always: [{ guard: 'counted', target: 'putting' }, { target: 'failed' }] },
  putting: calling('shelf.put', { done: 'failed', refused: 'unput', lost: 'unput' }),
  unput: parked('putting'),
  completed: final,
  failed: final,
};

export const sagaEnvironment = taking({ RETRY: ['unconfirmed', 'unpaid', 'unput'] });
