/** One step of a machine, an effect tried until it is settled: how often it failed, and why. */
import type { Uncertain } from './effects.ts';
import { backoffMs, maxAttempts } from './delays.ts';

/** The step that a machine is in; reset when another begins, and by RETRY. */
export type Step = {
  /** Attempts that ended failed or unknown. */
  readonly attempts: number;
  /** In [0, 1), from the last of them: the next wait is drawn with it, so that replaying gives the same wait. */
  readonly random: number;
  /** The last outcome that was not `done`. Its message stays in the transition log alone. */
  readonly trouble: Trouble | null;
};

export type Trouble = { readonly outcome: 'refused' | 'failed' | 'unknown'; readonly code: string };

export const newStep: Step = { attempts: 0, random: 0, trouble: null };

/** The step after one more attempt that ended failed or unknown. */
export function stepAfter(step: Step, error: Uncertain): Step {
  return {
    attempts: step.attempts + 1,
    random: error.random,
    trouble: { outcome: error.type, code: error.code },
  };
}

/** Whether the attempt that has just failed was the last one. */
export function isLastAttempt(step: Step): boolean {
  return step.attempts + 1 >= maxAttempts;
}

/** How long the step waits for its next attempt. */
export function waitMs(step: Step): number {
  return backoffMs(step.attempts, step.random);
}

/** An event that carries the answer of a settled effect. @throws if it is none: the chart is wired wrongly */
export function settled<Event extends { readonly type: string }>(event: Event): Extract<Event, { output: unknown }> {
  if (!isSettled(event)) throw new Error(`${event.type} is not the outcome of a settled effect`);
  return event;
}

/** What an outcome said that settled nothing. @throws if the event is none: the chart is wired wrongly */
export function uncertain<Event extends { readonly type: string }>(event: Event): Uncertain {
  if (!isUncertain(event)) throw new Error(`${event.type} is not an uncertain outcome`);
  return event.error;
}

function isSettled<Event extends object>(event: Event): event is Extract<Event, { output: unknown }> {
  return 'output' in event;
}

function isUncertain<Event extends object>(event: Event): event is Extract<Event, { error: Uncertain }> {
  return 'error' in event;
}
