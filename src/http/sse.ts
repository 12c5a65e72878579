/**
 * Server-sent events from an async iterable.
 *
 * Not @fastify/sse: it writes to the raw response, so its heartbeats ignore backpressure, a source that
 * waits is not told that the client left, and draining has to be added around it. A Readable handed to `reply.send`
 * keeps Fastify's hooks and headers, is pulled only as fast as the client reads, and is destroyed when the client goes.
 */
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Json } from '../actors/ports.ts';
import type { ProblemInit } from './problems.ts';

export interface ServerSentEvent {
  /** What a client that comes back sends as `Last-Event-ID`. */
  readonly id?: string;
  readonly event?: string;
  /** Sent as JSON, on one line. */
  readonly data: Json;
}

/** Where events come from; ends by itself when there will be no more, and soon after `signal` aborts. */
export type EventSource = (options: {
  /** The id of the last event the client has seen, `null` at first. It is the client's word: parse it. */
  readonly lastEventId: string | null;
  readonly signal: AbortSignal;
}) => AsyncIterable<ServerSentEvent>;

/**
 * Answers with a stream that ends with `source`, when the client leaves, or when the app closes (the client then comes
 * back, to another process). At most 500 streams at once per app; more are answered 503.
 */
export function streamEvents(
  request: FastifyRequest,
  reply: FastifyReply,
  source: EventSource,
  options: { heartbeatMs?: number } = {},
): FastifyReply {
  const open = streamCounts.get(request.server.lifecycle) ?? 0;
  if (open >= maxStreams) return reply.problem(tooManyStreams);
  streamCounts.set(request.server.lifecycle, open + 1);

  const left = new AbortController();
  reply.raw.once('close', () => {
    streamCounts.set(request.server.lifecycle, (streamCounts.get(request.server.lifecycle) ?? 1) - 1);
    left.abort();
  });
  const signal = AbortSignal.any([left.signal, request.server.lifecycle.closing]);
  const lastEventId = request.headers['last-event-id'];
  const events = source({ lastEventId: typeof lastEventId === 'string' ? lastEventId : null, signal });
  const body = Readable.from(frames(events, signal, options.heartbeatMs ?? defaultHeartbeatMs), {
    objectMode: false,
    highWaterMark: maxBufferedBytes,
  });
  return reply
    .headers({
      'content-type': 'text/event-stream; charset=utf-8',
      // nginx buffers answers unless told not to.
      'x-accel-buffering': 'no',
    })
    .send(body);
}

const maxStreams = 500;
const maxBufferedBytes = 16 * 1024;
/** Below the app's connection timeout (60 s) and what proxies allow. */
const defaultHeartbeatMs = 15_000;
const reconnectMs = 2_000;
const streamCounts = new WeakMap<object, number>();

const tooManyStreams: ProblemInit = {
  status: 503,
  error: 'too_many_streams',
  title: 'Too many event streams are open',
};

/** The wire form. Starts with a frame of its own, so that headers go out before the first event. */
async function* frames(
  events: AsyncIterable<ServerSentEvent>,
  signal: AbortSignal,
  heartbeatMs: number,
): AsyncGenerator<string> {
  const iterator = events[Symbol.asyncIterator]();
  yield `retry: ${reconnectMs}\n\n`;
  try {
    let next = iterator.next();
    while (!signal.aborted) {
      const result = await settledWithin(next, heartbeatMs, signal);
      if (result === 'late') {
        if (!signal.aborted) yield ': still here\n\n';
        continue;
      }
      if (result.done) return;
      yield frame(result.value);
      next = iterator.next();
    }
    // Nobody waits for it any more; what it throws on its way out says nothing to the client.
    next.catch(() => undefined);
  } finally {
    // Not awaited: a source that ignores its signal must not hold the connection.
    Promise.resolve(iterator.return?.()).catch(() => undefined);
  }
}

/** Resolves with the promise's result, or with `late` after `ms` or when `signal` aborts. */
async function settledWithin<T>(promise: Promise<T>, ms: number, signal: AbortSignal): Promise<T | 'late'> {
  const { promise: late, resolve } = Promise.withResolvers<'late'>();
  const onAbort = (): void => resolve('late');
  const timer = setTimeout(onAbort, ms);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

function frame({ id, event, data }: ServerSentEvent): string {
  // A line break would begin another field.
  const field = (name: string, value: string | undefined): string =>
    value === undefined ? '' : `${name}: ${value.replaceAll(/[\r\n\0]/g, ' ')}\n`;
  return `${field('id', id)}${field('event', event)}data: ${JSON.stringify(data)}\n\n`;
}
