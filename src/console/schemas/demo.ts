/** The demo corner: scenarios, the fake gateway’s weather, a worker to kill. */
import { type Static, Type } from '@sinclair/typebox';
import { Cents, Currency, Instant, Quantity, Uuid } from '../../services/schemas.ts';
import { Count, Nullable, OneOf, Share, Status, strict, Text } from './parts.ts';

export const GatewayWeather = Type.Object(
  { failure_rate: Share, latency_ms: Type.Integer({ minimum: 0, maximum: 10_000 }) },
  strict,
);
export const Demo = Type.Object({
  scenarios: Type.Array(
    Type.Object({ name: Text, title: Text, promise: Type.String({ description: 'How it is to end' }), ends: Status }),
  ),
  products: Type.Array(
    Type.Object({ id: Uuid, name: Text, sku: Text, price_cents: Cents, currency: Currency, available: Type.Integer() }),
  ),
  gateway: GatewayWeather,
  /**
   * A worker in a process of its own, which can be killed (kill -9). While it lives it does the work alone; when it is
   * gone this process takes over what it left.
   */
  worker: Type.Object({
    state: OneOf(['none', 'starting', 'running', 'killed']),
    pid: Nullable(Type.Integer()),
    since: Nullable(Instant),
    kills: Count,
  }),
});
export const DemoWorkerBody = Type.Object({ do: OneOf(['start', 'kill']) }, strict);
export const DemoOrderBody = Type.Object(
  {
    scenario: Type.String({ maxLength: 50 }),
    /** Default: a product of the demo's own, made when there is none. */
    product_id: Type.Optional(Uuid),
    quantity: Type.Optional(Quantity),
  },
  strict,
);
export const DemoOrder = Type.Object({ order_ledger_id: Uuid, status: Status });

export type GatewayWeather = Static<typeof GatewayWeather>;
export type Demo = Static<typeof Demo>;
export type DemoOrderBody = Static<typeof DemoOrderBody>;
export type DemoOrder = Static<typeof DemoOrder>;
