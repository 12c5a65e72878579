/** Tells of breakers that change: as a log line and a counter. */
import type { Meter } from '@opentelemetry/api';
import type { Logger } from 'pino';
import type { BreakerOptions } from '../effects/breaker.ts';

/** @param meter from a provider that has been started */
export function breakerObserver(meter: Meter, log: Logger): BreakerOptions['onChange'] {
  const changes = meter.createCounter('breaker_transitions_total', {
    description: 'Changes of breakers, by participant and the state come to',
  });
  return ({ name, from, to }) => {
    changes.add(1, { participant: name, to });
    if (to === 'open') log.warn({ participant: name, from, to }, 'breaker opens: its effects wait');
    else log.info({ participant: name, from, to }, 'breaker changes');
  };
}
