/**
 * The payment effects: calls to the gateway, at least once each, under keys that never change between attempts.
 * The payment token goes into the body of the authorize call and nowhere else.
 */
import { type Static, type TSchema, Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import type { EffectRequest, Json, Outcome, RemoteEffect, SettledOutcome } from '../actors/ports.ts';
import { ask, errorCode, type Transport, type TransportAnswer, type TransportRequest } from './transport.ts';

export interface PaymentEffectsOptions {
  readonly transport: Transport;
  /** The payment token of an order; `null` once it was deleted, because the authorization is settled. */
  readonly tokenOf: (orderId: string) => Promise<string | null>;
}

/** `payments.authorize`, `payments.capture` and `payments.undo`, as calls to a gateway wherever it runs. */
export function paymentEffects({ transport, tokenOf }: PaymentEffectsOptions): RemoteEffect[] {
  return [
    { kind: 'remote', effect: 'payments.authorize', call: (request) => authorize(transport, tokenOf, request) },
    { kind: 'remote', effect: 'payments.capture', call: (request) => capture(transport, request) },
    { kind: 'remote', effect: 'payments.undo', call: (request) => undo(transport, request) },
  ];
}

type Call = Parameters<RemoteEffect['call']>[0];

const AuthorizeInput = Type.Object({ userId: Type.String(), amountCents: Type.Integer(), currency: Type.String() });
const CaptureInput = Type.Object({ authorizationId: Type.String(), amountCents: Type.Integer() });

const Authorized = Type.Object({ authorization_id: Type.String(), authorized_cents: Type.Integer() });
const Declined = Type.Object({ decline_code: Type.String() });
const Captured = Type.Object({ captured_cents: Type.Integer() });
const Expired = Type.Object({ expired_cents: Type.Integer() });
const Undone = Type.Object({
  voided_cents: Type.Integer(),
  refunded_cents: Type.Integer(),
  expired_cents: Type.Integer(),
});
const Voided = Type.Object({
  status: Type.Union([Type.Literal('nothing'), Type.Literal('voided'), Type.Literal('expired')]),
});
const Refusal = Type.Object({ authorization_id: Type.String() });
const CapturedAlready = Type.Object({ code: Type.Literal('already_captured'), authorizationId: Type.String() });

async function authorize(
  transport: Transport,
  tokenOf: PaymentEffectsOptions['tokenOf'],
  request: Call,
): Promise<Outcome> {
  const input = parse(AuthorizeInput, request);
  const token = await tokenOf(request.actorId);
  // An authorize with this key was settled before; what its answer was only the undo can find out now.
  if (token === null) return { type: 'unknown', code: 'token_gone', message: 'the payment token is deleted already' };
  const body = {
    user_id: input.userId,
    amount_cents: input.amountCents,
    currency: input.currency,
    payment_token: token,
    idempotency_key: request.key,
  };
  return ask(transport, post(request, '/payments/authorize', body), authorizeOutcome);
}

function authorizeOutcome(answer: TransportAnswer): SettledOutcome | null {
  const { status, body } = answer;
  const code = errorCode(answer);
  if (status === 200 && Value.Check(Authorized, body)) {
    return done({ authorizationId: body.authorization_id, authorizedCents: body.authorized_cents });
  }
  if (status === 402 && code === 'payment_declined' && Value.Check(Declined, body)) {
    return refused({ code, declineCode: body.decline_code });
  }
  // Our own undo came first: somebody else goes on with this order.
  if (status === 409 && code === 'voided') return refused({ code, declineCode: code });
  return null;
}

async function capture(transport: Transport, request: Call): Promise<Outcome> {
  const { authorizationId, amountCents } = parse(CaptureInput, request);
  const path = `/payments/capture/${encodeURIComponent(authorizationId)}`;
  const body = { amount_cents: amountCents, idempotency_key: request.key };
  return ask(transport, post(request, path, body), captureOutcome);
}

function captureOutcome(answer: TransportAnswer): SettledOutcome | null {
  const { status, body } = answer;
  if (status === 200 && Value.Check(Captured, body)) return done({ capturedCents: body.captured_cents });
  if (status !== 402 && status !== 409) return null;
  const code = errorCode(answer);
  if (code !== 'capture_declined' && code !== 'authorization_expired' && code !== 'authorization_voided') return null;
  return refused({ code, expiredCents: Value.Check(Expired, body) ? body.expired_cents : 0 });
}

/** Void, by the authorize key, since the id may never have reached us; if it was captured already, refund. */
async function undo(transport: Transport, request: Call): Promise<Outcome> {
  const voidBody = {
    authorize_idempotency_key: `${request.actorId}:payments.authorize`,
    idempotency_key: `${request.key}:void`,
  };
  const voiding = await ask(transport, post(request, '/payments/void', voidBody), voidOutcome);
  // Its only refusal: what it should give back was captured.
  if (voiding.type !== 'refused' || !Value.Check(CapturedAlready, voiding.value)) return voiding;
  const path = `/payments/refund/${encodeURIComponent(voiding.value.authorizationId)}`;
  return ask(transport, post(request, path, { idempotency_key: `${request.key}:refund` }), refundOutcome);
}

function voidOutcome(answer: TransportAnswer): SettledOutcome | null {
  const { status, body } = answer;
  if (status === 200 && Value.Check(Voided, body) && Value.Check(Undone, body)) return undone(body.status, body);
  const code = errorCode(answer);
  if (status === 409 && code === 'already_captured' && Value.Check(Refusal, body)) {
    return refused({ code, authorizationId: body.authorization_id });
  }
  return null;
}

function refundOutcome(answer: TransportAnswer): SettledOutcome | null {
  const { status, body } = answer;
  const code = errorCode(answer);
  // Somebody refunded by hand what we are about to refund: the money is back, whoever gave it.
  const isRefunded = status === 200 || (status === 409 && code === 'already_refunded');
  if (isRefunded) return Value.Check(Undone, body) ? undone('refunded', body) : null;
  // The gateway remembers a refusal by its key: asking again would be answered the same.
  return status === 409 && code !== null ? refused({ code }) : null;
}

/** The gateway's totals, not what this very call moved: they are what our own record must equal. */
function undone(settlement: string, totals: Static<typeof Undone>): SettledOutcome {
  return done({
    settlement,
    voidedCents: totals.voided_cents,
    refundedCents: totals.refunded_cents,
    expiredCents: totals.expired_cents,
  });
}

function post(call: Call, path: string, body: object): TransportRequest {
  return { method: 'POST', path, body, signal: call.signal, traceparent: call.traceparent };
}

function done(value: { readonly [key: string]: Json }): SettledOutcome {
  return { type: 'done', value };
}

function refused(value: { readonly [key: string]: Json }): SettledOutcome {
  return { type: 'refused', value };
}

/** @throws Error when a machine asks for something else than its types say, which is a bug */
function parse<S extends TSchema>(schema: S, { effect, input }: EffectRequest): Static<S> {
  if (!Value.Check(schema, input)) throw new Error(`${effect} was given another input than its type says`);
  return input;
}
