/** What the demo orders, what happens to each order on its way, and how each must end. Data, nothing else. */

export interface DemoProduct {
  readonly sku: string;
  readonly name: string;
  readonly priceCents: number;
  readonly stock: number;
}

export const currency = 'USD';

export const products = {
  mouse: { sku: 'DEMO-MOUSE', name: 'Wireless mouse', priceCents: 2_999, stock: 100 },
  keyboard: { sku: 'DEMO-KEYBOARD', name: 'Keyboard', priceCents: 8_999, stock: 50 },
  screen: { sku: 'DEMO-SCREEN', name: 'Screen', priceCents: 24_900, stock: 20 },
  print: { sku: 'DEMO-PRINT', name: 'Signed print, the last one', priceCents: 4_500, stock: 1 },
} as const satisfies Record<string, DemoProduct>;

export type ProductName = keyof typeof products;

/** What is done to an order between its acceptance and its end. */
export type Meanwhile =
  | 'nothing'
  /** The same request again at once, and again when all is over: one order, one answer. */
  | 'the request is repeated'
  /** By its customer, while its payment is being captured. */
  | 'the customer cancels'
  /** Behind the saga's back, in the orders service, while its payment is being captured: the pivot is refused. */
  | 'the orders service cancels';

/** Where the whole amount of the order is in the end. */
export type Fate = 'captured' | 'voided' | 'refunded' | 'expired' | 'never held';

export interface Scenario {
  readonly name: string;
  /** Chooses what the gateway does. */
  readonly token: string;
  readonly items: Readonly<Partial<Record<ProductName, number>>>;
  readonly meanwhile: Meanwhile;
  readonly expected: Expected;
}

export interface Expected {
  /** HTTP status of the answer to the order. */
  readonly answer: 202 | 402;
  readonly status: 'COMPLETED' | 'AUTHORIZATION_FAILED' | 'FAILED' | 'CANCELLED';
  readonly reason: string | null;
  readonly fate: Fate;
  /** So many attempts at least failed or went unanswered: else what the scenario is about has not struck. */
  readonly retries: number;
}

const completed: Expected = { answer: 202, status: 'COMPLETED', reason: null, fate: 'captured', retries: 0 };

function failed(reason: string, fate: Fate, retries = 0): Expected {
  return { answer: 202, status: 'FAILED', reason, fate, retries };
}

function cancelled(fate: Fate, retries: number): Expected {
  return { answer: 202, status: 'CANCELLED', reason: 'cancelled_by_customer', fate, retries };
}

function declined(reason: string): Expected {
  return { answer: 402, status: 'AUTHORIZATION_FAILED', reason, fate: 'never held', retries: 0 };
}

const one = { mouse: 1 };
const plain = { items: one, meanwhile: 'nothing' } as const;

/** All at once, with every process alive. No step needs its third wait (8–16 s), so the slowest ends in about 12 s. */
export const scenarios: readonly Scenario[] = [
  { ...plain, name: 'all is well', token: 'tok_visa_success', expected: completed },
  {
    ...plain,
    name: 'several products',
    token: 'tok_visa_success',
    items: { mouse: 2, keyboard: 1, screen: 1 },
    expected: completed,
  },
  {
    ...plain,
    name: 'one key, three requests',
    token: 'tok_visa_success',
    meanwhile: 'the request is repeated',
    expected: completed,
  },
  { ...plain, name: 'no funds', token: 'tok_decline_insufficient', expected: declined('insufficient_funds') },
  { ...plain, name: 'expired card', token: 'tok_decline_expired', expected: declined('expired_card') },
  { ...plain, name: 'stolen card', token: 'tok_decline_stolen', expected: declined('stolen_card') },
  { ...plain, name: 'declined, no reason', token: 'tok_decline_other', expected: declined('generic_decline') },
  {
    ...plain,
    name: 'out of stock',
    token: 'tok_visa_success',
    items: { mouse: 1, print: 2 },
    expected: failed('insufficient_stock', 'voided'),
  },
  {
    ...plain,
    name: 'capture declined',
    token: 'tok_capture_declined',
    expected: failed('capture_declined', 'voided'),
  },
  {
    ...plain,
    name: 'capture declined, void fails once',
    token: 'tok_capture_declined_void_fails_1',
    expected: failed('capture_declined', 'voided', 1),
  },
  {
    ...plain,
    name: 'authorization lapsed',
    token: 'tok_auth_expires',
    expected: failed('authorization_expired', 'expired'),
  },
  {
    ...plain,
    name: 'capture works, its answer is lost',
    token: 'tok_capture_timeout',
    expected: { ...completed, retries: 1 },
  },
  // Two faults of authorize, two of capture.
  { ...plain, name: 'every call fails twice', token: 'tok_flaky_2', expected: { ...completed, retries: 4 } },
  {
    ...plain,
    name: 'cancelled between two attempts',
    token: 'tok_flaky_2',
    meanwhile: 'the customer cancels',
    // Two of authorize, two of void.
    expected: cancelled('voided', 4),
  },
  {
    ...plain,
    name: 'cancelled while the capture hangs',
    token: 'tok_capture_timeout',
    meanwhile: 'the customer cancels',
    expected: cancelled('refunded', 1),
  },
  {
    ...plain,
    name: 'captured, then refused; refund fails once',
    token: 'tok_capture_timeout_refund_fails_1',
    meanwhile: 'the orders service cancels',
    expected: failed('order_cancelled', 'refunded', 2),
  },
];

/** A worker dies (SIGKILL) in the middle of a capture. */
export interface Outage {
  /** Money has moved at the gateway, and only the dead worker was waiting to hear of it. */
  readonly struck: Scenario;
  /** Placed when no worker lives. */
  readonly accepted: Scenario;
}

export const outage: Outage = {
  struck: { ...plain, name: 'its worker killed mid-capture', token: 'tok_capture_timeout', expected: completed },
  accepted: { ...plain, name: 'placed while no worker lives', token: 'tok_visa_success', expected: completed },
};

export function totalCents(items: Scenario['items']): number {
  return linesOf(items).reduce((sum, { product, quantity }) => sum + products[product].priceCents * quantity, 0);
}

export function linesOf(items: Scenario['items']): { readonly product: ProductName; readonly quantity: number }[] {
  const names = Object.keys(products) as ProductName[];
  return names.flatMap((product) => (items[product] === undefined ? [] : [{ product, quantity: items[product] }]));
}
