import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type App, buildApp } from '../../src/http/app.ts';
import { drain } from '../../src/http/drain.ts';
import inspectRoutes, { type InspectRoutesOptions } from '../../src/http/inspect-routes.ts';
import { openApiDocument } from '../../src/http/docs.ts';
import type { InspectionEvent, Inspector, Selection } from '../../src/inspector/index.ts';
import { eventually } from '../support/wait.ts';
import { beginHandshake, connectSocket, shakeHands } from '../support/web-socket.ts';
import { expectProblem } from './expect-problem.ts';

const event = { type: '@xstate.event', sessionId: 'a-1' } as InspectionEvent;

/** What the next connection is told; and what was asked for. */
let source: Inspector['inspect'];
let asked: Selection[];
/** Of the connections so far. */
let signals: AbortSignal[];
/** What a request waits for as it comes in, and as its actors are looked for. */
let arriving: Promise<unknown>;
let looking: Promise<unknown>;
let app: App;
let url: string;

const inspector: Inspector = {
  machines: [{ id: 'order' }],
  async missing(ids) {
    await looking;
    return ids.find((id) => !id.startsWith('a-')) ?? null;
  },
  inspect(selection, signal) {
    asked.push(selection);
    signals.push(signal);
    return source(selection, signal);
  },
};

async function serve(options: Partial<InspectRoutesOptions> = {}, admission = {}): Promise<void> {
  app = await buildApp({ admission });
  app.addHook('onRequest', async () => void (await arriving));
  await app.register(inspectRoutes, { inspector, origins: ['https://tools.example.com'], ...options });
  app.get('/plain', () => ({ plain: true }));
  url = (await app.listen({ host: '127.0.0.1', port: 0 })).replace('http', 'ws');
}

async function* nothing(): AsyncGenerator<InspectionEvent> {}
async function* untilAborted(_selection: Selection, signal: AbortSignal): AsyncGenerator<InspectionEvent> {
  yield event;
  if (!signal.aborted) await once(signal, 'abort');
}

beforeEach(() => {
  asked = [];
  signals = [];
  source = nothing;
  arriving = Promise.resolve();
  looking = Promise.resolve();
});
afterEach(() => drain(app, { graceMs: 1_000 }));

describe('what is asked for', () => {
  test.each<[string, Selection]>([
    ['', { type: 'moving', machine: null }],
    ['?machine=order', { type: 'moving', machine: 'order' }],
    ['?actor=a-1', { type: 'actors', ids: ['a-1'], follow: true }],
    ['?actor=a-1&actor=a-2&actor=a-1', { type: 'actors', ids: ['a-1', 'a-2'], follow: true }],
    ['?actor=a-1&history=only', { type: 'actors', ids: ['a-1'], follow: false }],
  ])('/inspect%s', async (query, selection) => {
    await serve();
    const client = await connectSocket(`${url}/inspect${query}`);
    expect(await client.closed).toEqual({ code: 1000, reason: 'there is no more' });
    expect(asked).toEqual([selection]);
  });

  test.each([
    ['?actor=b', 404, 'actor_not_found'],
    ['?machine=nothing', 404, 'machine_not_found'],
    ['?actor=a-1&machine=order', 400, 'validation_error'],
    ['?history=only', 400, 'validation_error'],
    ['?actor=a-1&history=all', 400, 'validation_error'],
    ['?actor=%20', 400, 'validation_error'],
    ['?who=me', 400, 'validation_error'],
    [`?${Array.from({ length: 21 }, (_, i) => `actor=a-${i}`).join('&')}`, 400, 'validation_error'],
  ])('/inspect%s is refused before the upgrade: %i %s', async (query, status, error) => {
    await serve();
    expectProblem(await shakeHands(`${url}/inspect${query}`), status, error);
    expect(asked).toEqual([]);
  });
});

describe('who may connect', () => {
  test.each([
    ['a tool, which sends no Origin', {}],
    ['a page of this server', { origin: 'http://127.0.0.1:{port}' }],
    ['a page that the operator names', { origin: 'https://tools.example.com' }],
  ])('%s', async (_what, headers: Record<string, string>) => {
    await serve();
    const { port } = new URL(url);
    const origin = headers['origin']?.replace('{port}', port);
    const { statusCode, socket } = await shakeHands(`${url}/inspect`, origin ? { origin } : {});
    socket?.destroy();
    expect(statusCode).toBe(101);
  });

  test('any other page is refused before the upgrade: 403', async () => {
    await serve();
    expectProblem(await shakeHands(`${url}/inspect`, { origin: 'https://evil.example.com' }), 403, 'forbidden');
    expect(asked).toEqual([]);
  });

  test('no more than the bound at a time: 503; a place is free again when somebody has left', async () => {
    source = untilAborted;
    await serve({ limits: { maxSockets: 1 } });
    const first = await connectSocket(`${url}/inspect`);
    expectProblem(await shakeHands(`${url}/inspect`), 503, 'too_many_streams');
    first.close();
    await first.closed;
    await eventually(async () => {
      const { statusCode, socket } = await shakeHands(`${url}/inspect`);
      socket?.destroy();
      return statusCode === 101;
    });
  });

  test('a broken handshake takes no place', async () => {
    await serve({ limits: { maxSockets: 1 } });
    expect((await shakeHands(`${url}/inspect`, { 'sec-websocket-version': '7' })).statusCode).toBe(400);
    await eventually(async () => {
      const { statusCode, socket } = await shakeHands(`${url}/inspect`);
      socket?.destroy();
      return statusCode === 101;
    });
  });

  test.each(['as it comes in', 'while its actor is looked for'])(
    'a handshake that is reset %s takes no place',
    async (moment) => {
      const gate = Promise.withResolvers<void>();
      if (moment === 'as it comes in') arriving = gate.promise;
      else looking = gate.promise;
      await serve({ limits: { maxSockets: 1 } });
      const sent = beginHandshake(`${url}/inspect?actor=a-1`).on('error', () => undefined);
      const [, accepted] = (await once(app.server, 'upgrade')) as [unknown, Socket];
      const closed = new Promise((resolve) => accepted.once('close', resolve));
      sent.socket?.resetAndDestroy();
      await closed;
      gate.resolve();
      const next = await connectSocket(`${url}/inspect?actor=a-2`);
      expect((await next.closed).code).toBe(1000);
      expect(asked).toEqual([{ type: 'actors', ids: ['a-2'], follow: true }]);
    },
  );

  test('a refused handshake gives its place back, and takes one until it is answered', async () => {
    const gate = Promise.withResolvers<void>();
    looking = gate.promise;
    await serve({ limits: { maxSockets: 1 } });
    const first = shakeHands(`${url}/inspect?actor=b`);
    await once(app.server, 'upgrade');
    expectProblem(await shakeHands(`${url}/inspect?actor=a-1`), 503, 'too_many_streams');
    gate.resolve();
    expectProblem(await first, 404, 'actor_not_found');
    await eventually(async () => (await shakeHands(`${url}/inspect?actor=b`)).statusCode === 404);
    await eventually(async () => {
      const { statusCode, socket } = await shakeHands(`${url}/inspect?actor=a-1`);
      socket?.destroy();
      return statusCode === 101;
    });
  });

  test('a connection counts among the requests that are worked on, until it is closed', async () => {
    source = untilAborted;
    await serve({}, { maxRequestsInFlight: 1 });
    const client = await connectSocket(`${url}/inspect`);
    const plain = async (): Promise<number> => (await fetch(`${url.replace('ws', 'http')}/plain`)).status;
    expect(await plain()).toBe(503);
    client.close();
    await eventually(async () => (await plain()) === 200);
  });
});

describe('what is not a WebSocket', () => {
  test('a plain GET: 426, with what to upgrade to', async () => {
    await serve();
    const answer = await fetch(`${url.replace('ws', 'http')}/inspect`);
    const headers = Object.fromEntries(answer.headers);
    expectProblem({ statusCode: answer.status, headers, body: await answer.text() }, 426, 'upgrade_required');
    expect(headers['upgrade']).toBe('websocket');
  });

  test('a request that offers to upgrade to HTTP/2 is answered as if it did not, here and elsewhere', async () => {
    await serve();
    const offer = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABkAAQAAP__' };
    const plain = await shakeHands(`${url}/plain`, offer);
    expect([plain.statusCode, plain.body]).toEqual([200, '{"plain":true}']);
    expectProblem(await shakeHands(`${url}/inspect`, offer), 426, 'upgrade_required');
  });

  test('a WebSocket to another path is a plain request there', async () => {
    await serve();
    expect((await shakeHands(`${url}/plain`)).statusCode).toBe(200);
    expectProblem(await shakeHands(`${url}/nowhere`), 404, 'not_found');
  });

  test('another method: 405', async () => {
    await serve();
    const answer = await app.inject({ method: 'POST', url: '/inspect', payload: {} });
    expect([answer.statusCode, answer.headers['allow']]).toEqual([405, 'GET, HEAD']);
  });

  test('the path is described', async () => {
    await serve();
    const { get } = openApiDocument(app).paths['/inspect'] ?? {};
    expect([get?.operationId, Object.keys(get?.responses ?? {})]).toEqual([
      'inspectActors',
      ['101', '400', '403', '404', '426', '503', 'default'],
    ]);
    expect(get?.parameters?.map(({ name }) => name)).toEqual(['actor', 'machine', 'history']);
  });
});

describe('a connection', () => {
  test('is told each event as one frame, in order, and whoever asked hears that all is told', async () => {
    source = async function* () {
      yield event;
      yield { ...event, sessionId: 'a-2' };
    };
    const { promise: told, resolve } = Promise.withResolvers<void>();
    await serve({ onTold: resolve });
    const client = await connectSocket(`${url}/inspect`);
    await told;
    await client.closed;
    expect(client.events).toEqual([event, { ...event, sessionId: 'a-2' }]);
  });

  test('that ends because the process drains has not been told all', async () => {
    let told = 0;
    source = untilAborted;
    await serve({ onTold: () => (told += 1) });
    const client = await connectSocket(`${url}/inspect`);
    await drain(app);
    expect([told, (await client.closed).code]).toEqual([0, 1001]);
  });

  test('that fails inside is closed with 1011', async () => {
    source = async function* () {
      yield event;
      throw new Error('the store is gone');
    };
    await serve();
    const client = await connectSocket(`${url}/inspect`);
    expect(await client.closed).toEqual({ code: 1011, reason: 'the service failed' });
    expect(client.events).toEqual([event]);
  });

  test('that is closed by the client ends its source', async () => {
    source = untilAborted;
    await serve();
    const client = await connectSocket(`${url}/inspect`);
    client.close();
    await eventually(() => signals[0]?.aborted);
  });

  test('that does not read gets no more than the buffer holds, and is then cut off', async () => {
    let made = 0;
    source = async function* (_selection, signal) {
      const large = { ...event, event: { type: 'x'.repeat(64 * 1024) } } as InspectionEvent;
      for (; made < 5_000 && !signal.aborted; made++) yield large;
    };
    await serve({ limits: { maxBufferedBytes: 64 * 1024, patienceMs: 100, closeMs: 100 } });
    const { socket } = await shakeHands(`${url}/inspect`);
    socket?.on('error', () => undefined);
    await eventually(() => signals[0]?.aborted);
    // The kernel takes some megabytes on both sides, whatever we do; 5,000 such events would be 320.
    expect(made).toBeLessThan(1_000);
    socket?.destroy();
  });

  test('that reads again before it is cut off hears why: 1013', async () => {
    const large = { ...event, event: { type: 'x'.repeat(64 * 1024) } } as InspectionEvent;
    let ended = false;
    source = async function* () {
      try {
        for (let i = 0; i < 2_000; i++) yield large;
      } finally {
        ended = true;
      }
    };
    await serve({ limits: { maxBufferedBytes: 64 * 1024, patienceMs: 100, closeMs: 30_000 } });
    const { socket } = await shakeHands(`${url}/inspect`);
    let end = Buffer.alloc(0);
    await eventually(() => ended);
    socket?.on('data', (chunk: Buffer) => (end = Buffer.concat([end, chunk]).subarray(-100)));
    // A close frame: its opcode, the length of the rest, the code in network order.
    const frame = Buffer.from([0x88, 2 + 'the client reads too slowly'.length, 0x03, 0xf5]);
    await eventually(() => end.includes(frame));
    socket?.destroy();
  });

  test('whose client reads in time goes on, however much there is', async () => {
    const large = { ...event, event: { type: 'x'.repeat(64 * 1024) } } as InspectionEvent;
    source = async function* () {
      for (let i = 0; i < 200; i++) yield large;
    };
    await serve({ limits: { maxBufferedBytes: 1024 } });
    const client = await connectSocket(`${url}/inspect`);
    expect(await client.closed).toEqual({ code: 1000, reason: 'there is no more' });
    expect(client.events.length).toBe(200);
  });

  test('is pinged; a client that does not answer is gone by the next time, one that does stays', async () => {
    source = untilAborted;
    await serve({ limits: { heartbeatMs: 1_000 } });
    const answering = await connectSocket(`${url}/inspect`);
    const silent = await shakeHands(`${url}/inspect`);
    silent.socket?.on('error', () => undefined).resume();
    await eventually(() => signals[1]?.aborted);
    expect(signals[0]?.aborted).toBe(false);
    answering.close();
  });

  test('ends with 1001 when the process drains; one that ignores that is cut off', async () => {
    source = async function* () {
      yield event;
      await new Promise(() => undefined);
    };
    await serve({ limits: { closeMs: 50 } });
    const client = await connectSocket(`${url}/inspect`);
    const deaf = await shakeHands(`${url}/inspect`);
    deaf.socket?.on('error', () => undefined).resume();
    const [end] = await Promise.all([client.closed, drain(app)]);
    expect(end).toEqual({ code: 1001, reason: 'this process is shutting down' });
    await eventually(() => deaf.socket?.destroyed);
  });
});
