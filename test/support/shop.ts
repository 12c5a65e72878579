/** The HTTP API as customers and operators use it, over whatever carries a request: a socket, or an app in this process. */
import { randomUUID } from 'node:crypto';
import { customerEmail } from './canaries.ts';
import { eventually } from './wait.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  /** Lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: object;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** @throws when it is not JSON */
  json<T = Record<string, unknown>>(): T;
}

export type Send = (request: HttpRequest) => Promise<HttpAnswer>;

/** What these tests read of `GET /orders/{id}`. */
export interface OrderBody {
  readonly order_ledger_id: string;
  readonly status: string;
  readonly revision: number;
  readonly order_state: string;
  readonly reservation_state: string;
  readonly payment: { readonly status: string; readonly decline_code: string | null };
  readonly failure: { readonly code: string; readonly detail: unknown } | null;
  readonly allowed_actions: readonly string[];
}

export interface Item {
  readonly productId: string;
  readonly quantity: number;
}

export interface Placement {
  readonly items: readonly Item[];
  readonly token?: string;
  readonly key?: string;
  readonly email?: string;
}

export const userId = '550e8400-e29b-41d4-a716-446655440000';

export interface Shop {
  readonly send: Send;
  /** @returns its id */
  product(options?: { readonly stock?: number; readonly priceCents?: number }): Promise<string>;
  /** `POST /orders`, as it is answered. */
  place(placement: Placement): Promise<HttpAnswer>;
  /** An order that was accepted. @returns its id. @throws on any answer but 202 */
  placed(placement: Placement): Promise<string>;
  find(id: string): Promise<OrderBody>;
  cancel(id: string): Promise<HttpAnswer>;
  /** An operator's event, which must be accepted. */
  operate(actorId: string, event: { readonly type: string; readonly settlement?: object }): Promise<void>;
  /** Waits until the order has this status. */
  until(id: string, status: string, options?: { readonly timeoutMs?: number }): Promise<OrderBody>;
}

export function openShop(send: Send): Shop {
  const find = async (id: string): Promise<OrderBody> =>
    expected(await send({ method: 'GET', path: `/orders/${id}` }), 200).json();
  const place = ({ items, token = 'tok_visa_success', key = randomUUID(), email = customerEmail }: Placement) =>
    send({
      method: 'POST',
      path: '/orders',
      headers: { 'idempotency-key': key },
      body: {
        user_id: userId,
        email,
        items: items.map(({ productId, quantity }) => ({ product_id: productId, quantity })),
        payment: { method: 'card', token },
      },
    });
  return {
    send,
    find,
    place,
    async product({ stock = 100, priceCents = 2_999 } = {}) {
      const body = { name: 'Wireless Mouse', sku: `SKU-${randomUUID()}`, priceCents, initialStock: stock };
      return expected(await send({ method: 'POST', path: '/products', body }), 201).json<{ id: string }>().id;
    },
    placed: async (placement) =>
      expected(await place(placement), 202).json<{ order_ledger_id: string }>().order_ledger_id,
    cancel: (id) => send({ method: 'POST', path: `/orders/${id}/cancel` }),
    async operate(actorId, event) {
      const body = { ...event, by: 'a tester', why: 'the test says so' };
      expected(await send({ method: 'POST', path: `/actors/${actorId}/events`, body }), 202);
    },
    async until(id, status, options = {}) {
      let last: OrderBody | undefined;
      const look = async (): Promise<OrderBody | null> => {
        last = await find(id);
        return last.status === status ? last : null;
      };
      return eventually(look, { ...options, what: `order ${id} at ${status}` }).catch((error: unknown) => {
        throw new Error(`${String(error)}; last seen: ${JSON.stringify(last)}`, { cause: error });
      });
    },
  };
}

function expected(answer: HttpAnswer, status: number): HttpAnswer {
  if (answer.status !== status) throw new Error(`expected ${status}, got ${answer.status}: ${answer.text}`);
  return answer;
}

/** Over a socket. @throws when no whole answer came within `timeoutMs` (20 s) */
export function overHttp(baseUrl: string, { timeoutMs = 20_000 } = {}): Send {
  return async ({ method, path, headers = {}, body }) => {
    const response = await fetch(baseUrl + path, {
      method,
      headers: body ? { 'content-type': 'application/json', ...headers } : headers,
      signal: AbortSignal.timeout(timeoutMs),
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    return answer(response.status, Object.fromEntries(response.headers), await response.text());
  };
}

/** What `overInject` needs of a Fastify app. */
export interface Injectable {
  inject(options: {
    method: HttpRequest['method'];
    url: string;
    headers: Record<string, string>;
    payload?: string;
  }): PromiseLike<{
    readonly statusCode: number;
    readonly headers: { readonly [name: string]: unknown };
    readonly body: string;
  }>;
}

export function overInject(app: Injectable): Send {
  return async ({ method, path, headers = {}, body }) => {
    const response = await app.inject({
      method,
      url: path,
      headers: body ? { 'content-type': 'application/json', ...headers } : { ...headers },
      ...(body ? { payload: JSON.stringify(body) } : {}),
    });
    const lines = Object.entries(response.headers).map(([name, value]) => [name, String(value)] as const);
    return answer(response.statusCode, Object.fromEntries(lines), response.body);
  };
}

function answer(status: number, headers: Readonly<Record<string, string>>, text: string): HttpAnswer {
  return { status, headers, text, json: <T>() => JSON.parse(text) as T };
}
