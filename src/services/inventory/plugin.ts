/** The inventory as a Fastify plugin: products, stock and reservations over HTTP. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { adjustmentRoutes } from './adjustment-routes.ts';
import { reservationRoutes } from './reservation-routes.ts';
import { productRoutes } from './routes.ts';
import type { InventoryService } from './service.ts';

export interface InventoryPluginOptions {
  readonly service: InventoryService;
}

/** Encapsulated; expects an app from `buildApp`. Works without listening. */
const inventory: FastifyPluginAsyncTypebox<InventoryPluginOptions> = async (app, { service }) => {
  productRoutes(app, service);
  adjustmentRoutes(app, service);
  reservationRoutes(app, service);
};

export default inventory;
