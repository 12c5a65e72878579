/** What goes wrong on a path besides what it says: the process dies at one point of it, one call hangs at another. Pure. */
import type { PathStep } from '../../../src/verifier/paths.ts';
import type { AtLeast } from './instants.ts';

export interface Crash {
  /**
   * `committed`: when this step's transition is durable, and before anybody hears of it. `claimed`: when the lease for
   * this step's call is durable, the call not made. `answered`: when this step's call was answered, its outcome not
   * committed.
   */
  readonly when: 'committed' | 'claimed' | 'answered';
  readonly step: number;
}

/** @param isRemote whether the effect is called outside of transactions: a local one has no claim and no answer */
export function crashesOf(steps: readonly PathStep[], isRemote: (effect: string) => boolean): readonly Crash[] {
  return steps.flatMap(({ delivery }, step): Crash[] => [
    ...(delivery.type === 'outcome' && isRemote(delivery.effect.src)
      ? [{ when: 'claimed', step } as const, { when: 'answered', step } as const]
      : []),
    { when: 'committed', step },
  ]);
}

/** One call of this step is answered only when its lease is over and another call of the same effect was claimed. */
export interface Stall {
  readonly step: number;
  /** `overtaken`: before the newer one's outcome is committed, so the fence drops it; `late`: afterwards, so it is stale. */
  readonly answers: 'overtaken' | 'late';
}

/** Where a call can hang without the crash being in the way. */
export function stallsOf(
  steps: readonly PathStep[],
  isRemote: (effect: string) => boolean,
  crash: Crash,
): readonly Stall[] {
  const disturbed = crash.when === 'committed' ? nextOutcome(steps, crash.step) : crash.step;
  return steps.flatMap(({ delivery }, step): Stall[] => {
    if (delivery.type !== 'outcome' || !isRemote(delivery.effect.src)) return [];
    // Its late answer must find the process alive.
    const isApart = step + 2 <= crash.step || step > disturbed;
    if (!isApart) return [];
    // A local effect that comes next holds all commits up, that of the late answer too.
    const isFree = steps[step]?.node.row.effects.every(({ src }) => isRemote(src)) ?? false;
    return [{ step, answers: 'overtaken' }, ...(isFree ? [{ step, answers: 'late' } as const] : [])];
  });
}

function nextOutcome(steps: readonly PathStep[], after: number): number {
  const next = steps.findIndex(({ delivery }, step) => step > after && delivery.type === 'outcome');
  return next < 0 ? Infinity : next;
}

/** Longer than any lease, and than the outbox's interval. */
export const recoveryMs = 8_000;

/** The time that must pass on the path for the others to take over. */
export function pausesOf(steps: readonly PathStep[], crash: Crash, stall: Stall | null): readonly AtLeast[] {
  const paused = pausedStep(crash, steps);
  const from = crash.when === 'committed' ? crash.step : crash.step - 1;
  return [
    ...(paused === null ? [] : [{ from, to: paused, ms: recoveryMs }]),
    ...(stall ? [{ from: stall.step - 1, to: stall.step, ms: recoveryMs }] : []),
  ];
}

/** The step before which the dead one's lease, or the outbox's interval, must have run out; null: none. */
function pausedStep(crash: Crash, steps: readonly PathStep[]): number | null {
  if (crash.when !== 'committed') return crash.step;
  const row = steps[crash.step]?.node.row;
  // Whatever comes next, a timer or an event from outside, brings the actor to the others by itself.
  if (row && row.effects.length === 0 && (row.timers.length > 0 || row.parked)) return null;
  const next = steps.findIndex(({ delivery }, step) => step > crash.step && delivery.type !== 'timer');
  return next < 0 ? null : next;
}

export function describeCrash({ when, step }: Crash): string {
  return `${when}, step ${step + 1}`;
}
