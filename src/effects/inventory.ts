/** The inventory effects and the catalog, in both forms: in this process's database, and as calls to another process. */
import { Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import type { EffectRequest, Outcome, Participant, RemoteEffect, SettledOutcome } from '../actors/ports.ts';
import type { ProductCatalog, ReservationOutcome, ReservationRequest, Short } from '../services/inventory/service.ts';
import type { Applies } from './applies.ts';
import { ask, errorCode, type Transport, type TransportAnswer, TransportError } from './transport.ts';

const effects = ['inventory.reserve', 'inventory.release', 'inventory.commit'] as const;

/** The local form: the reservations of a batch are written in the transaction of the transitions they lead to. */
export function inventoryParticipant<Tx>(
  service: Applies<Tx, ReservationRequest, ReservationOutcome>,
): Participant<Tx> {
  return {
    name: 'inventory',
    effects,
    async apply(tx, requests, nowMs) {
      const asked = requests.map(reservationRequest);
      const outcomes = await service.apply(tx, asked, nowMs);
      return outcomes.map((outcome, i) => settledOutcome(asked[i]?.type, outcome));
    },
  };
}

/** The remote form: the same effects and outcomes, over the HTTP API of an inventory elsewhere. */
export function remoteInventory(transport: Transport): RemoteEffect[] {
  return effects.map((effect) => ({ kind: 'remote', effect, call: (request) => call(transport, request) }));
}

const ReserveInput = Type.Object({
  items: Type.Array(Type.Object({ productId: Type.String(), quantity: Type.Integer() })),
});

type SagaRequest = Exclude<ReservationRequest, { readonly type: 'lapse' }>;

/** The order's id is its actor's, which is the ledger's. */
function reservationRequest({ effect, actorId: orderId, input }: EffectRequest): SagaRequest {
  switch (effect) {
    case 'inventory.reserve':
      if (!Value.Check(ReserveInput, input)) throw new Error(`${effect} was given another input than its type says`);
      return { type: 'reserve', orderId, items: input.items, ownedBySaga: true };
    case 'inventory.release':
      return { type: 'release', orderId };
    case 'inventory.commit':
      return { type: 'commit', orderId };
    default:
      throw new Error(`${effect} is no effect of the inventory`);
  }
}

function settledOutcome(asked: ReservationRequest['type'] | undefined, outcome: ReservationOutcome): SettledOutcome {
  if (outcome.type === 'done') return { type: 'done', value: {} };
  return refused(asked, outcome.code, outcome.code === 'insufficient_stock' ? outcome.short : []);
}

/** A refused reserve always says what was short, if only that nothing was. */
function refused(asked: ReservationRequest['type'] | undefined, code: string, short: readonly Short[]): SettledOutcome {
  if (asked !== 'reserve') return { type: 'refused', value: { code } };
  const copies = short.map(({ productId, requested, available }) => ({ productId, requested, available }));
  return { type: 'refused', value: { code, short: copies } };
}

function call(transport: Transport, request: Parameters<RemoteEffect['call']>[0]): Promise<Outcome> {
  const asked = reservationRequest(request);
  const interpret = (answer: TransportAnswer) => interpretReservation(asked, answer);
  return ask(transport, { ...httpRequest(asked), signal: request.signal, traceparent: request.traceparent }, interpret);
}

function httpRequest(asked: SagaRequest) {
  const path = `/reservations/${encodeURIComponent(asked.orderId)}`;
  if (asked.type !== 'reserve') {
    return asked.type === 'release'
      ? ({ method: 'DELETE', path } as const)
      : ({ method: 'POST', path: `${path}/commit` } as const);
  }
  const items = asked.items.map(({ productId, quantity }) => ({ product_id: productId, quantity }));
  const body = { order_id: asked.orderId, items, owned_by_saga: asked.ownedBySaga };
  return { method: 'POST', path: '/reservations', body } as const;
}

/** What each request may be refused with, and the status that goes with it. Anything else is no answer of an inventory. */
const refusals: Record<SagaRequest['type'], Record<string, number>> = {
  reserve: { reservation_released: 409, reservation_conflict: 409 },
  release: { reservation_sold: 409 },
  commit: { reservation_not_found: 404, reservation_released: 409 },
};

const Answer = Type.Object({ order_id: Type.String() });
const Insufficient = Type.Object({
  items: Type.Array(Type.Object({ product_id: Type.String(), requested: Type.Integer(), available: Type.Integer() }), {
    minItems: 1,
  }),
});

function interpretReservation(asked: SagaRequest, answer: TransportAnswer): SettledOutcome | null {
  const { status, body } = answer;
  if (status === 200 || status === 201) {
    const isOurs = Value.Check(Answer, body) && body.order_id === asked.orderId.toLowerCase();
    return isOurs ? { type: 'done', value: {} } : null;
  }
  const code = errorCode(answer);
  if (asked.type === 'reserve' && status === 409 && code === 'insufficient_stock') {
    if (!Value.Check(Insufficient, body)) return null;
    const short = body.items.map((item) => ({
      productId: item.product_id,
      requested: item.requested,
      available: item.available,
    }));
    return refused('reserve', code, short);
  }
  return code !== null && refusals[asked.type][code] === status ? refused(asked.type, code, []) : null;
}

/** The inventory elsewhere could not say what products cost. */
export class CatalogUnavailable extends Error {
  override readonly name = 'CatalogUnavailable';
  /** Says of itself what it is, a fault of the network: callers treat it as they treat a database that is away. */
  readonly code = 'ETIMEDOUT';
}

const quoteTimeoutMs = 2_000;

const Quoted = Type.Object({
  items: Type.Array(
    Type.Object({
      id: Type.String(),
      name: Type.String(),
      sku: Type.String(),
      price_cents: Type.Integer(),
      currency: Type.String(),
    }),
  ),
});

/** Prices from an inventory elsewhere. @throws CatalogUnavailable when it gives no answer in 2 s, or none of use */
export function remoteCatalog(transport: Transport): ProductCatalog {
  return {
    async quote(productIds) {
      if (productIds.length === 0) return [];
      const { status, body } = await askCatalog(transport, productIds);
      if (status !== 200 || !Value.Check(Quoted, body)) {
        throw new CatalogUnavailable(`the inventory answered ${status}`);
      }
      return body.items.map(({ id, name, sku, price_cents, currency }) => ({
        id,
        name,
        sku,
        priceCents: price_cents,
        currency,
      }));
    },
  };
}

async function askCatalog(transport: Transport, productIds: readonly string[]): Promise<TransportAnswer> {
  const path = `/products?ids=${productIds.map(encodeURIComponent).join(',')}`;
  try {
    return await transport({ method: 'GET', path, signal: AbortSignal.timeout(quoteTimeoutMs), traceparent: null });
  } catch (error) {
    if (error instanceof TransportError) throw new CatalogUnavailable(error.message, { cause: error });
    throw error;
  }
}
