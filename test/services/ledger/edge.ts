/**
 * The edge over real services and the real runtime on a test's database, in one process. Calls to participants over
 * HTTP can be held back; the worker is on from the start, and can be switched off.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import { v7 } from 'uuid';
import {
  actorMachine,
  type ActorSystem,
  createActorSystem,
  type Participant,
  type SettledOutcome,
} from '../../../src/actors/index.ts';
import { inventoryParticipant } from '../../../src/effects/inventory.ts';
import { noticeEffects } from '../../../src/effects/notices.ts';
import { ordersParticipant } from '../../../src/effects/orders.ts';
import { paymentEffects } from '../../../src/effects/payments.ts';
import { injectTransport, type Transport } from '../../../src/effects/transport.ts';
import { type App, buildApp } from '../../../src/http/app.ts';
import { answeredNotModified } from '../../../src/http/conditional.ts';
import { streamEvents } from '../../../src/http/sse.ts';
import { machines, noticeIdOf } from '../../../src/machines/index.ts';
import { actorStore } from '../../../src/persistence/actor-store.ts';
import { commitFeed, type ListeningFeed } from '../../../src/persistence/commit-feed.ts';
import type { Tx } from '../../../src/persistence/pool.ts';
import { processPorts } from '../../../src/process-ports.ts';
import { createInventory, type InventoryService } from '../../../src/services/inventory/service.ts';
import { acceptCompanion } from '../../../src/services/ledger/accept.ts';
import { ledgerFace } from '../../../src/services/ledger/face.ts';
import ledger from '../../../src/services/ledger/plugin.ts';
import { orderProjection } from '../../../src/services/ledger/projection.ts';
import type { Catalog } from '../../../src/services/ledger/pricing.ts';
import { createLedger } from '../../../src/services/ledger/service.ts';
import { createNotices } from '../../../src/services/notices/service.ts';
import { createOrders } from '../../../src/services/orders/service.ts';
import payments from '../../../src/services/payments/plugin.ts';
import { paymentService } from '../../../src/services/payments/service.ts';
import { type TestDatabase, useDatabase } from '../../support/database.ts';
import { eventually } from '../../support/wait.ts';
import { failTheRun } from '../../support/fail-the-run.ts';

export const userId = '550e8400-e29b-41d4-a716-446655440000';
/** Canaries: they must never be found outside the tables that are made for them. */
export const email = 'canary@example.com';
export const token = 'tok_canary_visa';

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Record<string, unknown>;
  json(): Record<string, unknown>;
}

export interface EdgeOptions {
  readonly budgetMs?: number;
  readonly catalog?: Catalog;
}

export interface Edge extends TestDatabase {
  app(): App;
  system(): ActorSystem;
  /** A second edge process over the same system, with other options. */
  another(options: EdgeOptions): Promise<App>;
  product(product?: { priceCents?: number; currency?: string; stock?: number }): Promise<string>;
  body(productId: string, over?: object): Record<string, unknown>;
  place(body: object, key?: string, app?: App): Promise<Answer>;
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  cancel(id: string): Promise<Answer>;
  /** @returns the id of an order that was placed, and is at AUTHORIZED or beyond */
  placed(over?: object): Promise<string>;
  /** Waits until the order is at this status. */
  reaches(id: string, status: string): Promise<void>;
  /** Waits until the order has ended so, and its notice has been sent: then nothing more will be written for it. */
  settles(id: string, status: string): Promise<void>;
  /** Holds calls to the gateway whose path starts so, until the returned function is called. */
  hold(path: string): () => void;
  /** How many calls are held now. */
  held(): number;
  /** Makes a local effect answer with this instead of running. */
  refuse(effect: string, outcome: SettledOutcome | null): void;
  worker: { on(): void; off(): void };
  /** Lines logged by the notices. */
  readonly logged: string[];
  moves(ms: number): Promise<void>;
}

/** Call it at the top of a file. */
export function useEdge(): Edge {
  const database = useDatabase({ maxConnections: 20 });
  const holds = new Map<string, Promise<void>>();
  const refusals = new Map<string, SettledOutcome>();
  const logged: string[] = [];
  const waiting = new Set<string>();
  let heldCalls = 0;
  let working = true;
  let parts: { app: App; gateway: App; system: ActorSystem; feed: ListeningFeed; inventory: InventoryService };
  const apps: App[] = [];

  const advance = (id: string): void => {
    if (working) void parts.system.advance(id).catch(() => waiting.add(id));
    else waiting.add(id);
  };
  const holding =
    (transport: Transport): Transport =>
    async (request) => {
      const [, gate] = [...holds].find(([path]) => request.path.startsWith(path)) ?? [];
      if (gate) {
        heldCalls += 1;
        await gate;
        heldCalls -= 1;
      }
      return transport(request);
    };

  beforeAll(async () => {
    const pool = database.pool();
    // A clock that tests can move forward, so that backoffs need not be waited for.
    await database.pg().query(`
      create table actors.test_clock (ahead interval not null);
      insert into actors.test_clock values ('0');
      create or replace function actors.clock() returns timestamptz language sql volatile
        return clock_timestamp() + (select ahead from actors.test_clock);`);
    const feed = await commitFeed(database.url(), () => undefined);
    const gateway = await buildApp();
    const service = paymentService({ pool, newId: v7, onSplit: failTheRun });
    await gateway.register(payments, { service, weather: { latencyMs: 0, failureRate: 0 }, random: () => 0 });
    const inventory = createInventory({ pool, newId: v7 });
    const face = ledgerFace(pool);
    const log = (fields: object, message: string): void => void logged.push(JSON.stringify({ ...fields, message }));
    const system = createActorSystem<Tx>({
      machines: machines.map(({ machine, version }) => actorMachine(machine, version)),
      participants: [ordersParticipant(createOrders({ pool })), inventoryParticipant(inventory)].map(
        refusing(refusals),
      ),
      remoteEffects: [
        ...paymentEffects({ transport: holding(injectTransport(gateway)), tokenOf: face.paymentTokenOf }),
        ...noticeEffects({
          notices: createNotices({ pool, onSplit: failTheRun }),
          emailOf: face.emailOf,
          log: { info: log, warn: log },
        }),
      ],
      companions: [acceptCompanion],
      projections: { order: orderProjection },
      store: actorStore(pool),
      wakeUps: { room: async () => 1_000, isFull: () => false, publish: async (ids) => (ids.forEach(advance), true) },
      feed,
      observer: { observe: () => undefined },
      process: processPorts,
      limits: { leaseMarginMs: 1_000, redeliveryMs: 5_000, maxBatch: 256, lanes: 1 },
    });
    parts = { app: await open(system, inventory, {}), gateway, system, feed, inventory };
  });

  const open = async (system: ActorSystem, inventory: InventoryService, options: EdgeOptions): Promise<App> => {
    const app = await buildApp();
    const service = createLedger({
      pool: database.pool(),
      system,
      catalog: options.catalog ?? inventory,
      newId: v7,
      process: processPorts,
      edgeBudgetMs: options.budgetMs ?? 5_000,
      onAccepted: () => undefined,
    });
    await app.register(ledger, { service, streamEvents, answeredNotModified, maxPlacing: () => 256 });
    await app.ready();
    apps.push(app);
    return app;
  };

  afterAll(async () => {
    for (const app of apps) await app.close();
    await parts.system.idle();
    await parts.gateway.close();
    await parts.feed.stop();
  });

  const get = async (path: string, headers: Record<string, string> = {}): Promise<Answer> =>
    answerOf(await parts.app.inject({ method: 'GET', url: path, headers }));
  const edge: Edge = {
    ...database,
    logged,
    app: () => parts.app,
    system: () => parts.system,
    another: (options) => open(parts.system, parts.inventory, options),
    async product({ priceCents = 2_999, currency = 'USD', stock = 100 } = {}) {
      const sku = `SKU-${randomUUID()}`;
      const made = await parts.inventory.createProduct({
        name: 'Mouse',
        sku,
        priceCents,
        currency,
        initialStock: stock,
      });
      if (made.type !== 'created') throw new Error(made.type);
      return made.product.id;
    },
    body: (productId, over = {}) => ({
      user_id: userId,
      email,
      items: [{ product_id: productId, quantity: 2 }],
      payment: { method: 'card', token },
      ...over,
    }),
    async place(body, key = randomUUID(), app = parts.app) {
      const headers = { 'idempotency-key': key, 'content-type': 'application/json' };
      return answerOf(await app.inject({ method: 'POST', url: '/orders', headers, payload: JSON.stringify(body) }));
    },
    get,
    cancel: async (id) => answerOf(await parts.app.inject({ method: 'POST', url: `/orders/${id}/cancel` })),
    async placed(over) {
      const answer = await edge.place(edge.body(await edge.product(), over));
      if (answer.status !== 202) throw new Error(answer.text);
      return String(answer.json()['order_ledger_id']);
    },
    async reaches(id, status) {
      const what = `${id} at ${status}`;
      await eventually(async () => (await get(`/orders/${id}`)).json()['status'] === status, { what });
    },
    async settles(id, status) {
      await edge.reaches(id, status);
      // Also without a relay, which would bring what is still due.
      await eventually(async () => (await parts.system.advance(noticeIdOf(id))) === 'done', {
        what: `notice of ${id}`,
      });
    },
    hold(path) {
      const { promise, resolve } = Promise.withResolvers<void>();
      holds.set(path, promise);
      return () => {
        holds.delete(path);
        resolve();
      };
    },
    held: () => heldCalls,
    refuse: (effect, outcome) => void (outcome ? refusals.set(effect, outcome) : refusals.delete(effect)),
    worker: {
      on() {
        working = true;
        const ids = [...waiting];
        waiting.clear();
        ids.forEach(advance);
      },
      off: () => void (working = false),
    },
    async moves(ms) {
      await database.pg().query(`update actors.test_clock set ahead = ahead + $1 * interval '1 millisecond'`, [ms]);
    },
  };
  return edge;
}

function refusing(refusals: ReadonlyMap<string, SettledOutcome>): (of: Participant<Tx>) => Participant<Tx> {
  return (participant) => ({
    ...participant,
    async apply(tx, requests, nowMs) {
      const run = requests.filter(({ effect }) => !refusals.has(effect));
      const outcomes = run.length > 0 ? [...(await participant.apply(tx, run, nowMs))] : [];
      return requests.map(({ effect }) => {
        const outcome = refusals.get(effect) ?? outcomes.shift();
        if (!outcome) throw new Error('a request was left without an outcome');
        return outcome;
      });
    },
  });
}

export function answerOf(response: { statusCode: number; body: string; headers: Record<string, unknown> }): Answer {
  return {
    status: response.statusCode,
    text: response.body,
    headers: response.headers,
    json: () => JSON.parse(response.body) as Record<string, unknown>,
  };
}
