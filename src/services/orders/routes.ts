/** Orders over HTTP: idempotent by order. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply } from 'fastify';
import { problems } from '../schemas.ts';
import type { OrderRefusal } from './decide.ts';
import { contentOf, CreateOrderBody, OrderParams, OrderView, orderView } from './schemas.ts';
import type { OrdersService } from './service.ts';

/** What a plugin registers routes on. */
type RouteApp = Parameters<FastifyPluginAsyncTypebox>[0];

interface RouteOptions {
  readonly service: OrdersService;
  /** Where Fastify puts these routes; only `Location` needs to know. */
  readonly prefix: string;
  readonly hidden: boolean;
}

export function orderRoutes(app: RouteApp, options: RouteOptions): void {
  createOrder(app, options);
  getOrder(app, options);
  decideOrder(app, options);
}

function createOrder(app: RouteApp, { service, prefix, hidden }: RouteOptions): void {
  app.post(
    '',
    {
      schema: {
        tags: ['internal orders'],
        hide: hidden,
        summary: 'Create an order from its ledger id; idempotent',
        operationId: 'createInternalOrder',
        body: CreateOrderBody,
        response: { 200: OrderView, 201: OrderView, ...problems(400, 409) },
      },
    },
    async (request, reply) => {
      const orderId = request.body.order_ledger_id;
      const outcome = await service.applyOne({ type: 'create', orderId, content: contentOf(request.body) });
      if (outcome.type === 'refused') return refuse(reply, outcome.code);
      if (outcome.repeated) return reply.code(200).send(orderView(outcome.order));
      return reply.code(201).header('location', `${prefix}/${orderId}`).send(orderView(outcome.order));
    },
  );
}

function getOrder(app: RouteApp, { service, hidden }: RouteOptions): void {
  app.get(
    '/:id',
    {
      schema: {
        tags: ['internal orders'],
        hide: hidden,
        summary: 'Read an order',
        operationId: 'getInternalOrder',
        params: OrderParams,
        response: { 200: OrderView, ...problems(400, 404) },
      },
    },
    async (request, reply) => {
      const order = await service.findOrder(request.params.id);
      return order ? orderView(order) : refuse(reply, 'order_not_found');
    },
  );
}

function decideOrder(app: RouteApp, { service, hidden }: RouteOptions): void {
  const schema = { tags: ['internal orders'], hide: hidden, params: OrderParams };
  app.put(
    '/:id/confirm',
    {
      schema: {
        ...schema,
        summary: 'Confirm an order; idempotent',
        operationId: 'confirmInternalOrder',
        response: { 200: OrderView, ...problems(400, 404, 409) },
      },
    },
    async (request, reply) => {
      const outcome = await service.applyOne({ type: 'confirm', orderId: request.params.id });
      return outcome.type === 'refused' ? refuse(reply, outcome.code) : orderView(outcome.order);
    },
  );
  app.put(
    '/:id/cancel',
    {
      schema: {
        ...schema,
        summary: 'Cancel an order, also before it was created; idempotent',
        operationId: 'cancelInternalOrder',
        response: { 200: OrderView, ...problems(400, 409) },
      },
    },
    async (request, reply) => {
      const outcome = await service.applyOne({ type: 'cancel', orderId: request.params.id });
      return outcome.type === 'refused' ? refuse(reply, outcome.code) : orderView(outcome.order);
    },
  );
}

const titles: Record<OrderRefusal, string> = {
  order_cancelled: 'The order is cancelled',
  order_confirmed: 'The order is confirmed',
  order_not_found: 'There is no such order',
  order_conflict: 'The order exists with other content',
};

function refuse(reply: FastifyReply, code: OrderRefusal): FastifyReply {
  return reply.problem({ status: code === 'order_not_found' ? 404 : 409, error: code, title: titles[code] });
}
