import { describe, expect, it } from 'vitest';
import { matchesPattern } from '../../src/verifier/matches-pattern.ts';

describe('a pattern of states', () => {
  it.each([
    ['a', true],
    ['a.b', true],
    ['a.b.c', true],
    ['*.b', true],
    ['a.*.c', true],
    ['d', true],
    ['a.c', false],
    ['a.b.c.*', false],
    ['b', false],
    ['', false],
  ])('a.b.c and d: %s matches: %s', (pattern, matches) => {
    expect(matchesPattern(['a.b.c', 'd'], pattern)).toBe(matches);
  });
});
