/** The order effects, in both forms: in the transaction of the transition, and as calls to another process. */
import { type Static, type TSchema, Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import type { EffectRequest, Outcome, Participant, RemoteEffect, SettledOutcome } from '../actors/ports.ts';
import type { OrderOutcome, OrderRequest } from '../services/orders/service.ts';
import type { Applies } from './applies.ts';
import { ask, errorCode, type Transport, type TransportAnswer } from './transport.ts';

const effects = ['orders.create', 'orders.confirm', 'orders.cancel'] as const;

/** The local form: the orders of a batch are written in the transaction of the transitions they lead to. */
export function ordersParticipant<Tx>(service: Applies<Tx, OrderRequest, OrderOutcome>): Participant<Tx> {
  return {
    name: 'orders',
    effects,
    async apply(tx, requests, nowMs) {
      const outcomes = await service.apply(tx, requests.map(orderRequest), nowMs);
      return outcomes.map(settledOutcome);
    },
  };
}

/** The remote form: the same effects and outcomes, over the HTTP API of an orders service elsewhere. */
export function remoteOrders(transport: Transport): RemoteEffect[] {
  return effects.map((effect) => ({ kind: 'remote', effect, call: (request) => call(transport, request) }));
}

const CreateInput = Type.Object({
  userId: Type.String(),
  currency: Type.String(),
  totalCents: Type.Integer(),
  items: Type.Array(
    Type.Object({ productId: Type.String(), quantity: Type.Integer(), unitPriceCents: Type.Integer() }),
  ),
});

/** The order's id is its actor's, which is the ledger's. */
function orderRequest(request: EffectRequest): OrderRequest {
  const orderId = request.actorId;
  switch (request.effect) {
    case 'orders.create':
      return { type: 'create', orderId, content: parse(CreateInput, request) };
    case 'orders.confirm':
      return { type: 'confirm', orderId };
    case 'orders.cancel':
      return { type: 'cancel', orderId };
    default:
      throw new Error(`${request.effect} is no effect of orders`);
  }
}

function settledOutcome(outcome: OrderOutcome): SettledOutcome {
  return outcome.type === 'done' ? { type: 'done', value: {} } : { type: 'refused', value: { code: outcome.code } };
}

function call(transport: Transport, request: Parameters<RemoteEffect['call']>[0]): Promise<Outcome> {
  const asked = orderRequest(request);
  const interpret = (answer: TransportAnswer) => interpretOrder(asked, answer);
  return ask(transport, { ...httpRequest(asked), signal: request.signal, traceparent: request.traceparent }, interpret);
}

function httpRequest(asked: OrderRequest) {
  const path = `/internal/orders/${encodeURIComponent(asked.orderId)}`;
  if (asked.type !== 'create') return { method: 'PUT', path: `${path}/${asked.type}` } as const;
  const { userId, currency, totalCents, items } = asked.content;
  const body = {
    order_ledger_id: asked.orderId,
    user_id: userId,
    currency,
    total_cents: totalCents,
    items: items.map((item) => ({
      product_id: item.productId,
      quantity: item.quantity,
      unit_price_cents: item.unitPriceCents,
    })),
  };
  return { method: 'POST', path: '/internal/orders', body } as const;
}

/** What each request may be refused with, and the status that goes with it. Anything else is no answer of an orders service. */
const refusals: Record<OrderRequest['type'], Record<string, number>> = {
  create: { order_cancelled: 409, order_conflict: 409 },
  confirm: { order_cancelled: 409, order_not_found: 404 },
  cancel: { order_confirmed: 409 },
};

const Answer = Type.Object({ id: Type.String() });

function interpretOrder(asked: OrderRequest, answer: TransportAnswer): SettledOutcome | null {
  const { status, body } = answer;
  if (status === 200 || status === 201) {
    const isOurs = Value.Check(Answer, body) && body.id === asked.orderId.toLowerCase();
    return isOurs ? { type: 'done', value: {} } : null;
  }
  const code = errorCode(answer);
  return code !== null && refusals[asked.type][code] === status ? { type: 'refused', value: { code } } : null;
}

/** @throws Error when a machine asks for something else than its types say, which is a bug */
function parse<S extends TSchema>(schema: S, { effect, input }: EffectRequest): Static<S> {
  if (!Value.Check(schema, input)) throw new Error(`${effect} was given another input than its type says`);
  return input;
}
