import { describe, expect, it } from 'vitest';
import { activeLeaves, matchesPattern } from '../../src/verifier/active-states.ts';

describe('active states', () => {
  it.each([
    ['a', ['a']],
    [{ a: 'b' }, ['a.b']],
    [{ a: { b: 'c', d: { e: 'f' } } }, ['a.b.c', 'a.d.e.f']],
    [{ a: {}, b: 'c' }, ['a', 'b.c']],
    [{}, ['']],
  ])('of %j are %j', (value, leaves) => {
    expect(activeLeaves(value)).toEqual(leaves);
  });

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
