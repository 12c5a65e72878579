/** Leases and tokens: who may call, whose outcome counts. */
import { describe, expect, test } from 'vitest';
import { checkFence, claim, giveBack, isLeased, maxNotNowMs, replaceEffect, unclaim } from '../../src/actors/fence.ts';
import type { ActorRow, PendingEffect } from '../../src/actors/ports.ts';

const fresh: PendingEffect = {
  id: 'pay@3',
  invoke: 'pay',
  src: 'bank.pay',
  input: { n: 1 },
  timeoutMs: 1_000,
  claims: 0,
  token: 0,
  lease: null,
  notNowSinceMs: null,
};
const options = { nowMs: 10_000, marginMs: 500, commitId: 'c1' };
const rowWith = (...effects: PendingEffect[]): ActorRow => ({
  id: 'a',
  machine: 'm',
  version: '1',
  structureHash: '',
  revision: 3,
  path: 's',
  snapshot: { status: 'active', value: 's', context: {} },
  timers: [],
  effects,
  parked: null,
  traceparent: null,
  startedAtMs: 0,
  enteredAtMs: 0,
});

describe('a claim', () => {
  test('burns one, takes the next token, and leases for the timeout and a margin', () => {
    expect(claim(fresh, options)).toEqual({
      ...fresh,
      claims: 1,
      token: 1,
      lease: { untilMs: 11_500, commitId: 'c1' },
    });
    expect(claim(claim(fresh, options), { ...options, nowMs: 20_000, commitId: 'c2' })).toMatchObject({
      claims: 2,
      token: 2,
      lease: { untilMs: 21_500 },
    });
  });

  test('is live until the very instant it ends', () => {
    const leased = claim(fresh, options);
    expect([isLeased(fresh, 0), isLeased(leased, 11_499), isLeased(leased, 11_500)]).toEqual([false, true, false]);
  });
});

test.each([
  ['pay@3', 1, 'current'],
  ['pay@3', 0, 'fenced'],
  ['pay@3', 2, 'fenced'],
  ['pay@2', 1, 'stale'],
])('an outcome of %s under token %d is %s', (effectId, token, verdict) => {
  expect(checkFence(rowWith(claim(fresh, options)), effectId, token).type).toBe(verdict);
});

describe('giving back', () => {
  const leased = claim(claim(fresh, options), options);

  test('burns no claim, and makes the old token worthless', () => {
    expect(unclaim(leased)).toEqual({ ...leased, claims: 1, token: 3, lease: null });
    expect(giveBack(leased, 12_000, 700, 'c3')).toEqual({
      ...leased,
      claims: 1,
      token: 3,
      lease: { untilMs: 12_700, commitId: 'c3' },
      notNowSinceMs: 12_000,
    });
  });

  test('again: it counts from the first time', () => {
    expect(giveBack({ ...leased, notNowSinceMs: 11_000 }, 12_000, 0, 'c').notNowSinceMs).toBe(11_000);
  });

  test.each([
    [Infinity, maxNotNowMs],
    [10 ** 9, maxNotNowMs],
    [-5, 0],
    [Number.NaN, 0],
    [0.4, 1],
  ])('for %d ms means %d ms', (asked, waited) => {
    expect(giveBack(leased, 12_000, asked, 'c').lease?.untilMs).toBe(12_000 + waited);
  });
});

test('replacing an effect leaves the others', () => {
  const other = { ...fresh, id: 'undo@3' };
  expect(replaceEffect(rowWith(fresh, other), { ...fresh, token: 9 }).effects).toEqual([{ ...fresh, token: 9 }, other]);
});
