import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { describe, expect, test } from 'vitest';
import { continuedFrom, endTrace, freshTrace, traceOf } from '../../src/http/trace.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const parentId = '00f067aa0ba902b7';
const shape = /^00-([0-9a-f]{32})-([0-9a-f]{16})-0[01]$/;

describe('continuedFrom', () => {
  test.each([
    ['sampled', `00-${traceId}-${parentId}-01`, '01'],
    ['not sampled', `00-${traceId}-${parentId}-00`, '00'],
    ['with flags of later versions', `00-${traceId}-${parentId}-ff`, '01'],
    ['of a later version', `01-${traceId}-${parentId}-01-more`, '01'],
  ])('keeps the trace and takes a span of its own: %s', (_what, header, flags) => {
    const position = continuedFrom(header);
    const [, , span] = shape.exec(position.traceparent) ?? [];
    expect(position).toEqual({ traceId, spanId: span, traceparent: `00-${traceId}-${span}-${flags}` });
    expect(span).not.toBe(parentId);
  });

  test.each([
    ['none', undefined],
    ['empty', ''],
    ['upper case', `00-${traceId.toUpperCase()}-${parentId}-01`],
    ['version ff', `ff-${traceId}-${parentId}-01`],
    ['more than version 00 has', `00-${traceId}-${parentId}-01-more`],
    ['an all-zero trace', `00-${'0'.repeat(32)}-${parentId}-01`],
    ['an all-zero parent', `00-${traceId}-${'0'.repeat(16)}-01`],
    ['two joined', `00-${traceId}-${parentId}-01, 00-${traceId}-${parentId}-01`],
    ['a list', [`00-${traceId}-${parentId}-01`]],
  ])('begins a new trace: %s', (_what, header) => {
    const position = continuedFrom(header);
    expect(position.traceId).not.toBe(traceId);
    expect(shape.exec(position.traceparent)?.[1]).toBe(position.traceId);
  });
});

test('fresh traces differ', () => {
  expect(new Set(Array.from({ length: 100 }, () => freshTrace().traceId)).size).toBe(100);
});

describe('traceOf', () => {
  const request = (): IncomingMessage => new IncomingMessage(new Socket());

  test('is the same at every call for one request', () => {
    const one = request();
    expect(traceOf(one)).toBe(traceOf(one));
    expect(traceOf(one).traceId).not.toBe(traceOf(request()).traceId);
  });

  test('is that of its own server span where spans are made, below the caller of the header', async () => {
    const exporter = new InMemorySpanExporter();
    const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
    trace.setGlobalTracerProvider(provider);
    try {
      const one = request();
      one.method = 'GET';
      one.headers['traceparent'] = `00-${traceId}-${parentId}-01`;
      const position = traceOf(one);
      endTrace(one, { route: '/orders/:id', status: 503 });
      const [span] = exporter.getFinishedSpans();
      expect(position).toEqual({
        traceId,
        spanId: span?.spanContext().spanId,
        traceparent: expect.stringMatching(shape),
      });
      expect(span?.parentSpanContext?.spanId).toBe(parentId);
      expect([span?.name, span?.kind, span?.status.code]).toEqual([
        'GET /orders/:id',
        SpanKind.SERVER,
        SpanStatusCode.ERROR,
      ]);
      expect(span?.attributes).toEqual({
        'http.request.method': 'GET',
        'http.route': '/orders/:id',
        'http.response.status_code': 503,
        'error.type': '503',
      });
    } finally {
      trace.disable();
      await provider.shutdown();
    }
  });

  test('what only asks whether the process is well has no span', async () => {
    const exporter = new InMemorySpanExporter();
    const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
    trace.setGlobalTracerProvider(provider);
    try {
      for (const url of ['/healthz', '/readyz', '/metrics']) {
        const one = request();
        one.url = url;
        traceOf(one);
        endTrace(one, { route: url, status: 200 });
      }
      expect(exporter.getFinishedSpans()).toEqual([]);
    } finally {
      trace.disable();
      await provider.shutdown();
    }
  });
});
