/** The demo corner: orders of every scenario, the fake gateway's weather, and a worker to kill. Only where nothing is real. */
import type { Static } from '@sinclair/typebox';
import type { InventoryService } from '../services/inventory/service.ts';
import type { OrderStatus } from '../services/ledger/entry.ts';
import type { Ledger, Placed } from '../services/ledger/service.ts';
import type { GatewayWeather as Weather } from '../services/payments/plugin.ts';
import { demoCurrency, demoProducts, demoScenarios, type DemoScenario } from './demo-scenarios.ts';
import type { DemoWorker } from './demo-worker.ts';
import type { Demo, DemoOrderBody } from './schemas.ts';

export interface DemoPorts {
  readonly ledger: Pick<Ledger, 'place' | 'find'>;
  readonly inventory: Pick<InventoryService, 'createProduct' | 'listProducts'>;
  /** Read by the gateway at every call. */
  readonly weather: Weather;
  readonly worker: DemoWorker;
  readonly newId: () => string;
}

const shownProducts = 20;

export async function demoState({ inventory, weather, worker }: DemoPorts): Promise<Static<typeof Demo>> {
  const products = await inventory.listProducts({ beforeId: null, limit: shownProducts });
  const { state, pid, sinceMs, kills } = worker.state();
  return {
    scenarios: demoScenarios.map(({ name, title, promise, ends }) => ({ name, title, promise, ends })),
    products: products.map(({ id, name, sku, priceCents, currency, stockQuantity }) => ({
      id,
      name,
      sku,
      price_cents: priceCents,
      currency,
      available: stockQuantity,
    })),
    gateway: { failure_rate: weather.failureRate, latency_ms: weather.latencyMs },
    worker: { state, pid, since: sinceMs === null ? null : new Date(sinceMs).toISOString(), kills },
  };
}

export type DemoPlaced =
  | { readonly type: 'placed'; readonly id: string; readonly status: OrderStatus }
  | { readonly type: 'no such scenario' }
  /** A product was named that cannot be ordered. */
  | { readonly type: 'not placed'; readonly why: Exclude<Placed['type'], 'answered'> };

/** As a customer would place it; the answer of a declined one names its order too. */
export async function placeDemoOrder(
  ports: DemoPorts,
  asked: Static<typeof DemoOrderBody>,
  traceparent: string,
): Promise<DemoPlaced> {
  const scenario = demoScenarios.find(({ name }) => name === asked.scenario);
  if (!scenario) return { type: 'no such scenario' };
  const productId = asked.product_id ?? (await productOf(ports, scenario));
  const idempotencyKey = `console-${ports.newId()}`;
  const placed = await ports.ledger.place({
    idempotencyKey,
    traceparent,
    placement: {
      userId: demoCustomer,
      email: 'demo@example.com',
      items: [{ productId, quantity: asked.quantity ?? scenario.quantity }],
      payment: { method: 'card', token: scenario.token },
    },
  });
  if (placed.type !== 'answered') return { type: 'not placed', why: placed.type };
  const id = orderIn(placed.answer.body);
  const order = await ports.ledger.find(id);
  if (!order) throw new Error('an order was placed, and is not there');
  return { type: 'placed', id, status: order.status };
}

/** Of nobody: every order of the demo corner is this customer's. */
const demoCustomer = '00000000-0000-4000-8000-00000000de30';

/** Made when it is first ordered. */
async function productOf({ inventory }: DemoPorts, { product }: DemoScenario): Promise<string> {
  const outcome = await inventory.createProduct({ ...demoProducts[product], currency: demoCurrency });
  return outcome.type === 'created' ? outcome.product.id : outcome.existingProductId;
}

function orderIn(answer: string): string {
  const body: unknown = JSON.parse(answer);
  if (
    typeof body === 'object' &&
    body !== null &&
    'order_ledger_id' in body &&
    typeof body.order_ledger_id === 'string'
  )
    return body.order_ledger_id;
  throw new Error('the answer to an order does not name it');
}
