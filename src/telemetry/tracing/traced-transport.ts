/** A transport with a client span around each request that belongs to a trace. */
import { SpanKind } from '@opentelemetry/api';
import type { Transport } from '../../effects/transport.ts';
import { attribute } from './attributes.ts';
import type { SpanSource } from './live-spans.ts';

/** @param peer whom it reaches; paths are no attribute: they hold ids, and names are for the server's side to give */
export function tracedTransport(peer: string, transport: Transport, spans: SpanSource): Transport {
  return async (request) => {
    if (request.traceparent === null) return transport(request);
    const span = spans.begin(`${request.method} ${peer}`, {
      kind: SpanKind.CLIENT,
      parent: request.traceparent,
      attributes: { [attribute.httpMethod]: request.method, [attribute.peer]: peer },
    });
    try {
      const answer = await transport({ ...request, traceparent: span.traceparent });
      span.end({ [attribute.httpStatus]: answer.status }, answer.status >= 400 ? String(answer.status) : null);
      return answer;
    } catch (error) {
      span.end({}, codeOf(error));
      throw error;
    }
  };
}

/** Of a TransportError; anything else is a bug that its own line in the log tells of. */
function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'threw';
}
