/**
 * Wake-ups with a span where they are published and one where they are taken. Where an actor stands in its trace is
 * asked of the store at publication: a wake-up that is lost and published again is in the trace both times.
 */
import { SpanKind } from '@opentelemetry/api';
import { atSpan, traceAfter, transitionSpanId } from '../../actors/index.ts';
import type { TracePosition } from '../../persistence/trace-log.ts';
import { attribute } from './attributes.ts';
import type { SpanSource } from './live-spans.ts';
import type { Tracing } from './tracing.ts';

export type PositionsOf = (actorIds: readonly string[]) => Promise<readonly TracePosition[]>;

const messaging = { [attribute.messagingSystem]: 'bullmq', [attribute.messagingDestination]: 'wake-ups' };

export function wakeUpTracing(spans: SpanSource, positionsOf: PositionsOf): Pick<Tracing, 'wakeUps' | 'jobs'> {
  return {
    wakeUps: {
      async publishing(actorIds) {
        const begun = (await positionsOf(actorIds)).map((position) => ({
          actorId: position.id,
          span: spans.begin('publish wake', {
            kind: SpanKind.PRODUCER,
            parent: placeOf(position),
            attributes: { ...messaging, [attribute.messagingOperation]: 'send', [attribute.actor]: position.id },
          }),
        }));
        return {
          traceparents: new Map(begun.map(({ actorId, span }) => [actorId, span.traceparent])),
          end: (published) => {
            for (const { span } of begun) span.end({}, published ? null : 'not_published');
          },
        };
      },
    },
    jobs: (system) => ({
      async advance(id, traceparent) {
        if (traceparent === null) return system.advance(id);
        const span = spans.begin('process wake', {
          kind: SpanKind.CONSUMER,
          parent: traceparent,
          attributes: { ...messaging, [attribute.messagingOperation]: 'process', [attribute.actor]: id },
        });
        try {
          const visit = await system.advance(id);
          span.end({ [attribute.visit]: visit });
          return visit;
        } catch (error) {
          span.end({}, 'threw');
          throw error;
        }
      },
    }),
  };
}

/** Below the state that the actor is in; in the trace that its next transition will belong to. */
function placeOf({ id, revision, traceparent, isParked, enteredAtMs, nowMs }: TracePosition): string {
  const next = traceAfter({ id, revision, traceparent, parked: isParked, enteredAtMs }, nowMs) ?? traceparent;
  return next === traceparent ? atSpan(traceparent, transitionSpanId(id, revision)) : next;
}
