import { connect, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type App, buildApp } from '../../src/http/app.ts';
import { drain } from '../../src/http/drain.ts';
import { type EventSource, type ServerSentEvent, streamEvents } from '../../src/http/sse.ts';
import { expectProblem } from './expect-problem.ts';

let app: App;
let source: EventSource;
let heartbeatMs: number | undefined;
let sockets: Socket[];

beforeEach(async () => {
  heartbeatMs = undefined;
  sockets = [];
  app = await buildApp();
  app.get('/events', { schema: { operationId: 'events' } }, (request, reply) =>
    streamEvents(request, reply, (options) => source(options), heartbeatMs === undefined ? {} : { heartbeatMs }),
  );
  await app.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await app.close();
});

async function* list(...events: ServerSentEvent[]): AsyncGenerator<ServerSentEvent> {
  yield* events;
}

/** Never yields; ends when told to. */
function silence(signal: AbortSignal): AsyncIterable<ServerSentEvent> {
  const ended = new Promise<{ done: true; value: undefined }>((resolve) => {
    signal.addEventListener('abort', () => resolve({ done: true, value: undefined }));
  });
  return { [Symbol.asyncIterator]: () => ({ next: () => ended }) };
}

/** Opens a stream on a real connection; `text()` is what has arrived so far. */
function open(...headers: string[]): { text: () => string; socket: Socket; ended: Promise<void> } {
  const { port } = app.server.address() as AddressInfo;
  let received = '';
  const socket = connect(port, '127.0.0.1', () => {
    socket.write(['GET /events HTTP/1.1', 'Host: x', ...headers, '', ''].join('\r\n'));
  });
  sockets.push(socket);
  socket.setEncoding('utf8');
  socket.on('data', (text: string) => (received += text));
  const ended = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  return { text: () => received, socket, ended };
}

test('events come in order, each with its id, name and data on one line', async () => {
  source = () =>
    list(
      { id: '1', event: 'transition', data: { to: 'authorizing', text: 'a\nb' } },
      { id: '2\nevent: forged', data: [1, null] },
    );
  const answer = await app.inject('/events');
  expect([answer.statusCode, answer.headers['content-type'], answer.headers['cache-control']]).toEqual([
    200,
    'text/event-stream; charset=utf-8',
    'no-store',
  ]);
  expect(answer.body).toBe(
    'retry: 2000\n\n' +
      'id: 1\nevent: transition\ndata: {"to":"authorizing","text":"a\\nb"}\n\n' +
      'id: 2 event: forged\ndata: [1,null]\n\n',
  );
});

test('the source learns where the client left off', async () => {
  const seen: (string | null)[] = [];
  source = ({ lastEventId }) => {
    seen.push(lastEventId);
    return list();
  };
  await app.inject('/events');
  await app.inject({ url: '/events', headers: { 'last-event-id': '17' } });
  expect(seen).toEqual([null, '17']);
});

test('headers go out before the first event, and a comment while there is none', async () => {
  heartbeatMs = 5;
  source = ({ signal }) => silence(signal);
  const { text } = open();
  await vi.waitFor(() =>
    expect(text()).toMatch(/^HTTP\/1\.1 200[^]*retry: 2000\n\n[^]*: still here\n\n[^]*: still here\n\n/),
  );
});

test('an event that comes between heartbeats is sent at once, and none is lost to a heartbeat', async () => {
  heartbeatMs = 1;
  source = async function* () {
    for (let n = 1; n <= 20; n++) {
      await new Promise((resolve) => setTimeout(resolve, n % 4));
      yield { id: String(n), data: n };
    }
  };
  const { body } = await app.inject('/events');
  expect([...body.matchAll(/^data: (\d+)$/gm)].map(([, n]) => Number(n))).toEqual(
    Array.from({ length: 20 }, (_, i) => i + 1),
  );
});

describe('the stream ends, and the source is told,', () => {
  test('when the client leaves', async () => {
    let signal: AbortSignal | undefined;
    source = (options) => {
      signal = options.signal;
      return silence(options.signal);
    };
    const { text, socket } = open();
    await vi.waitFor(() => expect(text()).toContain('retry'));
    expect(signal?.aborted).toBe(false);
    socket.destroy();
    await vi.waitFor(() => expect(signal?.aborted).toBe(true));
  });

  test('when the app drains, though the source ignores its signal', async () => {
    source = () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) });
    const { text, ended } = open();
    await vi.waitFor(() => expect(text()).toContain('retry'));
    // Far beyond this test's own timeout: nothing may have to be cut off.
    await drain(app, { graceMs: 60_000 });
    await ended;
    // The last chunk: a proper end, not a cut connection.
    expect(text().endsWith('0\r\n\r\n')).toBe(true);
  });

  test('when the source fails: cut, since it is not the end of the events', async () => {
    source = async function* () {
      yield { data: 1 };
      throw new Error('store unavailable');
    };
    const { text, ended } = open();
    await ended;
    expect(text()).toContain('data: 1');
    expect(text().endsWith('0\r\n\r\n')).toBe(false);
  });
});

test('a client that does not read stops the source instead of filling memory', async () => {
  let produced = 0;
  source = async function* ({ signal }) {
    for (; !signal.aborted; produced++) yield { data: 'x'.repeat(10_000) };
  };
  const { socket, text } = open();
  await vi.waitFor(() => expect(text()).toContain('retry'));
  socket.pause();
  let before = -1;
  await vi.waitFor(
    () => {
      const still = produced === before;
      before = produced;
      expect(still).toBe(true);
    },
    { interval: 100, timeout: 10_000 },
  );
  const atRest = produced;
  socket.resume();
  await vi.waitFor(() => expect(produced).toBeGreaterThan(atRest + 100));
});

test('streams are bounded; one that ends makes room', async () => {
  source = ({ signal }) => silence(signal);
  const streams = Array.from({ length: 500 }, () => open());
  await vi.waitFor(() => expect(streams.filter(({ text }) => text().includes('retry'))).toHaveLength(500), 10_000);
  expectProblem(await app.inject('/events'), 503, 'too_many_streams');
  streams[0]?.socket.destroy();
  source = () => list();
  await vi.waitFor(async () => expect((await app.inject('/events')).statusCode).toBe(200));
});
