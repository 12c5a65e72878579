/** The operator console as a Fastify plugin: its pages, and the routes that serve them. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { fileURLToPath } from 'node:url';
import type { ActorSystem, FindMigration } from '../actors/index.ts';
import type { DatabasePool } from '../persistence/pool.ts';
import type { Ledger } from '../services/ledger/service.ts';
import type { DemoPorts } from './demo.ts';
import { demoRoutes } from './demo-routes.ts';
import { liveOrders, type LivePorts } from './live-orders.ts';
import { liveRoute } from './live-route.ts';
import { machineRoutes } from './machine-routes.ts';
import type { OrderFilePorts } from './order-file.ts';
import { orderRoutes } from './order-routes.ts';
import { overviewRoutes } from './overview-routes.ts';
import type { OverviewPorts } from './overview.ts';
import { pageRoutes } from './page-routes.ts';
import { builtPages } from './pages.ts';
import { parkedRoutes } from './parked-routes.ts';
import type { Verdicts } from './verdicts.ts';
import { whatIfRoute } from './what-if-route.ts';

export interface ConsoleOptions
  extends
    Pick<OrderFilePorts, 'gateway' | 'noticeIdOf' | 'likelyAnswersOf'>,
    Pick<OverviewPorts, 'queue'>,
    Pick<LivePorts, 'feed' | 'delay' | 'onError'> {
  readonly pool: DatabasePool;
  readonly system: ActorSystem;
  readonly ledger: Pick<Ledger, 'find' | 'list'>;
  readonly migrationOf: FindMigration;
  readonly verdicts: Verdicts;
  readonly monotonicMs: () => number;
  /** Null: the demo corner is not allowed here. */
  readonly demo: DemoPorts | null;
  /** Where the pages are; default: where `npm run build` puts them. */
  readonly pagesDirectory?: string;
}

const defaultPagesDirectory = fileURLToPath(new URL('../../console/dist', import.meta.url));

/** Expects an app from `buildApp`, with the public routes of orders, actors and machines beside it. Works without listening. */
const consolePlugin: FastifyPluginAsyncTypebox<ConsoleOptions> = async (app, options) => {
  const { system, pool, monotonicMs, demo } = options;
  const { machines } = system;
  await app.register(
    async (api) => {
      overviewRoutes(api, { ...options, machines, hasDemo: demo !== null });
      orderRoutes(api, options);
      whatIfRoute(api, options);
      machineRoutes(api, { ...options, machines, monotonicMs });
      parkedRoutes(api, { pool, system });
      liveRoute(api, liveOrders(options));
      if (demo) demoRoutes(api, demo);
    },
    { prefix: '/console/api' },
  );
  pageRoutes(app, builtPages(options.pagesDirectory ?? defaultPagesDirectory));
};

export default consolePlugin;
