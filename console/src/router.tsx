/** Which address shows which page. */
import { createRootRoute, createRoute, createRouter } from '@tanstack/react-router';
import { DemoPage } from './pages/demo/demo-page.tsx';
import { MachinePage } from './pages/machines/machine-page.tsx';
import { MachinesPage } from './pages/machines/machines-page.tsx';
import { NotFound, PageFailed } from './pages/not-found.tsx';
import { OrderPage } from './pages/order/order-page.tsx';
import { readFilters } from './pages/orders/filters.ts';
import { OrdersPage } from './pages/orders/orders-page.tsx';
import { OverviewPage } from './pages/overview/overview-page.tsx';
import { ParkedPage } from './pages/parked/parked-page.tsx';
import { Shell } from './shell/shell.tsx';

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound, errorComponent: PageFailed });

const overview = createRoute({ getParentRoute: () => root, path: '/', component: OverviewPage });

const orders = createRoute({
  getParentRoute: () => root,
  path: '/orders',
  validateSearch: readFilters,
  component: () => <OrdersPage filters={orders.useSearch()} />,
});

const order = createRoute({
  getParentRoute: () => root,
  path: '/orders/$id',
  validateSearch: (search: Readonly<Record<string, unknown>>) => ({
    ...revisionIn(search, 'at'),
    ...revisionIn(search, 'against'),
    ...(typeof search['tab'] === 'string' ? { tab: search['tab'] } : {}),
  }),
  component: () => {
    const { id } = order.useParams();
    return <OrderPage key={id} id={id} search={order.useSearch()} />;
  },
});

const machines = createRoute({ getParentRoute: () => root, path: '/machines', component: MachinesPage });

const machine = createRoute({
  getParentRoute: () => root,
  path: '/machines/$id',
  validateSearch: (search: Readonly<Record<string, unknown>>) => ({
    ...textIn(search, 'version'),
    ...textIn(search, 'against'),
    ...textIn(search, 'state'),
  }),
  component: () => {
    const { id } = machine.useParams();
    return <MachinePage key={id} id={id} search={machine.useSearch()} />;
  },
});

const parked = createRoute({
  getParentRoute: () => root,
  path: '/parked',
  validateSearch: (search: Readonly<Record<string, unknown>>) => textIn(search, 'cause'),
  component: () => <ParkedPage search={parked.useSearch()} />,
});

const demo = createRoute({ getParentRoute: () => root, path: '/demo', component: DemoPage });

const routeTree = root.addChildren([overview, orders, order, machines, machine, parked, demo]);

export function createConsoleRouter() {
  return createRouter({ routeTree, basepath: '/console', defaultPreload: false, scrollRestoration: true });
}

declare module '@tanstack/react-router' {
  interface Register {
    readonly router: ReturnType<typeof createConsoleRouter>;
  }
}

function revisionIn<Name extends string>(
  search: Readonly<Record<string, unknown>>,
  name: Name,
): { [N in Name]?: number } {
  const value = Number(search[name]);
  return Number.isSafeInteger(value) && value > 0 ? ({ [name]: value } as { [N in Name]?: number }) : {};
}

/** A version that looks like a number is parsed as one. */
function textIn<Name extends string>(search: Readonly<Record<string, unknown>>, name: Name): { [N in Name]?: string } {
  const value = search[name];
  const isText = typeof value === 'string' || typeof value === 'number';
  return isText && value !== '' ? ({ [name]: String(value) } as { [N in Name]?: string }) : {};
}
