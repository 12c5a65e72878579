/** The edge as a Fastify plugin: orders in, answers out. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { type PlaceRoutesOptions, placeRoutes } from './place-routes.ts';
import { type HttpTools, orderRoutes } from './routes.ts';

export interface LedgerPluginOptions extends HttpTools, PlaceRoutesOptions {}

/** Encapsulated; expects an app from `buildApp`. Works without listening. */
const ledger: FastifyPluginAsyncTypebox<LedgerPluginOptions> = async (app, options) => {
  const closing = new AbortController();
  app.addHook('preClose', async () => closing.abort());
  placeRoutes(app, options);
  orderRoutes(app, { ...options, closing: closing.signal });
};

export default ledger;
