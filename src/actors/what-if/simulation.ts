/** What simulating an actor tells: its steps, one after the other, and where it stands in the end. */
import type { JsonChange } from './json-difference.ts';
import type { ActorEvent, ActorRow, Json, NewMessage, PendingEffect, SettledOutcome, StateView } from '../ports.ts';

/**
 * What a participant may definitely answer to an effect, the likely one of each kind first.
 * @param context of the actor that asks
 */
export type LikelyAnswers = (effect: PendingEffect, context: Json) => readonly SettledOutcome[];

export interface SimulationOptions {
  /** The instant at which the virtual clock starts. */
  readonly nowMs: number;
  readonly likelyAnswers: LikelyAnswers;
  /** In [0, 1): what a failed or unknown outcome carries for the wait behind it. Default: 0.5. */
  readonly random?: number;
  /** Default: 500. */
  readonly maxSteps?: number;
}

export interface Simulation {
  readonly start: Standing;
  readonly steps: readonly SimulatedStep[];
  /** The actor as it would be stored. */
  readonly end: Standing;
  /** Inputs were left: one of them could not be brought at all, or there were too many steps. */
  readonly stopped: 'impossible' | 'too many steps' | null;
}

/** Where an actor stands, and what may happen to it. */
export interface Standing {
  readonly row: ActorRow;
  /** Null when its snapshot does not fit its machine. */
  readonly view: StateView | null;
  /** By the virtual clock. */
  readonly atMs: number;
  readonly possible: Possible;
}

/** One delivery, of which an input may bring several: timers that come due on the way, effects that are done in a row. */
export type SimulatedStep = {
  /** Which input brought it, from 0. */
  readonly input: number;
  /** As an input is written: `CANCEL`, `capture refused`, `timer backoff`. */
  readonly text: string;
  /** By the virtual clock. */
  readonly atMs: number;
} & (
  | SimulatedTransition
  /** The runtime would let it go on, which is no transition. */
  | { readonly type: 'unparked' }
  /** The runtime would park it. */
  | { readonly type: 'parked'; readonly reason: string }
  /** The state does not accept the event: nothing changes. */
  | { readonly type: 'refused'; readonly reason: string; readonly possible: Possible }
  /** No runtime would bring it now (no such effect is pending, no such timer set): the simulation stops here. */
  | { readonly type: 'impossible'; readonly reason: string; readonly possible: Possible }
);

export interface SimulatedTransition {
  readonly type: 'transition';
  readonly event: ActorEvent;
  readonly revision: number;
  readonly from: string;
  readonly to: StateView;
  readonly armed: readonly PendingEffect[];
  /** Pending before and not any more, other than by its outcome. */
  readonly left: readonly PendingEffect[];
  readonly timersSet: readonly NamedTimer[];
  /** Not the one that fired. */
  readonly timersCancelled: readonly NamedTimer[];
  readonly told: readonly NewMessage[];
  /** How the context changed. */
  readonly changes: readonly JsonChange[];
}

export interface NamedTimer {
  readonly id: string;
  /** The name of its delay. */
  readonly delay: string;
  readonly dueAtMs: number;
}

/** What can happen to an actor next. */
export interface Possible {
  /** Types of the events that it accepts; some want a payload. */
  readonly events: readonly string[];
  /** Each may be done, refused, failed or unknown. */
  readonly effects: readonly PendingEffect[];
  /** In the order in which they fire. */
  readonly timers: readonly NamedTimer[];
}

/** As inputs that may be written next. */
export function possibleInputs({ events, effects, timers }: Possible): string[] {
  const outcomes = ['done', 'refused', 'failed', 'unknown'];
  return [
    ...events,
    ...effects.flatMap(({ invoke }) => outcomes.map((outcome) => `${invoke} ${outcome}`)),
    ...timers.map(({ delay }) => `timer ${delay}`),
    ...(timers.length > 0 ? ['wait <duration>'] : []),
    ...(effects.length > 0 ? ['happy'] : []),
  ];
}
