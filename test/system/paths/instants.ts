/** When each step of a path happens, so that every timer which the path wants is the first one due. Pure. */
import {
  type ActorMachine,
  type ActorRow,
  dryStart,
  dryStep,
  type Json,
  type Timer,
} from '../../../src/actors/index.ts';
import type { PathStep } from '../../../src/verifier/paths.ts';

/** Steps `from` and `to` lie at least so far apart: `at[to] >= at[from] + ms`. */
export interface AtLeast {
  readonly from: number;
  readonly to: number;
  readonly ms: number;
}

/**
 * The earliest instants, in ms after the start. An explorer lets any armed timer fire; a clock only the earliest, so an
 * expiry that overtakes a backoff must have been waited for before that backoff began.
 * @returns takes what must pass besides (a lease that runs out); throws when no clock could show the path so
 */
export function instantsOf(
  machine: ActorMachine,
  steps: readonly PathStep[],
): (pauses?: readonly AtLeast[]) => readonly number[] {
  const bounds = boundsOf(machine, steps);
  return (pauses = []) => leastInstants(steps.length, [...bounds, ...pauses]);
}

function leastInstants(count: number, bounds: readonly AtLeast[]): readonly number[] {
  const at = Array.from({ length: count }, () => 0);
  for (let round = 0; round <= count; round += 1) {
    let isSettled = true;
    for (const { from, to, ms } of bounds) {
      const earliest = (at[from] ?? 0) + ms;
      if ((at[to] ?? 0) >= earliest) continue;
      at[to] = earliest;
      isSettled = false;
    }
    if (isSettled) return at;
  }
  throw new Error('no clock could show this path: some timer would have to overtake another');
}

function boundsOf(machine: ActorMachine, steps: readonly PathStep[]): AtLeast[] {
  const rows = rowsOf(machine, steps);
  const armed = new Map<Timer, { readonly step: number; readonly delayMs: number }>();
  const bounds: AtLeast[] = [];
  for (const [step, { delivery }] of steps.entries()) {
    if (step > 0) bounds.push({ from: step - 1, to: step, ms: 0 });
    for (const timer of rows[step - 1]?.timers ?? []) {
      const since = armed.get(timer);
      if (!since) throw new Error(`${timer.id} was armed by no step`);
      const { delayMs } = since;
      if (delivery.type === 'timer' && delivery.timer.id === timer.id)
        bounds.push({ from: since.step, to: step, ms: delayMs });
      // Not due yet, or it would come first.
      else bounds.push({ from: step, to: since.step, ms: 1 - delayMs });
    }
    for (const timer of rows[step]?.timers ?? [])
      if (!armed.has(timer)) armed.set(timer, { step, delayMs: timer.dueAtMs - nowMsOf(step) });
  }
  return bounds;
}

/** Any instants will do: a timer that is kept stays the same object, which tells it from one that was armed again. */
const nowMsOf = (step: number): number => step;

/** The actor after each step. */
function rowsOf(machine: ActorMachine, steps: readonly PathStep[]): ActorRow[] {
  const rows: ActorRow[] = [];
  for (const [step, { delivery, event }] of steps.entries()) {
    const before = rows[step - 1];
    if (!before) {
      const input: Json = event['input'] ?? null;
      rows.push(dryStart(machine, 'an actor', input, nowMsOf(step)).row);
      continue;
    }
    const settled =
      delivery.type === 'outcome' && before.effects.find(({ invoke }) => invoke === delivery.effect.invoke);
    const timer = delivery.type === 'timer' && before.timers.find(({ id }) => id === delivery.timer.id);
    const cause = { event, ...(settled ? { settled } : {}), ...(timer ? { timer } : {}) };
    rows.push(dryStep(machine, before, cause, nowMsOf(step)).row);
  }
  return rows;
}
