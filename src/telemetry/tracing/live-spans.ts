/** Spans of what this process does, as it does it; each under a parent that is given, never under whatever is active. */
import {
  type Attributes,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import { atSpan, type Observation, transitionSpanId } from '../../actors/index.ts';
import { attribute } from './attributes.ts';
import { eventName } from './saga-spans.ts';

export interface LiveSpan {
  /** For whoever is below it. */
  readonly traceparent: string;
  /** @param error what went wrong, in one word */
  end(attributes?: Attributes, error?: string | null): void;
}

export interface SpanSource {
  begin(
    name: string,
    options: { readonly kind: SpanKind; readonly parent: string; readonly attributes?: Attributes },
  ): LiveSpan;
  /** One committed transition, from the beginning of its transaction until now. */
  commit(transition: Observation & { readonly type: 'transition' }): void;
}

export function liveSpans(tracer: Tracer): SpanSource {
  return {
    begin(name, { kind, parent, attributes }) {
      const span = tracer.startSpan(name, { kind, ...(attributes ? { attributes } : {}) }, under(parent));
      return {
        traceparent: traceparentOf(span.spanContext()),
        end(more, error) {
          if (more) span.setAttributes(more);
          if (error) fail(span, error);
          span.end();
        },
      };
    },
    commit({ machine, record, before }) {
      if (record.traceparent === null) return;
      const { actorId, revision } = record;
      const parent = atSpan(record.traceparent, transitionSpanId(actorId, revision));
      const attributes = {
        [attribute.actor]: actorId,
        [attribute.machine]: machine,
        [attribute.state]: record.to,
        [attribute.revision]: revision,
        [attribute.event]: eventName(record),
        [attribute.commit]: record.commitId,
      };
      // The store's clock and this machine's may differ; a span does not end before it begins.
      const startTime = Math.min(record.atMs, Date.now());
      const links =
        before?.traceparent && before.traceparent !== record.traceparent
          ? [{ context: contextOf(before.traceparent) }]
          : [];
      tracer.startSpan('commit', { kind: SpanKind.INTERNAL, startTime, attributes, links }, under(parent)).end();
    },
  };
}

/** The context of a span by its `traceparent`. */
export function contextOf(traceparent: string): SpanContext {
  return {
    traceId: traceparent.slice(3, 35),
    spanId: traceparent.slice(36, 52),
    traceFlags: Number.parseInt(traceparent.slice(53, 55), 16) & 1,
    isRemote: true,
  };
}

export function traceparentOf({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${(traceFlags & 1) === 1 ? '01' : '00'}`;
}

export function fail(span: Span, error: string): void {
  span.setAttribute(attribute.errorType, error);
  span.setStatus({ code: SpanStatusCode.ERROR, message: error });
}

const under = (parent: string) => trace.setSpanContext(ROOT_CONTEXT, contextOf(parent));
