import { describe, expect, it } from 'vitest';
import { outage, products, type ProductName, type Scenario, scenarios } from '../../../src/cli/demo/scenarios.ts';
import { faultsOf, scenarioOf } from '../../../src/services/payments/scenario.ts';

const all: readonly Scenario[] = [...scenarios, outage.struck, outage.accepted];

describe('the demo’s scenarios', () => {
  it('have names of their own', () => {
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  });

  it('end in every way an order can end, and leave the money in every place it can be', () => {
    expect(new Set(all.map(({ expected }) => expected.status))).toEqual(
      new Set(['COMPLETED', 'AUTHORIZATION_FAILED', 'FAILED', 'CANCELLED']),
    );
    expect(new Set(all.map(({ expected }) => expected.fate))).toEqual(
      new Set(['captured', 'voided', 'refunded', 'expired', 'never held']),
    );
  });

  it('use every switch of the gateway', () => {
    const switches = all.map(({ token }) => scenarioOf(token));
    expect(new Set(switches.map(({ declineCode }) => declineCode))).toEqual(
      new Set([null, 'insufficient_funds', 'expired_card', 'stolen_card', 'generic_decline']),
    );
    expect(new Set(switches.map(({ onCapture }) => onCapture))).toEqual(
      new Set(['succeed', 'decline', 'expire', 'time_out']),
    );
    for (const fault of ['flakyCalls', 'voidFaults', 'refundFaults'] as const)
      expect(switches.some((chosen) => chosen[fault] > 0)).toBe(true);
  });

  it('need no step’s third wait, which is 8 s or more', () => {
    for (const { token } of all) {
      const chosen = scenarioOf(token);
      const lostAnswers = chosen.onCapture === 'time_out' ? 1 : 0;
      for (const operation of ['authorize', 'capture', 'void', 'refund'] as const)
        expect(faultsOf(chosen, operation) + (operation === 'capture' ? lostAnswers : 0)).toBeLessThanOrEqual(2);
    }
  });

  it('are declined exactly where the gateway declines', () => {
    const told = all.map(({ token, expected }) => ({
      expected: expected.answer === 402 ? expected.reason : null,
      gateway: scenarioOf(token).declineCode,
    }));
    expect(told.filter(({ expected, gateway }) => expected !== gateway)).toEqual([]);
  });

  it('order more than there is only where that is the point', () => {
    const wanted = (chosen: readonly Scenario[], product: ProductName): number =>
      chosen.reduce((sum, { items }) => sum + (items[product] ?? 0), 0);
    const short = ({ expected }: Scenario): boolean => expected.reason === 'insufficient_stock';
    for (const product of Object.keys(products) as ProductName[])
      expect(
        wanted(
          all.filter((scenario) => !short(scenario)),
          product,
        ),
      ).toBeLessThanOrEqual(products[product].stock);
    for (const { items } of all.filter(short))
      expect(Object.entries(items).some(([product, n]) => n > products[product as ProductName].stock)).toBe(true);
  });
});
