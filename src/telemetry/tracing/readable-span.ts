/** A span of a saga in the form that the SDK's processors take. */
import { type HrTime, SpanKind, type SpanContext, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { attribute } from './attributes.ts';
import { contextOf } from './live-spans.ts';
import type { SagaSpan } from './saga-spans.ts';

export function readableSpan(span: SagaSpan, resource: Resource): ReadableSpan {
  // What is written is kept: whether it is was decided already.
  const own: SpanContext = { ...contextOf(span.traceparent), traceFlags: TraceFlags.SAMPLED };
  const { error } = span;
  return {
    name: span.name,
    kind: SpanKind.INTERNAL,
    spanContext: () => own,
    ...(span.parentSpanId === null ? {} : { parentSpanContext: { ...own, spanId: span.parentSpanId } }),
    startTime: hrTime(span.startMs),
    endTime: hrTime(span.endMs),
    duration: hrTime(span.endMs - span.startMs),
    status: error === null ? { code: SpanStatusCode.UNSET } : { code: SpanStatusCode.ERROR, message: error },
    attributes: { ...span.attributes, ...(error === null ? {} : { [attribute.errorType]: error }) },
    links: span.links.map((traceparent) => ({ context: contextOf(traceparent) })),
    events: [],
    ended: true,
    resource,
    instrumentationScope: { name: 'waybill.saga' },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1_000);
  return [seconds, Math.round((ms - seconds * 1_000) * 1_000_000)];
}
