/** Products over HTTP. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { Static } from '@sinclair/typebox';
import type { FastifyReply } from 'fastify';
import { problems } from '../schemas.ts';
import {
  AvailabilityView,
  CreateProductBody,
  ListProductsQuery,
  ProductPage,
  ProductParams,
  ProductView,
  productView,
} from './schemas.ts';
import type { InventoryService } from './service.ts';

/** What a plugin registers routes on. */
export type RouteApp = Parameters<FastifyPluginAsyncTypebox>[0];

const defaultPageSize = 50;

export function productRoutes(app: RouteApp, service: InventoryService): void {
  createProduct(app, service);
  listProducts(app, service);
  getProduct(app, service);
}

export function productNotFound(reply: FastifyReply): FastifyReply {
  return reply.problem({ status: 404, error: 'product_not_found', title: 'There is no such product' });
}

function createProduct(app: RouteApp, service: InventoryService): void {
  app.post(
    '/products',
    {
      schema: {
        tags: ['inventory'],
        summary: 'Create a product',
        operationId: 'createProduct',
        body: CreateProductBody,
        response: { 201: ProductView, ...problems(400, 409) },
      },
    },
    async (request, reply) => {
      const { body } = request;
      const amounts = amountsOf(body);
      if ('wrong' in amounts) return notValid(reply, amounts.wrong);
      const { name, sku, currency = 'USD' } = body;
      const outcome = await service.createProduct({ name, sku, currency, ...amounts });
      switch (outcome.type) {
        case 'created':
          return reply
            .code(201)
            .header('location', `/products/${outcome.product.id}`)
            .send(productView(outcome.product));
        case 'duplicate_sku':
          return reply.problem({
            status: 409,
            error: 'duplicate_sku',
            title: 'The SKU is taken',
            existing_product_id: outcome.existingProductId,
          });
      }
    },
  );
}

/** Each amount has two spellings; which of them a client uses is its choice, both at once is a mistake. */
function amountsOf(
  body: Static<typeof CreateProductBody>,
): { readonly priceCents: number; readonly initialStock: number } | { readonly wrong: string } {
  const { price_cents, priceCents, initial_stock, initialStock } = body;
  if (price_cents !== undefined && priceCents !== undefined) {
    return { wrong: 'price_cents and priceCents are two names of one field; give one.' };
  }
  if (initial_stock !== undefined && initialStock !== undefined) {
    return { wrong: 'initial_stock and initialStock are two names of one field; give one.' };
  }
  const cents = price_cents ?? priceCents;
  if (cents === undefined) return { wrong: 'price_cents is required.' };
  return { priceCents: cents, initialStock: initial_stock ?? initialStock ?? 0 };
}

function listProducts(app: RouteApp, service: InventoryService): void {
  app.get(
    '/products',
    {
      schema: {
        tags: ['inventory'],
        summary: 'List products, newest first, or look some up by id',
        operationId: 'listProducts',
        querystring: ListProductsQuery,
        response: { 200: ProductPage, ...problems(400) },
      },
    },
    async (request, reply) => {
      const { ids, cursor, limit } = request.query;
      if (ids !== undefined) {
        if (cursor !== undefined || limit !== undefined)
          return notValid(reply, 'ids goes with neither cursor nor limit.');
        const found = await service.findProducts(ids.toLowerCase().split(','));
        return { items: found.map(productView) };
      }
      const size = limit ?? defaultPageSize;
      // One more than asked for tells whether there is a next page.
      const found = await service.listProducts({ beforeId: cursor ?? null, limit: size + 1 });
      const items = found.slice(0, size).map(productView);
      const last = items.at(-1);
      return found.length > size && last ? { items, next_cursor: last.id } : { items };
    },
  );
}

function getProduct(app: RouteApp, service: InventoryService): void {
  const schema = { tags: ['inventory'], params: ProductParams };
  app.get(
    '/products/:id',
    {
      schema: {
        ...schema,
        summary: 'Read a product',
        operationId: 'getProduct',
        response: { 200: ProductView, ...problems(400, 404) },
      },
    },
    async (request, reply) => {
      const [product] = await service.findProducts([request.params.id]);
      return product ? productView(product) : productNotFound(reply);
    },
  );
  app.get(
    '/products/:id/availability',
    {
      schema: {
        ...schema,
        summary: 'How much of a product can still be promised',
        operationId: 'getProductAvailability',
        response: { 200: AvailabilityView, ...problems(400, 404) },
      },
    },
    async (request, reply) => {
      const [product] = await service.findProducts([request.params.id]);
      if (!product) return productNotFound(reply);
      const { id, sku, stockQuantity } = product;
      return { product_id: id, sku, stock_quantity: stockQuantity, available: stockQuantity > 0 };
    },
  );
}

function notValid(reply: FastifyReply, detail: string): FastifyReply {
  return reply.problem({ status: 400, error: 'validation_error', title: 'The request is not valid', detail });
}
