import { describe, expect, it } from 'vitest';
import { piecesOf } from '../../console/src/pages/order/timeline.ts';
import { amountOf, centsOf, instantOf, localOf, readFilters } from '../../console/src/pages/orders/filters.ts';
import { endedIn, scaleTop } from '../../console/src/pages/overview/bars.ts';
import { factsOf } from '../../console/src/pages/machines/state-facts.ts';
import { duration, money, percent, words } from '../../console/src/ui/format.ts';

describe('what people read', () => {
  it('durations: two units at most', () => {
    const texts = [0, 999, 1_000, 9_949, 59_900, 60_000, 185_000, 7_440_000, 90_000_000].map(duration);
    expect(texts).toEqual(['0 ms', '999 ms', '1.0 s', '9.9 s', '60 s', '1 min', '3 min 5 s', '2 h 4 min', '1 d 1 h']);
  });

  it('amounts have as many decimals as their currency', () => {
    expect(money(1_234, 'EUR')).toMatch(/12[.,]34/);
    expect(money(1_234, 'JPY')).toMatch(/1[,.]?234/);
    expect(money(1_234, 'BHD')).toMatch(/1[.,]234/);
  });

  it('shares near the whole are not rounded up to it', () => {
    expect([percent(1), percent(0.99996), percent(0.9876), percent(0)]).toEqual(['100 %', '> 99.9 %', '98.8 %', '0 %']);
    expect(words('reservingInventory')).toBe('reserving inventory');
  });
});

describe('the timeline', () => {
  it('long gaps grow by their logarithm and say so', () => {
    const at = (seconds: number): string => new Date(seconds * 1_000).toISOString();
    const stop = (revision: number, seconds: number) => ({
      revision,
      to: `s${revision}`,
      status: null,
      at: at(seconds),
    });
    const pieces = piecesOf([stop(1, 0), stop(2, 1), stop(3, 3_601), stop(4, 3_602)]);
    expect(pieces.map(({ ms, isCompressed }) => [ms, isCompressed])).toEqual([
      [1_000, false],
      [3_600_000, true],
      [1_000, false],
      [null, false],
    ]);
    const [short, long] = pieces;
    expect((long?.weight ?? 0) / (short?.weight ?? 1)).toBeLessThan(4);
  });
});

describe('the filters of the orders', () => {
  it('keep what they know of an address, as text', () => {
    expect(readFilters({ status: 'FAILED', min_cents: 500, cursor: 'x', user_id: '', view: ['stuck'] })).toEqual({
      status: 'FAILED',
      min_cents: '500',
    });
  });

  it('amounts and instants go both ways', () => {
    expect([centsOf('12,50'), centsOf(' '), centsOf('-1'), centsOf('x')]).toEqual(['1250', '', '', '']);
    expect(amountOf('1250')).toBe('12.5');
    expect(instantOf(localOf('2026-01-31T13:00:00.000Z'))).toBe('2026-01-31T13:00:00.000Z');
    expect([instantOf(''), localOf('nonsense')]).toEqual(['', '']);
  });
});

it('bars: the scale ends at a round number not below the highest', () => {
  expect([0, 3, 5, 11, 43, 99, 101].map(scaleTop)).toEqual([4, 4, 5, 20, 50, 100, 200]);
  expect(endedIn({ at: '', placed: 9, completed: 1, failed: 2, cancelled: 3, declined: 4 })).toBe(10);
});

it('a box counts the actors of all states inside', () => {
  const state = (path: string, actors: number, parked: number) => ({
    version: '1',
    state: path,
    actors,
    parked,
    visits: 0,
    dwell_ms: { p50: null, p95: null, max: null },
    expected_ms: null,
    outcomes: { done: 0, refused: 0, failed: 0, unknown: 0 },
    error_rate: null,
  });
  const boxOf = new Map([
    ['a.calling', 'a'],
    ['a.parked', 'a'],
    ['b', 'b'],
  ]);
  const facts = factsOf(
    [state('a.calling', 2, 0), state('a.parked', 2, 2), state('b', 0, 0), state('gone', 3, 0)],
    boxOf,
    () => false,
  );
  expect([...facts]).toEqual([['a', { text: '4', tone: 'attention' }]]);
});

it('a box of a machine says how long its states are stayed in and how often their calls fail, the worst of each', () => {
  const state = (name: string, p95: number | null, rate: number | null, expected: number | null = null) => ({
    version: '1',
    state: name,
    actors: 0,
    parked: 0,
    visits: 1,
    dwell_ms: { p50: p95, p95, max: p95 },
    expected_ms: expected,
    outcomes: { done: 0, refused: 0, failed: 0, unknown: 0 },
    error_rate: rate,
  });
  const boxOf = new Map(
    ['a.calling', 'a.backingOff', 'a.parked', 'b', 'c', 'quick'].map((path) => [path, path.slice(0, 1)]),
  );
  const facts = factsOf(
    [
      state('a.calling', 300, 0.02),
      state('a.backingOff', 3_100, null),
      // A person took a day.
      state('a.parked', 86_400_000, null),
      state('b', 5_000, 0, 4_000),
      state('c', 20, 0.25),
      state('quick', 0, 0),
    ],
    boxOf,
    (path) => path === 'a.parked',
  );
  expect([...facts]).toEqual([
    ['a', { text: 'p95 3.1 s · ✕ 2.0 %', tone: 'plain' }],
    ['b', { text: 'p95 5.0 s', tone: 'attention' }],
    ['c', { text: 'p95 20 ms · ✕ 25.0 %', tone: 'bad' }],
  ]);
});
