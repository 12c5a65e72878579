/** The services of one process, and how each is reached from here. */
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { type Breaker, type BreakerOptions, createBreaker } from '../effects/breaker.ts';
import { type Transport, fetchTransport, injectTransport } from '../effects/transport.ts';
import { type App, buildApp } from '../http/app.ts';
import type { DatabasePool } from '../persistence/pool.ts';
import { processPorts } from '../process-ports.ts';
import { createInventory } from '../services/inventory/service.ts';
import { createNotices } from '../services/notices/service.ts';
import { createOrders } from '../services/orders/service.ts';
import paymentsPlugin, { type GatewayWeather } from '../services/payments/plugin.ts';
import { paymentService } from '../services/payments/service.ts';
import type { Tracing } from '../telemetry/tracing/tracing.ts';

export function createServices(pool: DatabasePool, log: Logger) {
  const onSplit = (err: unknown): void =>
    log.warn({ err }, 'what failed for many calls at once is tried for each alone');
  return {
    orders: createOrders({ pool }),
    inventory: createInventory({ pool, newId: processPorts.newId }),
    payments: paymentService({ pool, newId: processPorts.newId, onSplit }),
    notices: createNotices({ pool, onSplit }),
  };
}

export type Services = ReturnType<typeof createServices>;

export const paymentsOptions = (service: Services['payments'], weather: GatewayWeather) => ({
  service,
  weather,
  random: processPorts.random,
});

/** How each participant is reached: over HTTP where a URL is given; payments without one through a plugin that does not listen. */
export async function openTransports(
  config: Config,
  services: Services,
  weather: GatewayWeather,
  log: Logger,
  tracing: Tracing,
) {
  let gateway: App | null = null;
  let payments: Transport;
  if (config.paymentsUrl === null) {
    gateway = await buildApp({ logger: log });
    await gateway.register(paymentsPlugin, paymentsOptions(services.payments, weather));
    payments = injectTransport(gateway);
  } else payments = fetchTransport(config.paymentsUrl);
  return {
    payments: tracing.transport('payments', payments),
    orders: config.ordersUrl === null ? null : tracing.transport('orders', fetchTransport(config.ordersUrl)),
    inventory:
      config.inventoryUrl === null ? null : tracing.transport('inventory', fetchTransport(config.inventoryUrl)),
    close: async () => {
      await gateway?.close();
    },
  };
}

export type Transports = Awaited<ReturnType<typeof openTransports>>;

/** One per participant that may run elsewhere; of one that does not, it stays closed. */
export function createBreakers(onChange: BreakerOptions['onChange'], monotonicMs: () => number) {
  const { random } = processPorts;
  const breaker = (name: string): Breaker => createBreaker({ name, monotonicMs, random, onChange });
  return { payments: breaker('payments'), orders: breaker('orders'), inventory: breaker('inventory') };
}

export type Breakers = ReturnType<typeof createBreakers>;
