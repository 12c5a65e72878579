/** The trace a request belongs to: its own server span's if spans are made, else that of `traceparent`, else begun here. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import {
  type Context,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';

/** A position in a trace. `traceparent` is what is handed on; its parent is this process's part of the request. */
export interface TracePosition {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** 16 of them: this process's part of the request. */
  readonly spanId: string;
  /** W3C Trace Context, version 00. */
  readonly traceparent: string;
}

/** The trace of a request; the same at every call for it, also where Fastify runs no hooks (malformed URLs). */
export function traceOf(request: IncomingMessage): TracePosition {
  let position = positions.get(request);
  if (position === undefined) {
    position = begin(request) ?? continuedFrom(request.headers['traceparent']);
    positions.set(request, position);
  }
  return position;
}

/** A fresh trace, for what happens outside any request that could be parsed. */
export function freshTrace(): TracePosition {
  return at(randomDigits(), freshSpanId(), '00');
}

/** Continues a `traceparent` under a span id of our own; a missing or malformed one begins a new trace. */
export function continuedFrom(traceparent: string | string[] | undefined): TracePosition {
  const caller = parse(traceparent);
  if (!caller) return freshTrace();
  return at(caller.traceId, freshSpanId(), caller.isSampled ? '01' : '00');
}

/** A UUID's: Node takes the randomness of many at once, where `randomBytes` asks the kernel each time. */
const randomDigits = (): string => randomUUID().replaceAll('-', '');
const freshSpanId = (): string => randomDigits().slice(16);

/** @returns null when there is none, or it is malformed */
function parse(traceparent: string | string[] | undefined) {
  const match = typeof traceparent === 'string' ? traceparentPattern.exec(traceparent) : null;
  const [, version, traceId, parentId, flags, more] = match ?? [];
  if (traceId === undefined || parentId === undefined || flags === undefined) return null;
  // Version ff is forbidden, all-zero ids are invalid, and only versions after 00 may carry more fields (W3C §3.2.2).
  if (version === 'ff' || (version === '00' && more) || /^0+$/.test(traceId) || /^0+$/.test(parentId)) return null;
  return { traceId, parentId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

function continuedContext(traceparent: string | string[] | undefined): Context {
  const caller = parse(traceparent);
  if (!caller) return ROOT_CONTEXT;
  const { traceId, parentId: spanId, isSampled } = caller;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: isSampled ? 1 : 0, isRemote: true });
}

/** The request has been answered. @param route the pattern, never the path: ids and names may stand in that */
export function endTrace(request: IncomingMessage, answer: { readonly route: string; readonly status: number }): void {
  const span = spans.get(request);
  if (!span) return;
  const method = request.method ?? 'GET';
  span.updateName(`${method} ${answer.route}`);
  span.setAttributes({ 'http.route': answer.route, 'http.response.status_code': answer.status });
  if (answer.status >= 500) {
    span.setAttribute('error.type', String(answer.status));
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
}

const positions = new WeakMap<IncomingMessage, TracePosition>();
const spans = new WeakMap<IncomingMessage, Span>();
/** Asked every few seconds by machines that look at nothing but the answer. */
const untraced = new Set(['/healthz', '/readyz', '/metrics']);
const traceparentPattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** @returns null while nobody makes spans */
function begin(request: IncomingMessage): TracePosition | null {
  if (untraced.has(request.url ?? '')) return null;
  const above = continuedContext(request.headers['traceparent']);
  const method = request.method ?? 'GET';
  const span = trace
    .getTracer('waybill.http')
    .startSpan(method, { kind: SpanKind.SERVER, attributes: { 'http.request.method': method } }, above);
  const { traceId, spanId, traceFlags } = span.spanContext();
  // Without an SDK the span is the caller's own, or none.
  if (!isSpanContextValid(span.spanContext()) || spanId === trace.getSpanContext(above)?.spanId) return null;
  spans.set(request, span);
  return at(traceId, spanId, (traceFlags & 1) === 1 ? '01' : '00');
}

function at(traceId: string, spanId: string, flags: '00' | '01'): TracePosition {
  return { traceId, spanId, traceparent: `00-${traceId}-${spanId}-${flags}` };
}
