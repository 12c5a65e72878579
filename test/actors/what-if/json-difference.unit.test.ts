import { expect, test } from 'vitest';
import { jsonDifference } from '../../../src/actors/what-if/json-difference.ts';

test('names the smallest parts that differ, as JSON Pointers', () => {
  const before = { same: { a: [1, { b: 2 }] }, changed: 1, gone: null, list: [1, 2], kind: [1], 'a/b~c': 1 };
  const after = { same: { a: [1, { b: 2 }] }, changed: 2, list: [1, 3, 4], kind: { 0: 1 }, 'a/b~c': 2, added: null };
  expect(jsonDifference(before, after)).toEqual([
    { path: '/changed', before: 1, after: 2 },
    { path: '/gone', before: null },
    { path: '/list/1', before: 2, after: 3 },
    { path: '/list/2', after: 4 },
    { path: '/kind', before: [1], after: { 0: 1 } },
    { path: '/a~1b~0c', before: 1, after: 2 },
    { path: '/added', after: null },
  ]);
});

test('equal values do not differ; the whole may', () => {
  expect(jsonDifference({ a: [{}] }, { a: [{}] })).toEqual([]);
  expect(jsonDifference(1, '1')).toEqual([{ path: '', before: 1, after: '1' }]);
});
