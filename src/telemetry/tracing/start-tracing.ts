/** Makes traces real: the SDK, sent by OTLP over HTTP. Imported only where an endpoint is set, since it costs memory and start-up time. */
import { trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Observer } from '../../actors/index.ts';
import type { ProcessIdentity } from '../process-identity.ts';
import { liveSpans, type SpanSource } from './live-spans.ts';
import { readableSpan } from './readable-span.ts';
import { type SagaWriterPorts, sagaWriter } from './saga-writer.ts';
import { tracedEffects } from './traced-effects.ts';
import { tracedTransport } from './traced-transport.ts';
import type { Tracing } from './tracing.ts';
import { wakeUpTracing, type PositionsOf } from './wake-up-tracing.ts';

export interface TracingOptions {
  /** Without a slash at the end; `/v1/traces` is added. */
  readonly endpoint: string;
  /** Of orders that end well and in time, how many are traced: 0–1. */
  readonly share: number;
  readonly identity: ProcessIdentity;
  readonly sagas: Omit<SagaWriterPorts, 'emit'>;
  readonly positionsOf: PositionsOf;
}

/** A killed process takes with it what it had not sent; a busy one sends full batches anyway. */
const sendEveryMs = 1_000;
/** For the last batch to go out when the process stops. */
const shutdownMs = 3_000;

export function startTracing({ endpoint, share, identity, sagas, positionsOf }: TracingOptions): Tracing {
  const resource = resourceFromAttributes(identity);
  const processor = new BatchSpanProcessor({
    exporter: new OTLPTraceExporter({ url: `${endpoint}/v1/traces`, timeoutMillis: shutdownMs }),
    scheduledDelayMillis: sendEveryMs,
    maxQueueSize: 16_384,
  });
  const provider = new TracerProvider({
    resource,
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(share) }),
    spanProcessors: [processor],
  });
  // What HTTP requests make their spans with.
  trace.setGlobalTracerProvider(provider);
  const spans: SpanSource = liveSpans(provider.getTracer('waybill'));
  const writer = sagaWriter({
    ...sagas,
    emit: (written) => {
      for (const span of written) processor.onEnd(readableSpan(span, resource));
    },
  });
  return {
    observer: (observer) =>
      observingCommits(observer, (transition) => {
        spans.commit(transition);
        writer.observe(transition);
      }),
    effects: (effects) => effects.map((effect) => tracedEffects(effect, spans)),
    transport: (peer, transport) => tracedTransport(peer, transport, spans),
    ...wakeUpTracing(spans, positionsOf),
    async shutdown() {
      await writer.flush();
      trace.disable();
      await inTime(provider.shutdown(), shutdownMs);
    },
  };
}

type Transition = Parameters<Observer['observe']>[0] & { readonly type: 'transition' };

function observingCommits(observer: Observer, look: (transition: Transition) => void): Observer {
  return {
    observe(observation) {
      observer.observe(observation);
      if (observation.type === 'transition') look(observation);
    },
  };
}

/** A collector that is away must not hold up the end of the process. */
async function inTime(work: Promise<void>, ms: number): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([work.catch(() => undefined), late]);
  clearTimeout(timer);
}
