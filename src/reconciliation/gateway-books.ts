/** The gateway as reconciliation sees it: its report, single payments, and the two calls that give money back. */
import { type Static, type TSchema, Type } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import { Value } from '@sinclair/typebox/value';
import { errorCode, type Transport, type TransportAnswer } from '../effects/transport.ts';
import type { GatewayPayment } from './drift.ts';

/** A payment with the key that it was authorized under. */
export interface ReportedPayment extends GatewayPayment {
  readonly authorizeKey: string;
  /** By the gateway's clock. */
  readonly createdAtMs: number;
}

export interface ReportPage {
  readonly payments: readonly ReportedPayment[];
  /** Null: this page is the last. */
  readonly next: string | null;
}

/** Something moved of a payment. Instants by the gateway's clock. */
export interface Movement {
  readonly authorizeKey: string;
  readonly atMs: number;
  readonly authorizedAtMs: number;
}

export interface MovementPage {
  readonly movements: readonly Movement[];
  /** Null: this page is the last. */
  readonly next: string | null;
}

export type Correction = { readonly type: 'done' } | { readonly type: 'refused'; readonly code: string };

/** All of them throw GatewayFault when the gateway gives no definitive answer in time. */
export interface GatewayBooks {
  /** Newest first, at most `limit` (500). */
  report(page: { readonly after: string | null; readonly limit: number }): Promise<ReportPage>;
  /** What has moved, of payments however old: newest first, at most `limit` (500). */
  movements(page: { readonly after: string | null; readonly limit: number }): Promise<MovementPage>;
  findByKey(authorizeKey: string): Promise<ReportedPayment | null>;
  /** Voids what was authorized under a key. Repeats of one idempotency key are answered as the first. */
  void(authorizeKey: string, idempotencyKey: string): Promise<Correction>;
  /** Refunds everything captured that is not refunded. Repeats of one idempotency key are answered as the first. */
  refund(authorizationId: string, idempotencyKey: string): Promise<Correction>;
}

/** The gateway did not answer, or not what its API says. What it was asked for may have happened. */
export class GatewayFault extends Error {
  override readonly name = 'GatewayFault';
}

const callTimeoutMs = 10_000;

const Cents = Type.Integer({ minimum: 0 });
const PaymentBody = Type.Object({
  authorization_id: Type.String(),
  idempotency_key: Type.String(),
  status: Type.String(),
  currency: Type.String(),
  authorized_cents: Cents,
  captured_cents: Cents,
  voided_cents: Cents,
  refunded_cents: Cents,
  expired_cents: Cents,
  created_at: Type.String(),
});
const paymentBody = TypeCompiler.Compile(PaymentBody);
const PageBody = Type.Object({ items: Type.Array(PaymentBody), next_cursor: Type.Optional(Type.String()) });
const pageBody = TypeCompiler.Compile(PageBody);
const MovementBody = Type.Object({ idempotency_key: Type.String(), at: Type.String(), authorized_at: Type.String() });
const movementsBody = TypeCompiler.Compile(
  Type.Object({ items: Type.Array(MovementBody), next_cursor: Type.Optional(Type.String()) }),
);

/** @param signal ends calls under way when the process stops */
export function gatewayBooks(transport: Transport, signal: AbortSignal): GatewayBooks {
  const ask = async (method: 'GET' | 'POST', path: string, body?: object): Promise<TransportAnswer> => {
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(callTimeoutMs)]);
    const request = { method, path, signal: deadline, traceparent: null, ...(body && { body }) };
    const answer = await transport(request).catch((error: unknown) => {
      throw new GatewayFault(`${method} ${pathOf(path)}: no answer`, { cause: error });
    });
    return answer;
  };
  return {
    async report(page) {
      const path = pagePath('/payments/report', page);
      const answer = await ask('GET', path);
      if (answer.status !== 200 || !pageBody.Check(answer.body)) throw unexpected('GET /payments/report', answer);
      return { payments: answer.body.items.map(asPayment), next: answer.body.next_cursor ?? null };
    },
    async movements(page) {
      const answer = await ask('GET', pagePath('/payments/movements', page));
      if (answer.status !== 200 || !movementsBody.Check(answer.body))
        throw unexpected('GET /payments/movements', answer);
      return { movements: answer.body.items.map(asMovement), next: answer.body.next_cursor ?? null };
    },
    async findByKey(authorizeKey) {
      const answer = await ask('GET', `/payments?idempotency_key=${encodeURIComponent(authorizeKey)}`);
      if (answer.status === 404 && errorCode(answer) === 'payment_not_found') return null;
      if (answer.status !== 200 || !paymentBody.Check(answer.body)) throw unexpected('GET /payments', answer);
      return asPayment(answer.body);
    },
    async void(authorizeKey, idempotencyKey) {
      const body = { authorize_idempotency_key: authorizeKey, idempotency_key: idempotencyKey };
      return correctionOf('POST /payments/void', await ask('POST', '/payments/void', body));
    },
    async refund(authorizationId, idempotencyKey) {
      const path = `/payments/refund/${encodeURIComponent(authorizationId)}`;
      const answer = await ask('POST', path, { idempotency_key: idempotencyKey });
      return correctionOf('POST /payments/refund', answer);
    },
  };
}

const Answered = Type.Object({ status: Type.String() });

/** A refusal has a code, which the gateway remembers under the key; anything else settles nothing. */
function correctionOf(what: string, answer: TransportAnswer): Correction {
  if (answer.status === 200 && check(Answered, answer.body)) return { type: 'done' };
  const code = errorCode(answer);
  if (answer.status === 409 && code !== null) return { type: 'refused', code };
  throw unexpected(what, answer);
}

function check<S extends TSchema>(schema: S, value: unknown): value is Static<S> {
  return Value.Check(schema, value);
}

function asPayment(body: Static<typeof PaymentBody>): ReportedPayment {
  return {
    authorizationId: body.authorization_id,
    authorizeKey: body.idempotency_key,
    status: body.status,
    currency: body.currency,
    authorizedCents: body.authorized_cents,
    capturedCents: body.captured_cents,
    voidedCents: body.voided_cents,
    refundedCents: body.refunded_cents,
    expiredCents: body.expired_cents,
    createdAtMs: Date.parse(body.created_at),
  };
}

function asMovement(body: Static<typeof MovementBody>): Movement {
  return {
    authorizeKey: body.idempotency_key,
    atMs: Date.parse(body.at),
    authorizedAtMs: Date.parse(body.authorized_at),
  };
}

function pagePath(path: string, { after, limit }: { readonly after: string | null; readonly limit: number }): string {
  return `${path}?limit=${limit}${after === null ? '' : `&cursor=${encodeURIComponent(after)}`}`;
}

function unexpected(what: string, answer: TransportAnswer): GatewayFault {
  return new GatewayFault(`${what} answered ${answer.status} ${errorCode(answer) ?? ''}`.trimEnd());
}

/** Without the query: an error's text goes to a log. */
function pathOf(path: string): string {
  return path.split('?', 1)[0] ?? path;
}
