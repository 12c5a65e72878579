/** Turns what the runtime reports into metrics and logs. */
import type { Meter } from '@opentelemetry/api';
import type { Logger } from 'pino';
import type { Observer } from '../actors/ports.ts';
import { chartFacts, type ChartFacts } from './chart-facts.ts';
import { orderMilestones } from './milestones.ts';
import { runtimeLog } from './runtime-log.ts';
import { runtimeMetrics } from './runtime-metrics.ts';

/**
 * Counts by machine, state, effect and outcome, and logs: transitions at debug, retries and compensation at info,
 * parking and unknown versions at warn. Labels come from code alone, never from ids, events or reasons: they stay few.
 * @param meter from a provider that has been started
 * @param facts what the charts say of states; without them nothing is known to be late
 */
export function runtimeObserver(meter: Meter, log: Logger, facts: ChartFacts = chartFacts([])): Observer {
  const count = runtimeMetrics(meter, facts, orderMilestones);
  const tell = runtimeLog(log);
  return {
    observe(observation) {
      try {
        count(observation);
        tell(observation);
      } catch (error) {
        // The runtime goes on whatever happens to what it reports.
        log.error({ err: error, observation: observation.type }, 'observation lost');
      }
    },
  };
}
