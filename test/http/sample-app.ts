/** An app with one route of every kind, for tests of what all routes have in common. */
import { Type } from '@sinclair/typebox';
import { type App, type AppOptions, buildApp } from '../../src/http/app.ts';
import { Cents, IdempotencyKey, Instant, problems, Uuid } from '../../src/services/schemas.ts';

const OrderBody = Type.Object(
  {
    user_id: Uuid,
    amount_cents: Cents,
    note: Type.Optional(Type.String({ maxLength: 100 })),
    gift: Type.Optional(Type.Boolean()),
    placed_at: Type.Optional(Instant),
    items: Type.Optional(
      Type.Array(Type.Object({ product_id: Uuid }, { additionalProperties: false }), { maxItems: 3 }),
    ),
  },
  { additionalProperties: false },
);

const ListQuery = Type.Object(
  {
    limit: Type.Integer({ minimum: 1, maximum: 100, default: 20 }),
    open: Type.Optional(Type.Boolean()),
    status: Type.Optional(Type.Array(Type.String())),
    user: Type.Optional(Uuid),
    cursor: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
);

/** Handlers echo what reached them. `POST /orders` takes everything a route may take; `POST /fail` throws `failure`. */
export async function buildSampleApp(options: AppOptions & { failure?: () => unknown } = {}): Promise<App> {
  const { failure, ...appOptions } = options;
  const app = await buildApp(appOptions);
  app.post('/orders', {
    schema: {
      operationId: 'createOrder',
      headers: Type.Object({ 'idempotency-key': IdempotencyKey }),
      body: OrderBody,
      response: { 202: OrderBody, ...problems(400, 409) },
    },
    handler: async (request, reply) => reply.code(202).send(request.body),
  });
  app.get('/orders', {
    schema: { operationId: 'listOrders', querystring: ListQuery, response: { 200: ListQuery, ...problems(400) } },
    handler: (request) => request.query,
  });
  app.get('/orders/:id', {
    schema: {
      operationId: 'getOrder',
      params: Type.Object({ id: Uuid }),
      response: { 200: Type.Object({ id: Uuid }), ...problems(400, 404) },
    },
    handler: (request) => ({ id: request.params.id }),
  });
  app.delete('/orders/:id', {
    schema: {
      operationId: 'deleteOrder',
      params: Type.Object({ id: Uuid }),
      response: { 204: Type.Null(), ...problems(400) },
    },
    handler: async (_request, reply) => reply.code(204).send(null),
  });
  app.get('/names/:name', {
    schema: {
      operationId: 'getName',
      params: Type.Object({ name: Type.String() }),
      response: { 200: Type.Object({ name: Type.String() }) },
    },
    handler: (request) => ({ name: request.params.name }),
  });
  app.post('/fail', {
    schema: { operationId: 'fail', response: { 204: Type.Null() } },
    handler: () => {
      throw failure?.();
    },
  });
  app.post('/internal/orders', {
    schema: { operationId: 'createInternalOrder', tags: ['orders'], response: { 204: Type.Null() } },
    handler: async (_request, reply) => reply.code(204).send(null),
  });
  return app;
}
