/** The edge as a Fastify plugin: orders in, answers out. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { placeRoutes } from './place-routes.ts';
import { type HttpTools, orderRoutes } from './routes.ts';
import type { Ledger } from './service.ts';

export interface LedgerPluginOptions extends HttpTools {
  readonly service: Ledger;
  /** How many orders are placed at a time; null: none are placed here. */
  readonly maxPlacing: (() => number) | null;
}

/** Encapsulated; expects an app from `buildApp`. Works without listening. */
const ledger: FastifyPluginAsyncTypebox<LedgerPluginOptions> = async (app, options) => {
  const closing = new AbortController();
  app.addHook('preClose', async () => closing.abort());
  const { service, maxPlacing } = options;
  if (maxPlacing) placeRoutes(app, { service, maxPlacing });
  orderRoutes(app, { ...options, closing: closing.signal });
};

export default ledger;
