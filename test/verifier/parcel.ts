/** A small machine with one of everything that a kept history watches; each part can be another one. */
import { type AnyStateMachine, assign, enqueueActions, fromPromise, setup } from 'xstate';
import { actorMachine, type ActorMachine } from '../../src/actors/index.ts';
import { tell } from '../../src/machines/tell.ts';
import type { MachineEnvironment } from '../../src/verifier/exploration.ts';

export interface ParcelParts {
  readonly version: string;
  readonly description: string;
  readonly expectedMs: number;
  readonly timeoutMs: number;
  readonly grams: number;
  readonly countedBy: number;
  readonly maxAttempts: number;
  readonly waitMs: number;
  readonly toldTo: string;
  readonly extraState: boolean;
  readonly cancels: 'with a reason' | 'always';
}

const parts: ParcelParts = {
  version: '1',
  description: 'as it was',
  expectedMs: 1_000,
  timeoutMs: 5_000,
  grams: 250,
  countedBy: 1,
  maxAttempts: 2,
  waitMs: 100,
  toldTo: 'ada',
  extraState: false,
  cancels: 'with a reason',
};

/** Sends a parcel, in two attempts; CANCEL with a reason stops it between them. */
export function parcel(changed: Partial<ParcelParts> = {}): ActorMachine {
  return actorMachine(parcelChart(changed), changed.version ?? parts.version);
}

export function parcelChart(changed: Partial<ParcelParts> = {}): AnyStateMachine {
  return chart({ ...parts, ...changed });
}

function chart({ description, expectedMs, timeoutMs, grams, countedBy, maxAttempts, waitMs, ...rest }: ParcelParts) {
  const { toldTo, extraState, cancels } = rest;
  return setup({
    types: { context: {} as { attempts: number }, events: {} as { type: 'CANCEL'; why?: string } },
    actors: { 'courier.send': fromPromise<object, { grams: number }>(() => Promise.reject(new Error('not run'))) },
    guards: {
      spent: ({ context }) => context.attempts + 1 >= maxAttempts,
      hasReason: ({ event }) => cancels === 'always' || event.why !== undefined,
    },
    actions: {
      tell,
      count: assign({ attempts: ({ context }) => context.attempts + counted(countedBy) }),
      tellCustomer: enqueueActions(({ enqueue }) => {
        enqueue({ type: 'tell', params: { machine: 'customer', id: toldTo, event: { type: 'SENT' } } });
      }),
    },
    delays: { wait: ({ context }) => context.attempts * waitMs },
  }).createMachine({
    id: 'parcel',
    description,
    context: { attempts: 0 },
    initial: 'sending',
    states: {
      sending: {
        meta: { effect: 'courier.send', timeoutMs, expectedMs },
        invoke: {
          id: 'send',
          src: 'courier.send',
          input: () => ({ grams }),
          onDone: 'sent',
          onError: [
            { guard: 'spent', target: 'lost', actions: 'count' },
            { target: 'backingOff', actions: 'count' },
          ],
        },
      },
      backingOff: { after: { wait: 'sending' }, on: { CANCEL: { guard: 'hasReason', target: 'lost' } } },
      sent: { type: 'final', entry: 'tellCustomer' },
      lost: { type: 'final' },
      ...(extraState ? { stolen: { type: 'final' } } : {}),
    },
  });
}

function counted(by: number): number {
  if (Number.isNaN(by)) throw new Error('NaN is no count');
  return by;
}

export const parcelEnvironment: MachineEnvironment = {
  input: null,
  effects: { 'courier.send': { outcomes: [{ type: 'done', value: { tracking: 'p-1' } }] } },
  events: [{ type: 'CANCEL', why: 'no longer wanted' }],
  operatorEvents: [],
  accepted: { CANCEL: ['backingOff'] },
  maxAttempts: 2,
};
