/** Ports with a measure around them: what the relay claims, how long calls of remote effects take. */
import type { Meter } from '@opentelemetry/api';
import type { Outbox, RemoteEffect } from '../actors/index.ts';

/** @param monotonicMs of this process */
export function meteredOutbox(meter: Meter, outbox: Outbox, monotonicMs: () => number): Outbox {
  const claimed = meter.createCounter('relay_claimed_total', { description: 'Due rows that this relay has claimed' });
  claimed.add(0);
  let lastPassMs = monotonicMs();
  meter
    .createObservableGauge('relay_lag_seconds', { description: 'Since this relay last looked for what is due' })
    .addCallback((result) => result.observe((monotonicMs() - lastPassMs) / 1_000));
  return {
    async claimDue(options) {
      const found = await outbox.claimDue(options);
      lastPassMs = monotonicMs();
      claimed.add(found.actorIds.length);
      return found;
    },
  };
}

export function meteredEffects(
  meter: Meter,
  effects: readonly RemoteEffect[],
  monotonicMs: () => number,
): RemoteEffect[] {
  const attempts = meter.createHistogram('effect_attempt_duration_seconds', {
    description: 'Calls of remote effects, by how they ended; their number is that of attempts',
    advice: { explicitBucketBoundaries: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] },
  });
  return effects.map((effect) => ({
    ...effect,
    async call(request) {
      const begunMs = monotonicMs();
      let outcome = 'threw';
      try {
        const answer = await effect.call(request);
        outcome = answer.type;
        return answer;
      } finally {
        // An open breaker made no call.
        if (outcome !== 'notNow')
          attempts.record((monotonicMs() - begunMs) / 1_000, { effect: effect.effect, outcome });
      }
    },
  }));
}
