/** What the demo corner orders, and how each order is to end. Data, nothing else. */
import type { OrderStatus } from '../services/ledger/entry.ts';

interface DemoProduct {
  readonly sku: string;
  readonly name: string;
  readonly priceCents: number;
  readonly initialStock: number;
}

export const demoCurrency = 'USD';

export const demoProducts = {
  mouse: { sku: 'CONSOLE-MOUSE', name: 'Wireless mouse', priceCents: 2_999, initialStock: 1_000_000 },
  screen: { sku: 'CONSOLE-SCREEN', name: 'Screen', priceCents: 24_900, initialStock: 1_000_000 },
  print: { sku: 'CONSOLE-PRINT', name: 'Signed print, the last one', priceCents: 4_500, initialStock: 1 },
} as const satisfies Record<string, DemoProduct>;

export interface DemoScenario {
  readonly name: string;
  readonly title: string;
  /** How it is to end, for people. */
  readonly promise: string;
  readonly ends: OrderStatus;
  /** Chooses what the gateway does. */
  readonly token: string;
  readonly product: keyof typeof demoProducts;
  readonly quantity: number;
}

const mouse = { product: 'mouse', quantity: 1 } as const;

export const demoScenarios: readonly DemoScenario[] = [
  {
    ...mouse,
    name: 'happy',
    title: 'All is well',
    promise: 'Completes at once.',
    ends: 'COMPLETED',
    token: 'tok_visa_success',
  },
  {
    name: 'dear',
    title: 'Three screens',
    promise: 'Completes; 747.00 in all.',
    ends: 'COMPLETED',
    token: 'tok_visa_success',
    product: 'screen',
    quantity: 3,
  },
  {
    ...mouse,
    name: 'declined',
    title: 'No funds',
    promise: 'The authorization is declined; nothing was held.',
    ends: 'AUTHORIZATION_FAILED',
    token: 'tok_decline_insufficient',
  },
  {
    name: 'out_of_stock',
    title: 'Out of stock',
    promise: 'The reservation is refused; the authorization is voided.',
    ends: 'FAILED',
    token: 'tok_visa_success',
    product: 'print',
    quantity: 2,
  },
  {
    ...mouse,
    name: 'capture_declined',
    title: 'Capture declined',
    promise: 'Stock is released, the authorization voided.',
    ends: 'FAILED',
    token: 'tok_capture_declined',
  },
  {
    ...mouse,
    name: 'capture_answer_lost',
    title: 'Capture works, its answer is lost',
    promise: 'Asked again after five seconds, by the same key; completes, captured once.',
    ends: 'COMPLETED',
    token: 'tok_capture_timeout',
  },
  {
    ...mouse,
    name: 'flaky',
    title: 'Every call fails twice',
    promise: 'Backs off and tries again; completes within ten seconds.',
    ends: 'COMPLETED',
    token: 'tok_flaky_2',
  },
  {
    ...mouse,
    name: 'authorization_lapsed',
    title: 'Authorization lapsed',
    promise: 'The capture finds nothing to capture; what was done is undone.',
    ends: 'FAILED',
    token: 'tok_auth_expires',
  },
  {
    ...mouse,
    name: 'void_parked',
    title: 'An undo that keeps failing',
    promise: 'Parks after five attempts, about a minute. RETRY lets it go on, RESOLVE settles it by hand.',
    ends: 'NEEDS_ATTENTION',
    token: 'tok_capture_declined_void_fails_5',
  },
  {
    ...mouse,
    name: 'refund_parked',
    title: 'A refund that keeps failing',
    promise: 'Cancel it while its capture hangs: the refund parks after five attempts, about a minute.',
    ends: 'NEEDS_ATTENTION',
    token: 'tok_capture_timeout_refund_fails_5',
  },
];
