import { describe, expect, it } from 'vitest';
import { median, percentile, ratios, round, spread } from '../../bench/figures.ts';

describe('percentile', () => {
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);

  it('is the value that as many percent do not exceed, whatever the order', () => {
    expect(percentile(hundred, 50)).toBe(50);
    expect(percentile(hundred, 99)).toBe(99);
    expect(percentile(hundred, 100)).toBe(100);
    expect(percentile(hundred, 0)).toBe(1);
  });

  it('of few values is the highest that still counts', () => {
    expect(percentile([3, 1, 2], 99)).toBe(3);
    expect(percentile([7], 1)).toBe(7);
    expect(percentile([], 50)).toBe(0);
  });
});

describe('median', () => {
  it('is the middle one, or halfway between the two in the middle', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([9, 1, 5, 6])).toBe(5.5);
    expect(median([])).toBe(0);
  });
});

describe('spread', () => {
  it('shows the lowest and the highest beside the median, without touching what it was given', () => {
    const values = [30, 10, 20];
    expect(spread(values)).toEqual({ median: 20, min: 10, max: 30 });
    expect(values).toEqual([30, 10, 20]);
  });
});

describe('ratios', () => {
  it('pairs the values of each round', () => {
    expect(ratios([10, 20, 30], [5, 10, 60])).toEqual([2, 2, 0.5]);
  });

  it('leaves out a round in which either has none', () => {
    expect(ratios([10, null, 30, 40], [5, 10, null, 0])).toEqual([2]);
    expect(ratios([10, 20], [5])).toEqual([2]);
  });
});

describe('round', () => {
  it('keeps three decimals of what is below one, and two of the rest', () => {
    expect(round(0.06789)).toBe(0.068);
    expect(round(12.3456)).toBe(12.35);
    expect(round(12.3456, 0)).toBe(12);
    expect(round(-0.06789)).toBe(-0.068);
  });
});
