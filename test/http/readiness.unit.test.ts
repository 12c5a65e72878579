import { expect, test } from 'vitest';
import { createReadiness } from '../../src/http/readiness.ts';

test('a change is told once, however often it is found', () => {
  const told: (readonly string[])[] = [];
  const readiness = createReadiness((failing) => void told.push(failing));
  for (const failing of [[], ['postgres'], ['postgres'], ['postgres', 'queue'], [], []]) readiness.checked(failing);
  expect(told).toEqual([['postgres'], ['postgres', 'queue'], []]);
  expect(readiness.failing()).toEqual([]);
});
