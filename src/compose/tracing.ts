/** The tracing of one process. */
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import type { DatabasePool } from '../persistence/pool.ts';
import { logsOf, tracePositions } from '../persistence/trace-log.ts';
import { processPorts } from '../process-ports.ts';
import { chartFacts } from '../telemetry/chart-facts.ts';
import { isGoodEnd, orderMilestones } from '../telemetry/milestones.ts';
import { processIdentity } from '../telemetry/process-identity.ts';
import { type Tracing, noTracing } from '../telemetry/tracing/tracing.ts';
import { actorMachines } from './machines.ts';
import { roleName } from './roles.ts';

/** The SDK is loaded only where its spans are sent somewhere. */
export async function openTracing(config: Config, pool: DatabasePool, log: Logger): Promise<Tracing> {
  if (config.otlpEndpoint === null) return noTracing;
  const { startTracing } = await import('../telemetry/tracing/start-tracing.ts');
  return startTracing({
    endpoint: config.otlpEndpoint,
    share: config.tracesShare,
    identity: processIdentity({ name: config.otelServiceName, role: roleName(config) }),
    positionsOf: (actorIds) => tracePositions(pool, actorIds),
    sagas: {
      readLogs: (actorIds) => logsOf(pool, actorIds),
      tagsOf: chartFacts(actorMachines()).tagsOf,
      isGoodEnd: (machine, path) => isGoodEnd(orderMilestones, machine, path),
      delay: processPorts.delay,
      onLost: (sagas, error) => log.warn({ err: error, sagas }, 'traces of sagas lost'),
    },
  });
}
