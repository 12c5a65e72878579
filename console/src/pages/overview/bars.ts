/** Minutes as bars: their heights, the scale beside them, and which minutes are named below. Pure. */

export interface Minute {
  readonly at: string;
  readonly placed: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly declined: number;
}

/** A round number not below the highest bar: 1, 2, 5 × 10ⁿ, in steps that are whole. */
export function scaleTop(highest: number): number {
  if (highest <= 4) return 4;
  const power = 10 ** Math.floor(Math.log10(highest));
  const step = [1, 2, 4, 5, 8, 10].find((factor) => factor * power >= highest) ?? 10;
  return step * power;
}

/** What ended in a minute, from below: what went well first. */
export function partsOf({ completed, declined, cancelled, failed }: Minute) {
  return [
    { name: 'completed', count: completed },
    { name: 'declined', count: declined },
    { name: 'cancelled', count: cancelled },
    { name: 'failed', count: failed },
  ] as const;
}

export const endedIn = (minute: Minute): number => partsOf(minute).reduce((sum, { count }) => sum + count, 0);
