/** The edge as a Fastify plugin: orders in, answers out. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { placeRoutes } from './place-routes.ts';
import { type HttpTools, orderRoutes } from './routes.ts';
import type { Ledger } from './service.ts';

export interface LedgerPluginOptions extends HttpTools {
  readonly service: Ledger;
}

/** Encapsulated; expects an app from `buildApp`. Works without listening. */
const ledger: FastifyPluginAsyncTypebox<LedgerPluginOptions> = async (app, options) => {
  const closing = new AbortController();
  app.addHook('preClose', async () => closing.abort());
  placeRoutes(app, options.service);
  orderRoutes(app, { ...options, closing: closing.signal });
};

export default ledger;
