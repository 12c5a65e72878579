/** A remote effect with a span around each call; all calls of one effect, of whatever process, are under the effect's span. */
import { SpanKind } from '@opentelemetry/api';
import { atSpan, effectSpanId, type RemoteEffect } from '../../actors/index.ts';
import { attribute } from './attributes.ts';
import type { SpanSource } from './live-spans.ts';

export function tracedEffects(effect: RemoteEffect, spans: SpanSource): RemoteEffect {
  return {
    ...effect,
    async call(request) {
      const { traceparent, actorId, effectId, claim, key } = request;
      if (traceparent === null) return effect.call(request);
      const span = spans.begin(`call ${effect.effect}`, {
        kind: SpanKind.INTERNAL,
        parent: atSpan(traceparent, effectSpanId(actorId, effectId)),
        attributes: {
          [attribute.actor]: actorId,
          [attribute.effect]: effectId,
          [attribute.claim]: claim,
          [attribute.key]: key,
        },
      });
      try {
        const answer = await effect.call({ ...request, traceparent: span.traceparent });
        const isFine = answer.type === 'done' || answer.type === 'notNow';
        span.end({ [attribute.outcome]: answer.type }, isFine ? null : answer.type);
        return answer;
      } catch (error) {
        span.end({}, 'threw');
        throw error;
      }
    },
  };
}
