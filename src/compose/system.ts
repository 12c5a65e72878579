/** The actor system of one process: its effects, projections and stores. */
import { metrics as otelMetrics } from '@opentelemetry/api';
import type { Logger } from 'pino';
import {
  type ActorSystem,
  type Observer,
  type RemoteEffect,
  type WakeUps,
  createActorSystem,
} from '../actors/index.ts';
import type { Config } from '../config.ts';
import type { CrashPoints } from '../crash-points/crash-points.ts';
import { guarded } from '../effects/breaker.ts';
import { inventoryParticipant, remoteInventory } from '../effects/inventory.ts';
import { noticeEffects } from '../effects/notices.ts';
import { ordersParticipant, remoteOrders } from '../effects/orders.ts';
import { paymentEffects } from '../effects/payments.ts';
import { migrations } from '../machines/migrations.ts';
import { actorStore } from '../persistence/actor-store.ts';
import type { ListeningFeed } from '../persistence/commit-feed.ts';
import { operationCompanion } from '../persistence/operations.ts';
import type { DatabasePool, Tx } from '../persistence/pool.ts';
import { processPorts } from '../process-ports.ts';
import { acceptCompanion } from '../services/ledger/accept.ts';
import { ledgerFace } from '../services/ledger/face.ts';
import { orderParkingProjection, orderProjection } from '../services/ledger/projection.ts';
import { meteredEffects } from '../telemetry/metered-ports.ts';
import type { Tracing } from '../telemetry/tracing/tracing.ts';
import { actorMachines } from './machines.ts';
import type { Breakers, Services, Transports } from './participants.ts';

/** Steps per commit: beyond this a batch holds its locks for too long. */
const maxBatch = 256;

/** Commits at a time: one, and others past it while a lock holds it up. */
const lanes = 4;

interface SystemParts {
  readonly pool: DatabasePool;
  readonly feed: ListeningFeed;
  readonly publisher: WakeUps;
  readonly observer: Observer;
  readonly services: Services;
  readonly transports: Transports;
  readonly log: Logger;
  readonly points: CrashPoints;
  readonly tracing: Tracing;
  readonly breakers: Breakers;
}

export function createSystem(config: Config, parts: SystemParts): ActorSystem {
  const { pool, services, transports, points } = parts;
  const face = ledgerFace(pool);
  const { payments, orders, inventory } = parts.breakers;
  const payment = paymentEffects({
    transport: transports.payments,
    tokenOf: (orderId) => face.paymentTokenOf(orderId),
  });
  const remoteEffects: RemoteEffect[] = [
    ...guarded(payment, payments),
    ...noticeEffects({ notices: services.notices, emailOf: (orderId) => face.emailOf(orderId), log: parts.log }),
    ...(transports.orders ? guarded(remoteOrders(transports.orders), orders) : []),
    ...(transports.inventory ? guarded(remoteInventory(transports.inventory), inventory) : []),
  ];
  return createActorSystem<Tx>({
    machines: actorMachines(),
    migrations,
    // In lock order; the same-transaction forms of what is not called over HTTP.
    participants: [
      ...(transports.orders ? [] : [ordersParticipant(services.orders)]),
      ...(transports.inventory ? [] : [inventoryParticipant(services.inventory)]),
    ],
    remoteEffects: parts.tracing.effects(
      meteredEffects(otelMetrics.getMeter('waybill'), points.effects(remoteEffects), processPorts.monotonicMs),
    ),
    companions: [acceptCompanion, operationCompanion],
    projections: { order: orderProjection },
    parkingProjections: { order: orderParkingProjection },
    store: points.store(actorStore(pool)),
    wakeUps: parts.publisher,
    feed: parts.feed,
    observer: parts.observer,
    process: processPorts,
    limits: { leaseMarginMs: config.leaseMarginMs, redeliveryMs: config.redeliveryMs, maxBatch, lanes },
  });
}
