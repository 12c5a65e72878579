/** The gateway's own record of an order's payment, asked for as any customer of the gateway would. */
import { type Static, Type } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import { type Transport, TransportError } from '../effects/transport.ts';
import { effectKey } from '../actors/index.ts';

const Cents = Type.Integer();
const Record = Type.Object({
  authorization_id: Type.String(),
  status: Type.String(),
  currency: Type.String(),
  amount_cents: Cents,
  authorized_cents: Cents,
  captured_cents: Cents,
  voided_cents: Cents,
  refunded_cents: Cents,
  expired_cents: Cents,
  decline_code: Type.Union([Type.String(), Type.Null()]),
  created_at: Type.String(),
  updated_at: Type.String(),
});
const record = TypeCompiler.Compile(Record);
export type GatewayRecord = Static<typeof Record>;

export type GatewayAnswer =
  | { readonly type: 'found'; readonly payment: GatewayRecord }
  | { readonly type: 'none' }
  /** It did not answer, or not as it should. */
  | { readonly type: 'unreachable' };

/** A page must not hang on a gateway that does. */
const timeoutMs = 2_000;

export async function gatewayRecord(gateway: Transport, orderId: string): Promise<GatewayAnswer> {
  const key = encodeURIComponent(effectKey(orderId, 'payments.authorize'));
  try {
    const { status, body } = await gateway({
      method: 'GET',
      path: `/payments?idempotency_key=${key}`,
      signal: AbortSignal.timeout(timeoutMs),
      traceparent: null,
    });
    if (status === 404) return { type: 'none' };
    if (status !== 200 || !record.Check(body)) return { type: 'unreachable' };
    // Field by field: what else the gateway says is not for the page.
    return { type: 'found', payment: known(body) };
  } catch (error) {
    if (error instanceof TransportError) return { type: 'unreachable' };
    throw error;
  }
}

function known(body: GatewayRecord): GatewayRecord {
  return {
    authorization_id: body.authorization_id,
    status: body.status,
    currency: body.currency,
    amount_cents: body.amount_cents,
    authorized_cents: body.authorized_cents,
    captured_cents: body.captured_cents,
    voided_cents: body.voided_cents,
    refunded_cents: body.refunded_cents,
    expired_cents: body.expired_cents,
    decline_code: body.decline_code,
    created_at: body.created_at,
    updated_at: body.updated_at,
  };
}
