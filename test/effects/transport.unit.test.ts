import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import {
  ask,
  errorCode,
  fetchTransport,
  type Injectable,
  injectTransport,
  type Transport,
  TransportError,
  type TransportRequest,
} from '../../src/effects/transport.ts';

const open: Server[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function get(over: Partial<TransportRequest> = {}): TransportRequest {
  return { method: 'GET', path: '/x', signal: new AbortController().signal, traceparent: null, ...over };
}

const settled = { type: 'done', value: { ok: true } } as const;
const answering =
  (status: number, body: unknown = null): Transport =>
  () =>
    Promise.resolve({ status, body });

describe('ask', () => {
  it.each([
    [200, null, { type: 'unknown', code: 'unexpected_answer' }],
    [302, null, { type: 'failed', code: 'http_302' }],
    [400, { error: 'validation_error' }, { type: 'failed', code: 'validation_error' }],
    [404, '<html>', { type: 'failed', code: 'http_404' }],
    [409, { error: 'Drop table; --' }, { type: 'failed', code: 'http_409' }],
    [429, { error: 'too_many_requests' }, { type: 'failed', code: 'too_many_requests' }],
    [500, { error: 'internal_error' }, { type: 'unknown', code: 'http_500' }],
    [502, null, { type: 'unknown', code: 'http_502' }],
    [503, { error: 'service_unavailable' }, { type: 'failed', code: 'service_unavailable' }],
    [503, null, { type: 'failed', code: 'http_503' }],
    [504, null, { type: 'unknown', code: 'http_504' }],
  ])('%i with %j, not recognised → %j', async (status, body, expected) => {
    expect(await ask(answering(status, body), get(), () => null)).toEqual({
      ...expected,
      message: expect.stringContaining(`GET /x answered ${status}`),
    });
  });

  it.each([200, 402, 404, 409])('%i is what interpret says it is', async (status) => {
    expect(await ask(answering(status), get(), (answer) => (answer.status === status ? settled : null))).toEqual(
      settled,
    );
  });

  it.each([429, 500, 503])('%i is not even shown to interpret', async (status) => {
    const outcome = await ask(answering(status), get(), () => settled);
    expect(outcome).not.toEqual(settled);
  });

  it('without an answer: failed if it was never sent, else unknown', async () => {
    const failing =
      (sent: boolean): Transport =>
      () =>
        Promise.reject(new TransportError('some_code', 'why', { sent }));
    expect(await ask(failing(false), get(), () => settled)).toEqual({
      type: 'failed',
      code: 'some_code',
      message: 'why',
    });
    expect(await ask(failing(true), get(), () => settled)).toEqual({
      type: 'unknown',
      code: 'some_code',
      message: 'why',
    });
  });

  it('lets a bug through', async () => {
    await expect(
      ask(
        () => Promise.reject(new RangeError('bug')),
        get(),
        () => settled,
      ),
    ).rejects.toThrow(RangeError);
  });
});

describe('errorCode', () => {
  it.each([
    [{ error: 'order_cancelled' }, 'order_cancelled'],
    [{ error: 'Order cancelled' }, null],
    [{ error: 7 }, null],
    [{ error: 'a'.repeat(65) }, null],
    [{}, null],
    ['order_cancelled', null],
    [null, null],
  ])('of %j is %j', (body, expected) => {
    expect(errorCode({ status: 409, body })).toBe(expected);
  });
});

const fault = async (transport: Transport, request = get()) => {
  const error: unknown = await transport(request).then(
    (answer) => new Error(`answered ${answer.status}`),
    (reason: unknown) => reason,
  );
  return error instanceof TransportError ? { code: error.code, sent: error.sent } : error;
};

describe('fetchTransport', () => {
  it('sends method, path, headers and body, and parses the answer', async () => {
    const seen: unknown[] = [];
    const url = await serve((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method, url: path, headers } = request;
        const { traceparent, 'content-type': type, 'x-more': more } = headers;
        seen.push({ method, path, traceparent, type, more, body: Buffer.concat(chunks).toString() });
        response.writeHead(409, { 'content-type': 'application/problem+json; charset=utf-8' });
        response.end('{"error":"taken"}');
      });
    });
    const request = get({ method: 'POST', body: { a: 'ü' }, traceparent: 'trace', headers: { 'x-more': '1' } });
    expect(await fetchTransport(`${url}/base/`)(request)).toEqual({ status: 409, body: { error: 'taken' } });
    expect(seen).toEqual([
      { method: 'POST', path: '/base/x', traceparent: 'trace', type: 'application/json', more: '1', body: '{"a":"ü"}' },
    ]);
  });

  it('follows no redirect, and reads nothing that is not JSON', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(302, { location: '/elsewhere', 'content-type': 'text/html' }).end('<p>{}</p>');
    });
    expect(await fetchTransport(url)(get())).toEqual({ status: 302, body: null });
  });

  it('a refused connection and an unknown name: never sent', async () => {
    const url = await serve(() => undefined);
    await new Promise((resolve) => open.pop()!.close(resolve));
    expect(await fault(fetchTransport(url))).toEqual({ code: 'unreachable', sent: false });
    expect(await fault(fetchTransport('http://nowhere.invalid'))).toEqual({ code: 'unreachable', sent: false });
  });

  it('an aborted signal: never sent', async () => {
    let requests = 0;
    const url = await serve((_request, response) => {
      requests += 1;
      response.end();
    });
    expect(await fault(fetchTransport(url), get({ signal: AbortSignal.abort() }))).toEqual({
      code: 'aborted',
      sent: false,
    });
    expect(requests).toBe(0);
  });

  it.each<[string, RequestListener, { code: string; sent: boolean }]>([
    [
      'a reset before the answer',
      (request) => request.socket.resetAndDestroy(),
      { code: 'connection_lost', sent: true },
    ],
    [
      'a connection closed before the answer',
      (request) => request.socket.end(),
      { code: 'connection_lost', sent: true },
    ],
    [
      'a connection lost within the answer',
      (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
        response.write('{"a"', () => response.socket?.destroy());
      },
      { code: 'connection_lost', sent: true },
    ],
    [
      'JSON that is none',
      (_request, response) => response.setHeader('content-type', 'application/json').end('{"a"'),
      { code: 'unexpected_answer', sent: true },
    ],
    [
      'an answer without end',
      (_request, response) => response.end(Buffer.alloc(2_000_000, 'x')),
      { code: 'answer_too_large', sent: true },
    ],
  ])('%s: it may have happened', async (_what, listener, expected) => {
    expect(await fault(fetchTransport(await serve(listener)))).toEqual(expected);
  });

  it('an abort after sending: it may have happened', async () => {
    const stop = new AbortController();
    const url = await serve(() => stop.abort());
    expect(await fault(fetchTransport(url), get({ signal: stop.signal }))).toEqual({ code: 'timeout', sent: true });
  });

  it.each(['inventory:3001', 'ftp://inventory', ''])('refuses %j as a base at once', (baseUrl) => {
    expect(() => fetchTransport(baseUrl)).toThrow(TypeError);
  });
});

describe('injectTransport', () => {
  const json = { 'content-type': 'application/json; charset=utf-8' };

  it('sends method, path, headers and body, and parses the answer', async () => {
    const seen: unknown[] = [];
    const app: Injectable = {
      inject: (options) => {
        seen.push(options);
        return Promise.resolve({ statusCode: 201, headers: json, body: '{"id":1}' });
      },
    };
    const request = get({ method: 'PUT', body: { a: 1 }, traceparent: 'trace' });
    expect(await injectTransport(app)(request)).toEqual({ status: 201, body: { id: 1 } });
    expect(seen).toMatchObject([
      {
        method: 'PUT',
        url: '/x',
        payload: '{"a":1}',
        headers: { traceparent: 'trace', 'content-type': 'application/json' },
      },
    ]);
  });

  it('an abort while it waits: it may have happened, and the answer is dropped', async () => {
    const stop = new AbortController();
    const { promise, resolve } = Promise.withResolvers<{ statusCode: number; headers: object; body: string }>();
    const app: Injectable = {
      inject: () => promise.then((answer) => ({ ...answer, headers: json })),
    };
    const waiting = fault(injectTransport(app), get({ signal: stop.signal }));
    stop.abort();
    expect(await waiting).toEqual({ code: 'timeout', sent: true });
    resolve({ statusCode: 200, headers: json, body: '{}' });
  });

  it('an aborted signal: never sent', async () => {
    const app: Injectable = {
      inject: () => {
        throw new Error('sent');
      },
    };
    expect(await fault(injectTransport(app), get({ signal: AbortSignal.abort() }))).toEqual({
      code: 'aborted',
      sent: false,
    });
  });

  it('an app that breaks within the call: it may have happened', async () => {
    const app: Injectable = { inject: () => Promise.reject(new Error('broken')) };
    expect(await fault(injectTransport(app))).toEqual({ code: 'connection_lost', sent: true });
  });
});
