/** Placing an order over HTTP. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply } from 'fastify';
import { problems, Quantity } from '../schemas.ts';
import { sendAnswer } from './answer-routes.ts';
import { sumItems } from './canonical.ts';
import { OrderReceived, PlaceOrderBody, PlaceOrderHeaders } from './schemas.ts';
import type { Ledger, Placed } from './service.ts';

/** What a plugin registers routes on. */
export type RouteApp = Parameters<FastifyPluginAsyncTypebox>[0];

const maxQuantity = Quantity.maximum ?? 0;

export interface PlaceRoutesOptions {
  readonly service: Ledger;
  /** How many orders are placed at a time. */
  readonly maxPlacing: () => number;
}

export function placeRoutes(app: RouteApp, { service, maxPlacing }: PlaceRoutesOptions): void {
  app.post(
    '/orders',
    {
      config: { maxInFlight: maxPlacing },
      schema: {
        tags: ['orders'],
        summary: 'Place an order, once per Idempotency-Key',
        operationId: 'placeOrder',
        headers: PlaceOrderHeaders,
        body: PlaceOrderBody,
        response: { 202: OrderReceived, ...problems(400, 402, 409, 413, 415, 422, 503) },
      },
    },
    async (request, reply) => {
      const { user_id: userId, email, payment, items: lines } = request.body;
      const items = sumItems(lines.map((line) => ({ productId: line.product_id, quantity: line.quantity })));
      if (items.some(({ quantity }) => quantity > maxQuantity)) return tooMany(reply);
      const placed = await service.place({
        idempotencyKey: request.headers['idempotency-key'],
        traceparent: request.traceparent,
        placement: { userId, email, items, payment },
      });
      return send(reply, placed);
    },
  );
}

function send(reply: FastifyReply, placed: Placed): FastifyReply {
  switch (placed.type) {
    case 'answered':
      return sendAnswer(reply, placed.answer, placed.replayed);
    case 'idempotency_key_reused':
      return reply.problem({
        status: 422,
        error: placed.type,
        title: 'This Idempotency-Key was used for another order',
      });
    case 'idempotency_in_progress':
      return reply.header('retry-after', '1').problem({
        status: 409,
        error: placed.type,
        title: 'An order with this Idempotency-Key is being placed',
        detail: 'Repeat the request with the same Idempotency-Key to get its answer.',
      });
    case 'product_not_found':
      return reply.problem({
        status: 422,
        error: placed.type,
        title: 'A product does not exist',
        product_ids: placed.productIds,
      });
    case 'mixed_currency':
      return reply.problem({
        status: 422,
        error: placed.type,
        title: 'All products of an order must have one currency',
        currencies: placed.currencies,
      });
    case 'total_too_large':
      return reply.problem({ status: 422, error: placed.type, title: 'The total is more than one order may come to' });
    default:
      return placed satisfies never;
  }
}

/** As for one line that asks for as many. */
function tooMany(reply: FastifyReply): FastifyReply {
  return reply.problem({
    status: 400,
    error: 'validation_error',
    title: 'The request is not valid',
    detail: `body /items must not ask for more than ${maxQuantity} of one product.`,
  });
}
