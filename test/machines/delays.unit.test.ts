import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs, maxAttempts } from '../../src/machines/delays.ts';

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('backoffMs', () => {
  it.each([
    { failedAttempts: 1, boundMs: 1_000 },
    { failedAttempts: 2, boundMs: 4_000 },
    { failedAttempts: 3, boundMs: 16_000 },
    { failedAttempts: 4, boundMs: 64_000 },
  ])('after attempt $failedAttempts: whole milliseconds in [b/2, b] of $boundMs', ({ failedAttempts, boundMs }) => {
    fc.assert(
      fc.property(random, (random) => {
        const waitMs = backoffMs(failedAttempts, random);
        expect(waitMs).toBeGreaterThanOrEqual(boundMs / 2);
        expect(waitMs).toBeLessThanOrEqual(boundMs);
        expect(Number.isInteger(waitMs)).toBe(true);
      }),
    );
    expect([backoffMs(failedAttempts, 0), backoffMs(failedAttempts, 1 - 2 ** -53)]).toEqual([boundMs / 2, boundMs]);
  });

  it('spreads uniformly: the wait is linear in the random number', () => {
    expect([0, 0.25, 0.5, 0.75].map((random) => backoffMs(3, random))).toEqual([8_000, 10_000, 12_000, 14_000]);
  });

  it('never waits longer than for the last attempt, nor shorter than for the first', () => {
    fc.assert(
      fc.property(fc.integer({ min: -5, max: 1_000 }), random, (failedAttempts, random) => {
        expect(backoffMs(failedAttempts, random)).toBeLessThanOrEqual(backoffMs(maxAttempts - 1, random));
        expect(backoffMs(failedAttempts, random)).toBeGreaterThanOrEqual(backoffMs(1, random));
      }),
    );
  });
});
