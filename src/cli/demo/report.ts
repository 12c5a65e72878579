/** What the demo shows at its end: orders, money, stock, as tables or as JSON. Pure. */
import type { AuditReport } from '../../audit/audit.ts';
import { renderAudit } from '../audit.ts';
import { duration, money, textTable } from '../table.ts';
import { currency, products, totalCents } from './scenarios.ts';
import type { JudgedShelf, Played } from './verdict.ts';

export interface Outcome {
  readonly played: readonly Played[];
  readonly shelves: readonly JudgedShelf[];
  /** Actors that have not come to an end. */
  readonly unsettled: readonly string[];
  readonly audit: AuditReport;
  readonly tookMs: number;
}

/** Everything that is not as it should be; empty: the demo has succeeded. */
export function problemsOf({ played, shelves, unsettled, audit }: Outcome): string[] {
  return [
    ...played.flatMap(({ scenario, seen, problems }) =>
      problems.map((problem) => `${scenario.name}${seen ? ` (${seen.orderId})` : ''}: ${problem}`),
    ),
    ...shelves.flatMap(({ product, problems }) => problems.map((problem) => `${products[product].name}: ${problem}`)),
    ...unsettled.map((actors) => `still under way: ${actors}`),
    ...(audit.clean ? [] : [`the audit found ${audit.findings.length} rows`]),
  ];
}

export function renderOutcome(outcome: Outcome): string {
  const { played, shelves, audit, tookMs } = outcome;
  const problems = problemsOf(outcome);
  const verdict =
    problems.length === 0
      ? `${played.length} orders ended as expected, in ${duration(tookMs)}`
      : ['NOT as expected:', ...problems.map((problem) => `  ${problem}`)].join('\n');
  return [
    '',
    renderOrders(played),
    '',
    'Money, by the gateway’s own books',
    renderMoney(played),
    '',
    'Stock',
    renderStock(shelves),
    '',
    renderAudit(audit),
    verdict,
  ].join('\n');
}

/** The same for machines. */
export function outcomeBody(outcome: Outcome) {
  const problems = problemsOf(outcome);
  return {
    clean: problems.length === 0,
    problems,
    took_ms: Math.round(outcome.tookMs),
    orders: outcome.played.map(({ scenario, seen }) => ({
      scenario: scenario.name,
      expected: { status: scenario.expected.status, reason: scenario.expected.reason, money: scenario.expected.fate },
      order_ledger_id: seen?.orderId ?? null,
      status: seen?.status ?? null,
      reason: seen?.reason ?? null,
      transitions: seen?.transitions ?? null,
      retries: seen?.retries ?? null,
      took_ms: seen?.tookMs ?? null,
      total_cents: totalCents(scenario.items),
      authorized_cents: seen?.gateway.authorizedCents ?? null,
      captured_cents: seen?.gateway.capturedCents ?? null,
      voided_cents: seen?.gateway.voidedCents ?? null,
      refunded_cents: seen?.gateway.refundedCents ?? null,
      expired_cents: seen?.gateway.expiredCents ?? null,
    })),
    stock: outcome.shelves.map(({ product, sold, onHand, reserved }) => ({
      sku: products[product].sku,
      at_first: products[product].stock,
      to_be_sold: sold,
      on_hand: onHand,
      reserved,
    })),
    audit: outcome.audit,
  };
}

export function renderOrders(played: readonly Played[]): string {
  const rows = played.map(({ scenario, seen, problems }) => [
    scenario.name,
    seen ? ended(seen) : '?',
    problems.length === 0 ? 'yes' : `NO: ${ended(scenario.expected)}`,
    seen?.transitions ?? '',
    seen?.retries ?? '',
    seen ? duration(seen.tookMs) : '',
  ]);
  return textTable(['order', 'ended', 'as expected', 'transitions', 'retries', 'took'], rows);
}

/** What the gateway's own books say of each order. */
export function renderMoney(played: readonly Played[]): string {
  const rows = played.map(({ scenario, seen }) => [
    scenario.name,
    money(totalCents(scenario.items), currency),
    ...(seen
      ? [
          seen.gateway.authorizedCents,
          seen.gateway.capturedCents,
          seen.gateway.voidedCents,
          seen.gateway.refundedCents,
          seen.gateway.expiredCents,
        ]
      : []
    ).map((cents) => (cents === 0 ? '' : (cents / 100).toFixed(2))),
  ]);
  return textTable(['order', 'total', 'authorized', 'captured', 'voided', 'refunded', 'expired'], rows);
}

export function renderStock(shelves: readonly JudgedShelf[]): string {
  const rows = shelves.map(({ product, sold, onHand, reserved, problems }) => [
    products[product].name,
    products[product].stock,
    sold,
    onHand,
    reserved,
    problems.length === 0 ? 'yes' : 'NO',
  ]);
  return textTable(['product', 'at first', 'to be sold', 'on hand', 'reserved', 'as expected'], rows);
}

function ended({ status, reason }: { readonly status: string; readonly reason: string | null }): string {
  return reason === null ? status : `${status} ${reason}`;
}
