import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fingerprintOf, sumItems } from '../../../src/services/ledger/canonical.ts';
import type { Item, Placement } from '../../../src/services/ledger/entry.ts';

const placement = (items: readonly Item[], over: Partial<Placement> = {}): Placement => ({
  userId: 'u',
  email: 'e@example.com',
  payment: { method: 'card', token: 't' },
  ...over,
  items: sumItems(items),
});
const anyItems = fc.array(
  fc.record({ productId: fc.constantFrom('a', 'b', 'c'), quantity: fc.integer({ min: 1, max: 9 }) }),
  { minLength: 1, maxLength: 9 },
);

test('the same product twice is summed, products in key order', () => {
  expect(
    sumItems([
      { productId: 'b', quantity: 1 },
      { productId: 'a', quantity: 2 },
      { productId: 'b', quantity: 3 },
    ]),
  ).toEqual([
    { productId: 'a', quantity: 2 },
    { productId: 'b', quantity: 4 },
  ]);
});

test('neither the order of lines nor how a quantity is split changes the meaning', () => {
  fc.assert(
    fc.property(
      anyItems.chain((items) =>
        fc.tuple(fc.constant(items), fc.shuffledSubarray(items, { minLength: items.length, maxLength: items.length })),
      ),
      ([items, shuffled]) => {
        const split = shuffled.flatMap(({ productId, quantity }) =>
          Array.from({ length: quantity }, () => ({ productId, quantity: 1 })),
        );
        expect(fingerprintOf(placement(split))).toBe(fingerprintOf(placement(items)));
      },
    ),
  );
});

test('different sums mean different orders', () => {
  fc.assert(
    fc.property(anyItems, anyItems, (a, b) => {
      const same = JSON.stringify(sumItems(a)) === JSON.stringify(sumItems(b));
      expect(fingerprintOf(placement(a)) === fingerprintOf(placement(b))).toBe(same);
    }),
  );
});

test.each<[string, Partial<Placement>]>([
  ['user', { userId: 'v' }],
  ['e-mail', { email: 'f@example.com' }],
  ['token', { payment: { method: 'card', token: 'u' } }],
])('another %s means another order', (_what, over) => {
  const items = [{ productId: 'a', quantity: 1 }];
  expect(fingerprintOf(placement(items, over))).not.toBe(fingerprintOf(placement(items)));
});

test('a fingerprint shows nothing of what was asked', () => {
  expect(fingerprintOf(placement([{ productId: 'a', quantity: 1 }]))).toMatch(/^[0-9a-f]{64}$/);
});
