/** The demo's side of the HTTP API: what a shop's front end would send. */

export interface Answer<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Body;
}

export interface PlacedBody {
  readonly order_ledger_id: string;
}

export interface OrderBody {
  readonly status: string;
  readonly revision: number;
  readonly payment: { readonly decline_code: string | null };
  readonly failure: { readonly code: string } | null;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface HistoryBody {
  readonly items: readonly { readonly outcome: string | null }[];
}

export interface ActorBody {
  readonly effects: readonly {
    readonly effect: string;
    readonly claims: number;
    readonly lease_until: string | null;
  }[];
}

export interface PaymentBody {
  readonly status: string;
  readonly authorized_cents: number;
  readonly captured_cents: number;
  readonly voided_cents: number;
  readonly refunded_cents: number;
  readonly expired_cents: number;
}

export interface OrderRequest {
  readonly key: string;
  readonly token: string;
  readonly items: readonly { readonly product_id: string; readonly quantity: number }[];
}

export type DemoApi = ReturnType<typeof demoApi>;

const timeoutMs = 20_000;
const userId = '550e8400-e29b-41d4-a716-446655440000';

/** @param signal ends every call */
export function demoApi(baseUrl: string, signal: AbortSignal) {
  const { call, ask } = client(baseUrl, signal);
  return {
    createProduct: (product: { name: string; sku: string; priceCents: number }) =>
      ask<{ id: string }>('POST', '/products', product),
    addStock: (productId: string, quantity: number, key: string) =>
      ask(
        'POST',
        `/products/${productId}/stock`,
        { quantity, reason: 'Initial inventory' },
        { 'idempotency-key': key },
      ),
    placeOrder: ({ key, token, items }: OrderRequest) =>
      call<PlacedBody>(
        'POST',
        '/orders',
        { user_id: userId, email: 'demo@example.com', items, payment: { method: 'card', token } },
        { 'idempotency-key': key },
      ),
    order: (id: string) => ask<OrderBody>('GET', `/orders/${id}`),
    /** Waits up to a second for the order's end. */
    orderSoon: (id: string) => ask<OrderBody>('GET', `/orders/${id}`, undefined, { prefer: 'wait=1' }),
    history: (id: string) => ask<HistoryBody>('GET', `/orders/${id}/history`),
    cancel: (id: string) => ask('POST', `/orders/${id}/cancel`),
    cancelInOrdersService: (id: string) => ask('PUT', `/internal/orders/${id}/cancel`),
    actor: (id: string) => ask<ActorBody>('GET', `/actors/${id}`),
    /** Null: nothing was ever authorized for the order. */
    payment: async (orderId: string): Promise<PaymentBody | null> => {
      const path = `/payments?idempotency_key=${encodeURIComponent(`${orderId}:payments.authorize`)}`;
      const answer = await call<PaymentBody>('GET', path);
      if (answer.status === 404) return null;
      if (answer.status !== 200) throw new Error(`GET ${path} answered ${answer.status}: ${answer.text}`);
      return answer.body;
    },
  };
}

function client(baseUrl: string, signal: AbortSignal) {
  const call = async <Body>(
    method: string,
    path: string,
    body?: object,
    headers?: Record<string, string>,
  ): Promise<Answer<Body>> => {
    const response = await fetch(baseUrl + path, {
      method,
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      headers: { ...headers, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: JSON.parse(text) as Body };
  };
  /** As `call`, for what must succeed. */
  const ask = async <Body>(...[method, path, ...rest]: Parameters<typeof call>): Promise<Body> => {
    const answer = await call<Body>(method, path, ...rest);
    if (answer.status >= 300) throw new Error(`${method} ${path} answered ${answer.status}: ${answer.text}`);
    return answer.body;
  };
  return { call, ask };
}
