/** What only shows on a real connection: bytes that are not HTTP, repeated headers, slow and cut requests. */
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { App } from '../../src/http/app.ts';
import { type Answer, expectProblem } from './expect-problem.ts';
import { buildSampleApp } from './sample-app.ts';

let app: App;
beforeAll(async () => {
  app = await buildSampleApp();
  await app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => app.close());

/** Sends bytes as they are and reads until the server ends the connection. */
function exchange(...lines: string[]): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const { port } = app.server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1', () => socket.write(lines.join('\r\n'), 'latin1'));
  let received = '';
  socket.setEncoding('latin1');
  socket.on('data', (text: string) => (received += text));
  socket.on('close', () => resolve(received));
  socket.on('error', reject);
  return promise;
}

function parse(text: string): Answer {
  const [head = '', body = ''] = text.split('\r\n\r\n', 2);
  const [start = '', ...fields] = head.split('\r\n');
  const headers = Object.fromEntries(
    fields.map((field): [string, string] => {
      const [name = '', ...value] = field.split(': ');
      return [name.toLowerCase(), value.join(': ')];
    }),
  );
  return { statusCode: Number(start.split(' ')[1]), headers, body };
}

const send = async (...lines: string[]): Promise<Answer> => parse(await exchange(...lines));
const body = '{"user_id":"550e8400-e29b-41d4-a716-446655440000","amount_cents":1}';
const postLines = (...headers: string[]): string[] => [
  'POST /orders HTTP/1.1',
  'Host: localhost',
  'Connection: close',
  'Content-Type: application/json',
  `Content-Length: ${body.length}`,
  ...headers,
  '',
  body,
];

test('one Idempotency-Key is taken', async () => {
  expect((await send(...postLines('Idempotency-Key: a'))).statusCode).toBe(202);
});

test.each([
  ['twice', ['Idempotency-Key: a', 'Idempotency-Key: b']],
  ['twice the same, in other letters', ['Idempotency-Key: a', 'IDEMPOTENCY-KEY: a']],
])('Idempotency-Key %s: 400', async (_what, keys) => {
  expect(expectProblem(await send(...postLines(...keys)), 400, 'validation_error')['detail']).toBe(
    'Idempotency-Key must be given once.',
  );
});

test.each([
  ['no HTTP', ['hello', '', ''], 400, 'malformed_http'],
  ['an unknown method', ['BREW /orders HTTP/1.1', 'Host: x', '', ''], 400, 'malformed_http'],
  ['a header without a name', ['GET / HTTP/1.1', ': x', '', ''], 400, 'malformed_http'],
  ['NUL in a header', ['GET / HTTP/1.1', 'Host: x', 'Idempotency-Key: a\0b', '', ''], 400, 'malformed_http'],
  [
    'two lengths',
    ['POST /orders HTTP/1.1', 'Host: x', 'Content-Length: 1', 'Content-Length: 2', '', 'x'],
    400,
    'malformed_http',
  ],
  [
    'a length and chunks',
    ['POST /orders HTTP/1.1', 'Host: x', 'Content-Length: 1', 'Transfer-Encoding: chunked', '', '0', '', ''],
    400,
    'malformed_http',
  ],
  [
    'headers without end',
    ['GET / HTTP/1.1', 'Host: x', `X-Long: ${'x'.repeat(20_000)}`, '', ''],
    431,
    'headers_too_large',
  ],
  ['no Host', ['GET /orders HTTP/1.1', 'Connection: close', '', ''], 400, 'validation_error'],
  ['an expectation', ['GET /orders HTTP/1.1', 'Host: x', 'Expect: miracles', '', ''], 417, 'expectation_failed'],
  ['a raw non-ASCII path', ['GET /\xff\xfe HTTP/1.1', 'Host: x', 'Connection: close', '', ''], 400, 'malformed_http'],
])('%s is answered with a problem', async (_what, lines, status, error) => {
  expectProblem(await send(...lines), status, error);
});

test('a chunked body beyond the bound: 413, before it has ended', async () => {
  const chunk = ['10000', ' '.repeat(0x10000)];
  const lines = [
    'POST /orders HTTP/1.1',
    'Host: x',
    'Content-Type: application/json',
    'Idempotency-Key: a',
    'Transfer-Encoding: chunked',
    '',
  ];
  expectProblem(await send(...lines, ...chunk, ...chunk), 413, 'payload_too_large');
});

test('a malformed Host reaches no handler that would trip over it', async () => {
  const answer = await send('GET /orders HTTP/1.1', 'Host: [', 'Connection: close', '', '');
  expect(answer.statusCode).toBe(200);
});

test('the next request on the connection is answered after a refused one', async () => {
  const answers = await exchange(
    'GET /orders/x HTTP/1.1',
    'Host: x',
    '',
    'GET /orders HTTP/1.1',
    'Host: x',
    'Connection: close',
    '',
    '',
  );
  expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 400', 'HTTP/1.1 200']);
});

test('a request that was not read in time: 408, to be sent again, since it may have been the server that stood still', async () => {
  // As Node tells of it when its timer strikes.
  app.server.once('connection', (socket) =>
    app.server.emit('clientError', Object.assign(new Error('late'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' }), socket),
  );
  const answer = await send('POST /orders HTTP/1.1', 'Host: x');
  expectProblem(answer, 408, 'request_timeout');
  expect(answer.headers['retry-after']).toBe('1');
});
