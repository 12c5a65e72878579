import { once } from 'node:events';
import websocket from '@fastify/websocket';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type App, buildApp } from '../../src/http/app.ts';
import { drain } from '../../src/http/drain.ts';
import { type EventSocketEnd, type EventSocketLimits, sendEvents } from '../../src/http/event-socket.ts';
import { eventually } from '../support/wait.ts';
import { connectSocket, shakeHands } from '../support/web-socket.ts';

const patient = { heartbeatMs: 15_000, maxBufferedBytes: 64 * 1024, patienceMs: 30_000, closeMs: 30_000 };

let limits: EventSocketLimits;
/** What is told to whoever connects; and why that was over. */
let source: (signal: AbortSignal) => AsyncIterable<object>;
let end: PromiseWithResolvers<EventSocketEnd>;
let shutdown: AbortController;
let app: App;
let url: string;

beforeEach(async () => {
  limits = patient;
  source = oneEvent;
  end = Promise.withResolvers();
  shutdown = new AbortController();
  app = await buildApp();
  await app.register(websocket);
  app.get('/events', { websocket: true }, (socket) =>
    end.resolve(sendEvents(socket, source, { shutdown: shutdown.signal, limits })),
  );
  url = `${(await app.listen({ host: '127.0.0.1', port: 0 })).replace('http', 'ws')}/events`;
});
afterEach(() => drain(app, { graceMs: 1_000 }));

async function* oneEvent(): AsyncGenerator<object> {
  yield { n: 1 };
}
async function* untilAborted(signal: AbortSignal): AsyncGenerator<object> {
  yield { n: 1 };
  if (!signal.aborted) await once(signal, 'abort');
}
async function* endless(signal: AbortSignal): AsyncGenerator<object> {
  while (!signal.aborted) yield { text: 'x'.repeat(64 * 1024) };
}

test('ended: the client has read everything, and has said so', async () => {
  const client = await connectSocket(url);
  expect([await end.promise, client.events]).toEqual(['ended', [{ n: 1 }]]);
});

test('gone: the client leaves in the middle, with whatever code', async () => {
  source = untilAborted;
  (await connectSocket(url)).close(1000);
  expect(await end.promise).toBe('gone');
});

test('gone: all was sent, and the connection breaks before the client says that it has read it', async () => {
  const { socket } = await shakeHands(url);
  socket?.on('error', () => undefined).destroy();
  expect(await end.promise).toBe('gone');
});

test('gone: the client leaves by itself while the last events are on their way', async () => {
  const { socket } = await shakeHands(url);
  // A close frame of 1001, masked with zeros: a page that is being left.
  socket?.on('error', () => undefined).end(Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe9]));
  expect(await end.promise).toBe('gone');
});

test('gone: the client never answers the close', async () => {
  limits = { ...patient, patienceMs: 50 };
  const { socket } = await shakeHands(url);
  socket?.on('error', () => undefined).resume();
  expect(await end.promise).toBe('gone');
  await eventually(() => socket?.destroyed);
});

test('slow: the client does not read', async () => {
  source = endless;
  limits = { ...patient, patienceMs: 50, closeMs: 50 };
  const { socket } = await shakeHands(url);
  socket?.on('error', () => undefined);
  expect(await end.promise).toBe('slow');
  socket?.destroy();
});

test('leaving: the process shuts down', async () => {
  source = untilAborted;
  const client = await connectSocket(url);
  await eventually(() => client.events.length === 1);
  shutdown.abort();
  expect([await end.promise, await client.closed]).toEqual([
    'leaving',
    { code: 1001, reason: 'this process is shutting down' },
  ]);
});

// The WebSocket server's own patience with a close is 30 s.
test('a client that does not answer the end is cut off when the process shuts down', { timeout: 20_000 }, async () => {
  limits = { ...patient, closeMs: 50 };
  let told = false;
  source = async function* () {
    yield { n: 1 };
    told = true;
  };
  const { socket } = await shakeHands(url);
  socket?.on('error', () => undefined).resume();
  await eventually(() => told);
  shutdown.abort();
  expect(await end.promise).toBe('gone');
});

test('a source that fails fails it', async () => {
  source = async function* () {
    yield { n: 1 };
    throw new Error('the store is gone');
  };
  const failed = end.promise.catch((error: unknown) => error);
  const client = await connectSocket(url);
  expect(await failed).toEqual(new Error('the store is gone'));
  expect(await client.closed).toEqual({ code: 1011, reason: 'the service failed' });
});
