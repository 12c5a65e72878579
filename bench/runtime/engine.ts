/** Waybill's own runtime as an engine: one process starts sagas, another moves them, and every one goes through BullMQ. */
import { type Observation, type TransitionRecord } from '../../src/actors/index.ts';
import { audit } from '../../src/audit/audit.ts';
import { migrate } from '../../src/persistence/migrate.ts';
import { outbox } from '../../src/persistence/outbox.ts';
import { openPool } from '../../src/persistence/pool.ts';
import { processPorts } from '../../src/process-ports.ts';
import { prepareQueue } from '../../src/queue/backend.ts';
import { relay } from '../../src/queue/relay.ts';
import { startWorker } from '../../src/queue/worker.ts';
import type { Engine, Engines, EngineSettings, OnDone, Submitter, Worker } from '../engines/engine.ts';
import { onError, openRuntime, queueTarget, redeliveryMs, runtimeMachines } from './open-runtime.ts';
import { sagaMachine } from './saga.ts';

/** Actors in flight per worker, as in the product: see compose.ts. */
const defaultConcurrency = 200;
const auditTimeoutMs = 120_000;

const waybill: Engine = {
  about: 'Waybill: a durable XState actor per order, local effects, group commit, a BullMQ job per wake-up',
  processes: 'two',
  redis: 'with-backend',
  async setup(settings) {
    await migrate(settings.databaseUrl);
    await prepareQueue(queueTarget(settings));
  },
  check: checkLogs,
  worker: openWorker,
  submitter: openSubmitter,
};

async function openWorker(settings: EngineSettings, onDone: OnDone): Promise<Worker> {
  const counts = { commits: 0, steps: 0, transitions: 0, retries: 0 };
  const runtime = await openRuntime(settings, (observation: Observation) => {
    if (observation.type === 'transition') {
      if (isEnd(observation.record)) onDone(observation.record.actorId);
    } else if (observation.type === 'commit') {
      counts.commits += 1;
      counts.steps += observation.actors;
      counts.transitions += observation.transitions;
    } else if (observation.type === 'commit-retried') counts.retries += 1;
  });
  const { system, pool, publisher, target } = runtime;
  const stopping = new AbortController();
  const jobs = { advance: (actorId: string) => system.advance(actorId) };
  const consumer = startWorker({
    target,
    jobs,
    concurrency: settings.concurrency ?? defaultConcurrency,
    giveBack: (actorIds) => publisher.publish(actorIds),
    onError,
  });
  const { delay } = processPorts;
  const relaying = relay({ outbox: outbox(pool), wakeUps: publisher, redeliveryMs, delay, onError });
  const running = relaying.run(stopping.signal);
  return {
    stats: () => counts,
    async stop() {
      stopping.abort();
      await running;
      await consumer.close();
      await runtime.close();
    },
  };
}

/** Every revision is in the log, replays to the stored snapshot, and nothing is left behind. */
async function checkLogs({ databaseUrl }: EngineSettings): Promise<void> {
  const pool = await openPool({
    url: databaseUrl,
    maxConnections: 2,
    statementTimeoutMs: auditTimeoutMs,
    readsWholeTables: true,
  });
  try {
    const { clean, findings } = await audit(pool, { machines: runtimeMachines, live: true });
    if (!clean) throw new Error(`the audit finds ${JSON.stringify(findings)}, so this run does not count`);
  } finally {
    await pool.end();
  }
}

const ends = new Set(['confirmed', 'cancelled', 'rung']);

const isEnd = ({ to }: TransitionRecord): boolean => ends.has(to);

async function openSubmitter(settings: EngineSettings): Promise<Submitter> {
  const runtime = await openRuntime(settings);
  return {
    submit: (order) => runtime.system.start({ machine: sagaMachine.id, id: order.orderId, input: { ...order } }),
    stop: () => runtime.close(),
  };
}

export const engines: Engines = { waybill };
