/** The orders service as a Fastify plugin: internal, called by sagas that run elsewhere. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { orderRoutes } from './routes.ts';
import type { OrdersService } from './service.ts';

export interface OrdersPluginOptions {
  readonly service: OrdersService;
  /** Where it is served: `/internal/orders`. Fastify applies it; the role `orders` alone registers a second, `/orders`. */
  readonly prefix: string;
  /** Leaves the routes out of the API description, for a second registration. */
  readonly hidden?: boolean;
}

/** Encapsulated; expects an app from `buildApp`. Works without listening. */
const orders: FastifyPluginAsyncTypebox<OrdersPluginOptions> = async (app, { service, prefix, hidden = false }) => {
  orderRoutes(app, { service, prefix, hidden });
};

export default orders;
