/** What each role does without being asked: workers, relay, heartbeat, reconciliation, retention, audits, sweeper. */
import { metrics as otelMetrics } from '@opentelemetry/api';
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import type { ActorSystem, WakeUps } from '../actors/index.ts';
import { runAudits } from '../audit/run-audits.ts';
import type { Config } from '../config.ts';
import { runHeartbeat } from '../console/heartbeat.ts';
import type { CrashPoints } from '../crash-points/crash-points.ts';
import { outbox } from '../persistence/outbox.ts';
import type { DatabasePool } from '../persistence/pool.ts';
import { runRetention } from '../persistence/retention.ts';
import { processPorts } from '../process-ports.ts';
import type { QueueTarget, WakeUpConsumer } from '../queue/backend.ts';
import { relay } from '../queue/relay.ts';
import { startWorker } from '../queue/worker.ts';
import type { Reconciliation } from '../reconciliation/service.ts';
import { runSweeper } from '../services/inventory/sweeper.ts';
import { auditObserver } from '../telemetry/audit-observer.ts';
import { droppedRows } from '../telemetry/dropped-rows.ts';
import { meteredOutbox } from '../telemetry/metered-ports.ts';
import type { Tracing } from '../telemetry/tracing/tracing.ts';
import { version } from '../version.ts';
import { auditOnce } from './audits.ts';
import type { Breakers, Services } from './participants.ts';
import { createRetention } from './retention.ts';
import { serves } from './roles.ts';

/** Actors a worker moves at a time. They share commits, so many are cheap; memory bounds them. */
const workerConcurrency = 200;

const sweepIntervalMs = 5_000;

/** A pass that finds nothing costs one look at an index. */
const retentionIntervalMs = 600_000;

const hourMs = 3_600_000;

interface WorkParts {
  readonly pool: DatabasePool;
  readonly databaseUrl: string;
  readonly target: QueueTarget;
  readonly publisher: WakeUps;
  readonly system: ActorSystem;
  readonly services: Services;
  readonly reconciliation: Reconciliation;
  readonly onError: (error: Error) => void;
  readonly log: Logger;
  readonly points: CrashPoints;
  readonly tracing: Tracing;
  readonly breakers: Breakers;
}

/** What goes on without being asked. Every worker relays too, so an edge and a worker alone miss nothing. */
export function background(config: Config, parts: WorkParts) {
  const { pool, databaseUrl, target, publisher, services, reconciliation, onError, points } = parts;
  const jobs = parts.tracing.jobs(points.jobs(parts.system));
  const stopping = new AbortController();
  const loops: Promise<void>[] = [];
  let consumer: WakeUpConsumer | null = null;
  const { delay } = processPorts;
  const resume = (): void => {
    if (serves(config, 'worker') && !stopping.signal.aborted)
      consumer ??= startWorker({
        target,
        jobs,
        concurrency: workerConcurrency,
        giveBack: (actorIds) => publisher.publish(actorIds),
        onError,
      });
  };
  const onFault = (error: unknown): void => onError(error instanceof Error ? error : new Error(String(error)));
  const rest = async (): Promise<void> => {
    const resting = consumer;
    consumer = null;
    await resting?.close();
  };
  return {
    /** Takes wake-ups, and leaves them to others: for who lets another worker have them. */
    resume,
    rest,
    start(): void {
      resume();
      if (config.roles.length > 0)
        loops.push(runHeartbeat({ pool, self: self(config, parts.breakers), signal: stopping.signal, delay, onFault }));
      if (serves(config, 'worker', 'relay')) {
        const { redeliveryMs } = config;
        loops.push(
          relay({
            outbox: meteredOutbox(
              otelMetrics.getMeter('waybill'),
              points.outbox(outbox(pool)),
              processPorts.monotonicMs,
            ),
            wakeUps: points.wakeUps(publisher),
            redeliveryMs,
            delay,
            onError,
          }).run(stopping.signal),
        );
      }
      if (serves(config, 'worker')) loops.push(reconciliation.run(stopping.signal));
      if (serves(config, 'worker') && config.retentionDays > 0) {
        const onDropped = droppedRows(otelMetrics.getMeter('waybill'));
        loops.push(
          runRetention({
            retention: createRetention(pool, databaseUrl, onDropped),
            olderThanDays: config.retentionDays,
            intervalMs: retentionIntervalMs,
            signal: stopping.signal,
            delay,
            onFault,
          }),
        );
      }
      if (serves(config, 'worker') && config.auditHours > 0) {
        loops.push(
          runAudits({
            runOnce: () => auditOnce(databaseUrl, onError),
            intervalMs: config.auditHours * hourMs,
            signal: stopping.signal,
            delay,
            onReport: auditObserver(otelMetrics.getMeter('waybill'), parts.log, processPorts.monotonicMs),
            onFault,
          }),
        );
      }
      if (serves(config, 'inventory')) {
        loops.push(
          runSweeper({
            inventory: services.inventory,
            intervalMs: sweepIntervalMs,
            signal: stopping.signal,
            delay,
            onFault,
          }),
        );
      }
    },
    async stop(): Promise<void> {
      stopping.abort();
      await Promise.all(loops);
      await rest();
    },
  };
}

const self = (config: Config, breakers: Breakers) => ({
  id: processPorts.newId(),
  roles: config.roles,
  version,
  host: hostname(),
  pid: process.pid,
  breakers: () =>
    Object.fromEntries(
      Object.values(breakers)
        .map(({ name, state }) => [name, state()] as const)
        .filter(([, state]) => state !== 'closed'),
    ),
});
