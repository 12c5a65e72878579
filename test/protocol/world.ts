/** Everything that exists in the model, and the two ways to change it that all steps share. */
import type { Mistake } from './mistakes.ts';

/** Steps of the saga: two remote effects, the pivot (local), the undo of the money. */
export type At =
  | 'authorizing.calling'
  | 'authorizing.backingOff'
  | 'capturing.calling'
  | 'capturing.backingOff'
  | 'confirming.calling'
  | 'undoing.calling'
  | 'undoing.backingOff'
  | 'undoing.parked'
  | 'completed'
  | 'authorizationFailed'
  | 'failed'
  | 'cancelled';

export type Call = 'authorize' | 'capture' | 'undo';
export type Outcome = 'done' | 'refused' | 'failed' | 'unknown';

export interface Effect {
  /** Names this very arming. */
  readonly id: number;
  readonly token: number;
  readonly claims: number;
  /** `over`: claimed once, the lease has ended. */
  readonly lease: 'none' | 'live' | 'over';
}

/** The actor's row. */
export interface Actor {
  readonly at: At;
  readonly attempts: number;
  /** Why it will not complete. */
  readonly stop: null | 'cancelled' | 'expired' | 'refused' | 'spent';
  readonly effect: Effect | null;
  /** Backoff, or the reservation's expiry while the capture is called. */
  readonly timer: null | 'set' | 'due';
  /** Effects armed so far: the next one's id. */
  readonly armed: number;
}

/** When the wake row is due: soon (a redelivery interval), or with the timer or the lease, whichever is first. */
export type Wake = 'none' | 'soon' | 'timer' | 'lease' | 'either';

/** What a process is about to do. Everything here is lost when it dies. */
export type Process =
  | null
  | { readonly does: 'advance' }
  | {
      readonly does: 'await';
      readonly call: Call;
      readonly id: number;
      readonly token: number;
      readonly attempt: number;
      readonly late?: true;
    }
  | {
      readonly does: 'report';
      readonly id: number;
      readonly token: number;
      readonly outcome: Outcome;
      readonly late?: true;
    }
  /** The answer to its COMMIT was lost. */
  | {
      readonly does: 'look';
      readonly committed: boolean;
      readonly next: Process;
      readonly redo: Process;
      readonly moved: boolean;
    };

export interface Gateway {
  readonly authorized: 'no' | 'yes' | 'declined';
  readonly captures: number;
  readonly captureDeclined: boolean;
  /** Voided, or a tombstone for what has not come yet. */
  readonly voided: boolean;
  readonly refunded: boolean;
}

/** A request under way to the gateway; `to` is nobody once its caller has given up or died. */
export interface Sent {
  readonly call: Call;
  readonly to: number | null;
  readonly attempt: number;
}

export type Answer = 'authorized' | 'awaiting' | 'declined';

export interface World {
  readonly actor: Actor | null;
  readonly wake: Wake;
  /** A CANCEL on its way to the actor, as a message in the outbox; `heard` once a commit applied or ignored it. */
  readonly message: 'none' | 'due' | 'soon' | 'heard';
  readonly answer: Answer | null;
  /** A job waits in the queue. More of them change nothing: a second one finds what the first has left. */
  readonly hasJob: boolean;
  /** Edge, worker, worker. */
  readonly processes: readonly Process[];
  readonly sent: readonly Sent[];
  readonly gateway: Gateway;
  readonly client: {
    readonly asked: number;
    readonly open: boolean;
    readonly got: Answer | null;
    readonly stops: null | 'asked' | 'told';
    readonly retried: boolean;
  };
  readonly faults: number;
  /** An invariant that a step itself has broken. */
  readonly broken: string | null;
}

export interface Bounds {
  /** Faults in one run: crashes, pauses, wipes, lost answers, timeouts, 503s. */
  readonly faults: number;
  readonly attempts: number;
  readonly claims: number;
  readonly requests: number;
  /** CANCEL, by the customer or told by another actor, may come. */
  readonly stops: boolean;
}

export interface Step {
  readonly name: string;
  /** `time` may pass at any moment, but must pass only when nobody has work to do; a `choice` may never be made. */
  readonly kind: 'work' | 'time' | 'choice' | 'fault';
  readonly world: World;
}

/** The protocol as it is explored: within these bounds, with one mistake or none. */
export interface Protocol {
  readonly bounds: Bounds;
  makes(mistake: Mistake): boolean;
}

export const initial = (bounds: Bounds): World => ({
  actor: null,
  wake: 'none',
  message: 'none',
  answer: null,
  hasJob: false,
  processes: [null, null, null],
  sent: [],
  gateway: { authorized: 'no', captures: 0, captureDeclined: false, voided: false, refunded: false },
  client: { asked: 0, open: false, got: null, stops: null, retried: false },
  faults: bounds.faults,
  broken: null,
});

export const processNames = ['edge', 'worker', 'other worker'] as const;
export const edge = 0;
export const isFinal = (at: At): boolean => !at.includes('.');
export const isParked = (at: At): boolean => at.endsWith('.parked');
export const isAccepted = (at: At): boolean => !at.startsWith('authorizing') && at !== 'authorizationFailed';
export const calls: Partial<Record<At, Call>> = {
  'authorizing.calling': 'authorize',
  'capturing.calling': 'capture',
  'undoing.calling': 'undo',
};

export function put(world: World, i: number, process: Process): World {
  return { ...world, processes: world.processes.map((other, j) => (j === i ? process : other)) };
}

export const step = (name: string, world: World): Step => ({ name, kind: 'work', world });
export const time = (name: string, world: World): Step => ({ name: `time: ${name}`, kind: 'time', world });
export const choice = (name: string, world: World): Step => ({ name, kind: 'choice', world });
export const fault = (name: string, world: World): Step => ({ name, kind: 'fault', world });

/** Whether this process believes to hold the lease of this effect. */
export function holds(process: Process, effect: Effect | null): boolean {
  if (!process || !effect) return false;
  if (process.does === 'look') return holds(process.committed ? process.next : process.redo, effect);
  return 'token' in process && process.id === effect.id && process.token === effect.token;
}
