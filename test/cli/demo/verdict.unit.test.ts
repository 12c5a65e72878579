import { describe, expect, it } from 'vitest';
import { type Outcome, outcomeBody, problemsOf, renderOutcome } from '../../../src/cli/demo/report.ts';
import type { Scenario } from '../../../src/cli/demo/scenarios.ts';
import { judge, judgeShelf, lost, moneyAfter, noMoney, type Seen } from '../../../src/cli/demo/verdict.ts';

const scenario: Scenario = {
  name: 'capture declined',
  token: 'tok_capture_declined',
  items: { mouse: 2 },
  meanwhile: 'nothing',
  expected: { answer: 202, status: 'FAILED', reason: 'capture_declined', fate: 'voided', retries: 1 },
};
const totalCents = 5_998;

const asExpected: Seen = {
  orderId: 'o-1',
  answer: 202,
  status: 'FAILED',
  reason: 'capture_declined',
  retries: 1,
  transitions: 8,
  tookMs: 1_234,
  gateway: { ...noMoney, authorizedCents: totalCents, voidedCents: totalCents },
  wrong: [],
};

describe('an order’s verdict', () => {
  it('is empty for one that went as expected', () => {
    expect(judge(scenario, asExpected)).toEqual({ scenario, seen: asExpected, problems: [] });
    expect(judge(scenario, { ...asExpected, retries: 3 }).problems).toEqual([]);
  });

  it.each<[string, Partial<Seen>, string]>([
    ['the answer', { answer: 402 }, 'the answer is 402, expected 202'],
    ['the status', { status: 'CANCELLED' }, 'the status is CANCELLED, expected FAILED'],
    ['the reason', { reason: null }, 'the reason is null, expected capture_declined'],
    ['the money', { gateway: { ...noMoney, authorizedCents: totalCents } }, 'voidedCents is 0, expected 5998'],
    ['a fault that did not strike', { retries: 0 }, '0 attempts failed, expected at least 1: the fault did not strike'],
    ['what the scenario checked itself', { wrong: ['a repeat differed'] }, 'a repeat differed'],
  ])('names %s', (_what, change, problem) => {
    expect(judge(scenario, { ...asExpected, ...change }).problems).toEqual([problem]);
  });

  it('is the error for one that was lost', () => {
    expect(lost(scenario, new Error('not within 60 s')).problems).toEqual(['not within 60 s']);
  });

  it('knows where the money is in each fate', () => {
    expect(moneyAfter('captured', 10)).toEqual({ ...noMoney, authorizedCents: 10, capturedCents: 10 });
    expect(moneyAfter('voided', 10)).toEqual({ ...noMoney, authorizedCents: 10, voidedCents: 10 });
    expect(moneyAfter('refunded', 10)).toEqual({
      ...noMoney,
      authorizedCents: 10,
      capturedCents: 10,
      refundedCents: 10,
    });
    expect(moneyAfter('expired', 10)).toEqual({ ...noMoney, authorizedCents: 10, expiredCents: 10 });
    expect(moneyAfter('never held', 10)).toEqual(noMoney);
  });
});

describe('a shelf’s verdict', () => {
  const completed: Scenario = { ...scenario, expected: { ...scenario.expected, status: 'COMPLETED' } };

  it('what completes is gone, what fails is back', () => {
    expect(judgeShelf({ product: 'mouse', onHand: 98, reserved: 0 }, [completed, scenario])).toEqual({
      product: 'mouse',
      onHand: 98,
      reserved: 0,
      sold: 2,
      problems: [],
    });
  });

  it('names what is missing and what is still reserved', () => {
    expect(judgeShelf({ product: 'mouse', onHand: 96, reserved: 2 }, [completed, scenario]).problems).toEqual([
      '96 on hand, expected 98',
      '2 still reserved',
    ]);
  });
});

describe('the outcome', () => {
  const audit = { clean: true, checks: [], findings: [], actors: 2, transitions: 12, ofGoneVersions: 0 };
  const good: Outcome = {
    played: [judge(scenario, asExpected)],
    shelves: [judgeShelf({ product: 'mouse', onHand: 100, reserved: 0 }, [scenario])],
    unsettled: [],
    audit,
    tookMs: 25_000,
  };

  it('is clean when everything is', () => {
    expect(problemsOf(good)).toEqual([]);
    const text = renderOutcome(good);
    expect(text).toMatch(/^capture declined +FAILED capture_declined +yes +8 +1 +1\.2 s$/m);
    expect(text).toMatch(/^capture declined +59\.98 USD +59\.98 +59\.98$/m);
    expect(text).toMatch(/^Wireless mouse +100 +0 +100 +0 +yes$/m);
    expect(text).toContain('1 orders ended as expected, in 25.0 s');
    expect(outcomeBody(good)).toMatchObject({
      clean: true,
      problems: [],
      orders: [{ order_ledger_id: 'o-1', voided_cents: 5_998 }],
    });
  });

  it.each<[string, Partial<Outcome>, string]>([
    [
      'an order',
      { played: [judge(scenario, { ...asExpected, status: 'COMPLETED' })] },
      'capture declined (o-1): the status is COMPLETED, expected FAILED',
    ],
    ['an order without an end', { played: [lost(scenario, new Error('lost'))] }, 'capture declined: lost'],
    [
      'a shelf',
      { shelves: [judgeShelf({ product: 'mouse', onHand: 99, reserved: 0 }, [scenario])] },
      'Wireless mouse: 99 on hand, expected 100',
    ],
    ['an actor under way', { unsettled: ['1 in sending.parked'] }, 'still under way: 1 in sending.parked'],
    [
      'a finding',
      { audit: { ...audit, clean: false, findings: [{ invariant: 'M1', row: {} }] } },
      'the audit found 1 rows',
    ],
  ])('is not clean for %s', (_what, change, problem) => {
    const bad = { ...good, ...change };
    expect(problemsOf(bad)).toEqual([problem]);
    expect(renderOutcome(bad)).toContain(`NOT as expected:\n  ${problem}`);
    expect(outcomeBody(bad)).toMatchObject({ clean: false, problems: [problem] });
  });

  it('shows what was expected of the order that ended otherwise', () => {
    const bad = { ...good, played: [judge(scenario, { ...asExpected, status: 'COMPLETED', reason: null })] };
    expect(renderOutcome(bad)).toMatch(/^capture declined +COMPLETED +NO: FAILED capture_declined +8/m);
  });
});
