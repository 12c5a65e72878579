/** What the pages need to know once, and how the system is doing. */
import type { ActorMachine } from '../actors/index.ts';
import { storeClock } from '../persistence/operations.ts';
import { problems } from '../services/schemas.ts';
import { version } from '../version.ts';
import type { ConsoleApp } from './console-app.ts';
import { keptBriefly } from './kept-briefly.ts';
import { orderMachineId } from './order-machine.ts';
import { overviewOf, type OverviewPorts } from './overview.ts';
import * as schemas from './schemas.ts';

export interface OverviewRoutesPorts extends OverviewPorts {
  readonly hasDemo: boolean;
  readonly monotonicMs: () => number;
}

/** However many pages are open, the database is asked this often. */
const overviewForMs = 1_000;

export function overviewRoutes(app: ConsoleApp, ports: OverviewRoutesPorts): void {
  const overview = keptBriefly(overviewOf(ports), { forMs: overviewForMs, monotonicMs: ports.monotonicMs });

  app.get('/session', { schema: { hide: true, response: { 200: schemas.Session, ...problems(503) } } }, async () => ({
    version,
    now: new Date(await storeClock(ports.pool)).toISOString(),
    has_demo: ports.hasDemo,
    machines: machinesOf(ports.machines),
    order_machine: orderMachineId,
  }));

  app.get('/overview', { schema: { hide: true, response: { 200: schemas.Overview, ...problems(503) } } }, () =>
    overview(),
  );
}

function machinesOf(machines: readonly ActorMachine[]) {
  const byId = Map.groupBy(machines, ({ id }) => id);
  return [...byId].map(([id, versions]) => ({ id, versions: versions.map((machine) => machine.version) }));
}
