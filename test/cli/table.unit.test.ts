import { describe, expect, it } from 'vitest';
import { duration, money, textTable } from '../../src/cli/table.ts';

describe('tables', () => {
  it('are columns with two spaces between them, and no space at the end of a line', () => {
    expect(
      textTable(
        ['order', 'n', 'reason'],
        [
          ['a', 1, ''],
          ['long name', 20, 'because'],
        ],
      ),
    ).toBe(['ORDER      N   REASON', 'a          1', 'long name  20  because'].join('\n'));
  });

  it('need no headings', () => {
    expect(textTable([], [['status', 'COMPLETED']])).toBe('status  COMPLETED');
  });
});

describe('money', () => {
  it.each([
    [0, '0.00 USD'],
    [5, '0.05 USD'],
    [2_999, '29.99 USD'],
    [2_147_483_647, '21474836.47 USD'],
  ])('%i cents is %s', (cents, text) => {
    expect(money(cents, 'USD')).toBe(text);
  });

  it.each([
    ['JPY', '2999 JPY'],
    ['KWD', '2.999 KWD'],
    ['XQX', '29.99 XQX'],
  ])('in %s is %s', (currency, text) => {
    expect(money(2_999, currency)).toBe(text);
  });
});

describe('durations', () => {
  it.each([
    [-5, '0 ms'],
    [12.4, '12 ms'],
    [999, '999 ms'],
    [1_000, '1.0 s'],
    [59_940, '59.9 s'],
    [60_000, '1 min'],
    [3_599_999, '59 min'],
    [3_600_000, '1 h'],
    [172_799_999, '47 h'],
    [172_800_000, '2 d'],
  ])('%d ms is %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });
});
