/** How long machines wait: between attempts of one step, and before an order's promises lapse. */

/** A step is tried this often in all; then the saga compensates, or parks. */
export const maxAttempts = 5;

const minutesMs = 60_000;
const daysMs = 24 * 60 * minutesMs;

/** A card authorization lapses at the gateway after about a week; past it there is nothing to capture. */
export const authorizationExpiryMs = 7 * daysMs;

/** Reserved stock is kept from other buyers for no longer than this while the capture does not get through. */
export const reservationExpiryMs = 15 * minutesMs;

/**
 * The wait after a failed attempt: uniform in [b/2, b] for b = 1, 4, 16, 64 s, so that orders hit by one outage do not
 * come back at once.
 * @param failedAttempts how many attempts of the step have failed; clamped to 1–4
 * @param random in [0, 1), as it came with the outcome
 * @returns whole milliseconds
 */
export function backoffMs(failedAttempts: number, random: number): number {
  const waits = Math.min(Math.max(failedAttempts, 1), maxAttempts - 1);
  const boundMs = 1_000 * 4 ** (waits - 1);
  return Math.round(boundMs / 2 + (random * boundMs) / 2);
}
