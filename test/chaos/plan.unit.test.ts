/** The plan of a chaos run: the same for the same seed, and complete. */
import { describe, expect, it } from 'vitest';
import { crashLabels } from '../../src/crash-points/crash-points.ts';
import { chance, deck } from './chance.ts';
import { createCounters } from './counters.ts';
import { expectedFaults, faults, killAt } from './profiles.ts';

const dealt = (seed: number): number[] => {
  const next = deck([1, 2, 3, 4, 5, 6, 7, 8], chance(seed));
  return Array.from({ length: 16 }, next);
};

describe('a deck', () => {
  it('deals all of its cards before any of them again', () => {
    const cards = dealt(7);
    const all = [1, 2, 3, 4, 5, 6, 7, 8];
    expect(cards.slice(0, 8).toSorted((a, b) => a - b)).toEqual(all);
    expect(cards.slice(8).toSorted((a, b) => a - b)).toEqual(all);
  });

  it('deals by its seed', () => {
    expect(dealt(7)).toEqual(dealt(7));
    expect(dealt(7)).not.toEqual(dealt(8));
  });
});

describe('a run', () => {
  it('kills at every label', () => {
    expect(expectedFaults('redis')).toEqual(expect.arrayContaining(crashLabels.map(killAt)));
  });

  it('without Redis does without its faults alone', () => {
    const without = expectedFaults('postgres');
    expect(expectedFaults('redis').filter((name) => !without.includes(name))).toEqual([
      faults.flushed,
      faults.redisKilled,
    ]);
  });

  it('names what never struck', () => {
    const counters = createCounters(['a', 'b', 'c']);
    counters.add('b');
    counters.add('c', 0);
    expect(counters.missing()).toEqual(['a', 'c']);
    expect(counters.missing(['c'])).toEqual(['a']);
  });
});
