/** Gauges of what this process has of its own: its pool, its view of the queue, its breakers, its readiness. */
import type { Meter } from '@opentelemetry/api';
import type { Breaker, BreakerState } from '../effects/breaker.ts';

export interface ProcessParts {
  /** Connections in use, callers in line for one, and how many there may be. */
  readonly places: () => { readonly taken: number; readonly waiting: number; readonly size: number };
  /** Wake-ups that no worker has taken yet; null while the queue is away. */
  readonly backlog: () => number | null;
  readonly breakers: readonly Pick<Breaker, 'name' | 'state'>[];
  /** Names of all readiness checks, and of those that failed when they were last asked. */
  readonly checks: readonly string[];
  readonly failing: () => readonly string[];
}

const states: readonly BreakerState[] = ['closed', 'halfOpen', 'open'];

/** @param meter from a provider that has been started */
export function processGauges(meter: Meter, parts: ProcessParts): void {
  meter
    .createObservableGauge('database_pool_connections', { description: 'Places of the pool, by what they are' })
    .addCallback((result) => {
      const { taken, waiting, size } = parts.places();
      result.observe(taken, { state: 'taken' });
      result.observe(waiting, { state: 'waiting' });
      result.observe(size, { state: 'size' });
    });
  meter
    .createObservableGauge('queue_waiting_jobs', { description: 'Wake-ups that no worker has followed yet' })
    .addCallback((result) => {
      const backlog = parts.backlog();
      if (backlog !== null) result.observe(backlog);
    });
  meter
    .createObservableGauge('queue_up', { description: 'Whether the queue answered when it was last asked' })
    .addCallback((result) => result.observe(parts.backlog() === null ? 0 : 1));
  meter
    .createObservableGauge('breaker_state', { description: '1 for the state that the breaker of a participant is in' })
    .addCallback((result) => {
      for (const { name, state } of parts.breakers)
        for (const one of states) result.observe(state() === one ? 1 : 0, { participant: name, state: one });
    });
  meter
    .createObservableGauge('readiness_check_failing', { description: 'Whether /readyz last found the check failing' })
    .addCallback((result) => {
      for (const check of parts.checks) result.observe(parts.failing().includes(check) ? 1 : 0, { check });
    });
}
