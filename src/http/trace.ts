/** The trace a request belongs to: taken from the active span, else from `traceparent`, else begun here. */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isSpanContextValid, trace } from '@opentelemetry/api';

/** A position in a trace. `traceparent` is what is handed on; its parent is this process's part of the request. */
export interface TracePosition {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** W3C Trace Context, version 00. */
  readonly traceparent: string;
}

/** The trace of a request; the same at every call for it, also where Fastify runs no hooks (malformed URLs). */
export function traceOf(request: IncomingMessage): TracePosition {
  let position = positions.get(request);
  if (position === undefined) {
    position = activePosition() ?? continuedFrom(request.headers['traceparent']);
    positions.set(request, position);
  }
  return position;
}

/** A fresh trace, for what happens outside any request that could be parsed. */
export function freshTrace(): TracePosition {
  return at(randomBytes(16).toString('hex'), randomBytes(8).toString('hex'), '00');
}

/** Continues a `traceparent` under a span id of our own; a missing or malformed one begins a new trace. */
export function continuedFrom(traceparent: string | string[] | undefined): TracePosition {
  const match = typeof traceparent === 'string' ? traceparentPattern.exec(traceparent) : null;
  const [, version, traceId, parentId, flags, more] = match ?? [];
  if (traceId === undefined || flags === undefined) return freshTrace();
  // Version ff is forbidden, all-zero ids are invalid, and only versions after 00 may carry more fields (W3C §3.2.2).
  if (version === 'ff' || (version === '00' && more) || /^0+$/.test(traceId) || /^0+$/.test(parentId ?? '')) {
    return freshTrace();
  }
  return at(traceId, randomBytes(8).toString('hex'), (Number.parseInt(flags, 16) & 1) === 1 ? '01' : '00');
}

const positions = new WeakMap<IncomingMessage, TracePosition>();
const traceparentPattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

function activePosition(): TracePosition | null {
  const context = trace.getActiveSpan()?.spanContext();
  if (context === undefined || !isSpanContextValid(context)) return null;
  return at(context.traceId, context.spanId, (context.traceFlags & 1) === 1 ? '01' : '00');
}

function at(traceId: string, spanId: string, flags: '00' | '01'): TracePosition {
  return { traceId, traceparent: `00-${traceId}-${spanId}-${flags}` };
}
