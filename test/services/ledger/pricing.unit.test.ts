import { expect, test } from 'vitest';
import { priceOrder } from '../../../src/services/ledger/pricing.ts';

const usd = (id: string, priceCents: number) => ({ id, priceCents, currency: 'USD' });

test('prices each line and sums the total, whatever the order of the quotes', () => {
  const items = [
    { productId: 'a', quantity: 2 },
    { productId: 'b', quantity: 3 },
  ];
  expect(priceOrder(items, [usd('b', 7), usd('c', 1), usd('a', 5)])).toEqual({
    type: 'priced',
    currency: 'USD',
    totalCents: 31,
    items: [
      { productId: 'a', quantity: 2, unitPriceCents: 5 },
      { productId: 'b', quantity: 3, unitPriceCents: 7 },
    ],
  });
});

test('a product may cost nothing', () => {
  expect(priceOrder([{ productId: 'a', quantity: 1 }], [usd('a', 0)])).toMatchObject({ totalCents: 0 });
});

test('every unknown product is named', () => {
  const items = ['a', 'b', 'c'].map((productId) => ({ productId, quantity: 1 }));
  expect(priceOrder(items, [usd('b', 1)])).toEqual({ type: 'product_not_found', productIds: ['a', 'c'] });
});

test('two currencies are refused, each named once', () => {
  const items = ['a', 'b', 'c'].map((productId) => ({ productId, quantity: 1 }));
  const quotes = [usd('a', 1), { ...usd('b', 1), currency: 'EUR' }, usd('c', 1)];
  expect(priceOrder(items, quotes)).toEqual({ type: 'mixed_currency', currencies: ['EUR', 'USD'] });
});

test.each([
  [2_147_483_647, 1, 'priced'],
  [1_073_741_824, 2, 'total_too_large'],
  [2_147_483_647, 1_000_000, 'total_too_large'],
])('%i cents × %i: %s', (priceCents, quantity, type) => {
  expect(priceOrder([{ productId: 'a', quantity }], [usd('a', priceCents)])).toMatchObject({ type });
});

test('the sum over lines is bounded too', () => {
  const items = ['a', 'b'].map((productId) => ({ productId, quantity: 1 }));
  expect(priceOrder(items, [usd('a', 2_147_483_647), usd('b', 1)])).toEqual({ type: 'total_too_large' });
});
