import { expect, test } from 'vitest';
import { type PlacingBound, placingBound } from '../../../src/services/ledger/placing-bound.ts';

function accept(bound: PlacingBound, orders: number, tookMs: number): PlacingBound {
  for (let n = 0; n < orders; n += 1) bound.accepted(tookMs);
  return bound;
}

test('a process begins with few, takes more with each order that is accepted in time, up to what shares a commit', () => {
  const bound = placingBound(() => 0);
  expect(bound.now()).toBe(64);
  expect(accept(bound, 36, 999).now()).toBe(100);
  expect(accept(bound, 1_000, 999).now()).toBe(256);
});

test('orders that are accepted slowly narrow it again, down to few; half slow and half fast leave it as it is', () => {
  const bound = accept(
    placingBound(() => 0),
    1_000,
    20,
  );
  expect(accept(bound, 56, 1_000).now()).toBe(200);
  for (let n = 0; n < 100; n += 1) accept(accept(bound, 1, 20), 1, 5_000);
  expect(bound.now()).toBe(200);
  expect(accept(bound, 1_000, 5_000).now()).toBe(64);
});

test('the more orders wait for a worker, the fewer are placed at a time; but never none', () => {
  const bounds = [0, 150, 200, 250, 350, 550, 600, 2_000, 1_000_000].map((backlog) =>
    accept(
      placingBound(() => backlog),
      1_000,
      20,
    ).now(),
  );
  expect(bounds).toEqual([256, 256, 128, 64, 16, 1, 1, 1, 1]);
});

test('the queue is away: nobody works, so nobody is spared', () => {
  expect(
    accept(
      placingBound(() => null),
      1_000,
      20,
    ).now(),
  ).toBe(256);
});
