/** Compares how orders ended with how they had to. Pure. */
import {
  type Expected,
  type Fate,
  linesOf,
  type ProductName,
  products,
  type Scenario,
  totalCents,
} from './scenarios.ts';

export interface Money {
  readonly authorizedCents: number;
  readonly capturedCents: number;
  readonly voidedCents: number;
  readonly refundedCents: number;
  readonly expiredCents: number;
}

/** How an order went, as far as it was seen. */
export interface Seen {
  readonly orderId: string;
  readonly answer: number;
  readonly status: string;
  readonly reason: string | null;
  readonly retries: number;
  /** Its revision: how often its saga moved. */
  readonly transitions: number;
  readonly tookMs: number;
  /** By the gateway's own books. */
  readonly gateway: Money;
  /** What a scenario's own checks found wrong. */
  readonly wrong: readonly string[];
}

export interface Played {
  readonly scenario: Scenario;
  readonly seen: Seen | null;
  /** Empty: as expected. */
  readonly problems: readonly string[];
}

export function judge(scenario: Scenario, seen: Seen): Played {
  const { expected } = scenario;
  const problems = [...seen.wrong];
  const check = (what: string, wanted: unknown, found: unknown): void => {
    if (wanted !== found) problems.push(`${what} is ${String(found)}, expected ${String(wanted)}`);
  };
  check('the answer', expected.answer, seen.answer);
  check('the status', expected.status, seen.status);
  check('the reason', expected.reason, seen.reason);
  const wanted = moneyAfter(expected.fate, totalCents(scenario.items));
  for (const [key, cents] of Object.entries(wanted)) check(key, cents, seen.gateway[key as keyof Money]);
  if (seen.retries < expected.retries)
    problems.push(`${seen.retries} attempts failed, expected at least ${expected.retries}: the fault did not strike`);
  return { scenario, seen, problems };
}

/** An order that could not be followed to its end. */
export function lost(scenario: Scenario, error: unknown): Played {
  return { scenario, seen: null, problems: [error instanceof Error ? error.message : String(error)] };
}

export const noMoney: Money = {
  authorizedCents: 0,
  capturedCents: 0,
  voidedCents: 0,
  refundedCents: 0,
  expiredCents: 0,
};

export function moneyAfter(fate: Fate, totalCents: number): Money {
  const held: Money = { ...noMoney, authorizedCents: totalCents };
  switch (fate) {
    case 'captured':
      return { ...held, capturedCents: totalCents };
    case 'voided':
      return { ...held, voidedCents: totalCents };
    case 'refunded':
      return { ...held, capturedCents: totalCents, refundedCents: totalCents };
    case 'expired':
      return { ...held, expiredCents: totalCents };
    case 'never held':
      return noMoney;
    default:
      return fate satisfies never;
  }
}

export interface Shelf {
  readonly product: ProductName;
  readonly onHand: number;
  readonly reserved: number;
}

export interface JudgedShelf extends Shelf {
  readonly sold: number;
  readonly problems: readonly string[];
}

/** @param ordered everything that was ordered: what is expected to complete must be gone from the shelves, nothing else */
export function judgeShelf(
  shelf: Shelf,
  ordered: readonly { items: Scenario['items']; expected: Expected }[],
): JudgedShelf {
  const sold = ordered
    .filter(({ expected }) => expected.status === 'COMPLETED')
    .flatMap(({ items }) => linesOf(items))
    .filter(({ product }) => product === shelf.product)
    .reduce((sum, { quantity }) => sum + quantity, 0);
  const left = products[shelf.product].stock - sold;
  const problems = [
    ...(shelf.onHand === left ? [] : [`${shelf.onHand} on hand, expected ${left}`]),
    ...(shelf.reserved === 0 ? [] : [`${shelf.reserved} still reserved`]),
  ];
  return { ...shelf, sold, problems };
}
