/** How remote effects reach a participant: over HTTP or inside this process, with one reading of what an answer means. */
import type { Outcome, SettledOutcome } from '../actors/ports.ts';

export interface TransportRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Absolute, with the query string; its parts are encoded by the caller. */
  readonly path: string;
  /** Lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; absent: no body. */
  readonly body?: unknown;
  readonly signal: AbortSignal;
  readonly traceparent: string | null;
}

/** `body` is the parsed JSON, or `null` when the answer is not JSON. */
export interface TransportAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** @throws TransportError when no whole answer came */
export type Transport = (request: TransportRequest) => Promise<TransportAnswer>;

/** No whole answer. `sent: false` promises that the other side never saw the request. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly sent: boolean;
  readonly code: string;

  constructor(code: string, message: string, options: { sent: boolean; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.code = code;
    this.sent = options.sent;
  }
}

/**
 * Asks once, and reads the result the way every remote effect must:
 * never sent, 429, 503 → `failed`; no whole answer, other 5xx → `unknown`; for the rest `interpret` decides. What it does
 * not recognise is `unknown` for a 2xx and `failed` (with the answer's own code) otherwise: never a business answer.
 * @param interpret the settled outcome that a definitive answer means, or `null` if it means none
 */
export async function ask(
  transport: Transport,
  request: TransportRequest,
  interpret: (answer: TransportAnswer) => SettledOutcome | null,
): Promise<Outcome> {
  let answer: TransportAnswer;
  try {
    answer = await transport(request);
  } catch (error) {
    if (error instanceof TransportError) return withoutAnswer(error);
    throw error;
  }
  const where = `${request.method} ${request.path} answered ${answer.status}`;
  if (answer.status === 429 || answer.status === 503) {
    return { type: 'failed', code: errorCode(answer) ?? `http_${answer.status}`, message: where };
  }
  if (answer.status >= 500) return { type: 'unknown', code: `http_${answer.status}`, message: where };
  const settled = interpret(answer);
  if (settled) return settled;
  if (answer.status < 300)
    return { type: 'unknown', code: 'unexpected_answer', message: `${where}, with another body` };
  return { type: 'failed', code: errorCode(answer) ?? `http_${answer.status}`, message: where };
}

function withoutAnswer(error: TransportError): Outcome {
  return { type: error.sent ? 'unknown' : 'failed', code: error.code, message: error.message };
}

/** The stable `error` code of a problem document. Text from outside enters a transition log only in this form. */
export function errorCode(answer: TransportAnswer): string | null {
  const { body } = answer;
  if (typeof body !== 'object' || body === null || !('error' in body)) return null;
  return typeof body.error === 'string' && /^[a-z][a-z0-9_]{0,63}$/.test(body.error) ? body.error : null;
}

/** A participant's answer is small; more than this is not one. */
const maxAnswerBytes = 1_048_576;

/** Codes of faults that end a request before its first byte leaves. Everything else may have been sent. */
const unsentCodes = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/**
 * Talks HTTP to another process. Follows no redirects and never repeats a request.
 * @throws TypeError at once when `baseUrl` is not an http(s) URL
 */
export function fetchTransport(baseUrl: string): Transport {
  const { protocol } = new URL(baseUrl);
  if (protocol !== 'http:' && protocol !== 'https:') throw new TypeError(`not an http(s) URL: ${baseUrl}`);
  const base = baseUrl.replace(/\/+$/, '');
  return async (request) => {
    refuseAborted(request.signal);
    try {
      const response = await fetch(base + request.path, {
        method: request.method,
        headers: headersOf(request),
        signal: request.signal,
        redirect: 'manual',
        ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      });
      const text = await readBounded(response);
      return { status: response.status, body: parse(response.headers.get('content-type'), text) };
    } catch (error) {
      throw transportError(error, request.signal);
    }
  };
}

/** What `injectTransport` needs of a Fastify app. */
export interface Injectable {
  inject(options: {
    method: TransportRequest['method'];
    url: string;
    headers: Record<string, string>;
    payload?: string;
  }): PromiseLike<{
    readonly statusCode: number;
    readonly headers: { readonly [name: string]: unknown };
    readonly body: string;
  }>;
}

/**
 * Calls a participant in this process. An aborted call is given up at once, but its handler runs on, as it would behind
 * a broken connection: so the in-process form has the same outcomes as the remote one.
 */
export function injectTransport(app: Injectable): Transport {
  return async (request) => {
    refuseAborted(request.signal);
    try {
      const answered = app.inject({
        method: request.method,
        url: request.path,
        headers: headersOf(request),
        ...(request.body === undefined ? {} : { payload: JSON.stringify(request.body) }),
      });
      const response = await orAbort(answered, request.signal);
      const contentType = response.headers['content-type'];
      return {
        status: response.statusCode,
        body: parse(typeof contentType === 'string' ? contentType : null, response.body),
      };
    } catch (error) {
      throw transportError(error, request.signal);
    }
  };
}

function headersOf(request: TransportRequest): Record<string, string> {
  return {
    accept: 'application/json, application/problem+json',
    ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(request.traceparent === null ? {} : { traceparent: request.traceparent }),
    ...request.headers,
  };
}

function refuseAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new TransportError('aborted', 'aborted before it was sent', { sent: false });
}

function orAbort<T>(work: PromiseLike<T>, signal: AbortSignal): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const onAbort = () => reject(new TransportError('timeout', 'given up while waiting for the answer', { sent: true }));
  signal.addEventListener('abort', onAbort, { once: true });
  work.then(resolve, reject);
  return promise.finally(() => signal.removeEventListener('abort', onAbort));
}

async function readBounded(response: Response): Promise<string> {
  if (!response.body) return '';
  const body: AsyncIterable<Uint8Array> = response.body;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > maxAnswerBytes) throw new TransportError('answer_too_large', 'the answer is too large', { sent: true });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parse(contentType: string | null, text: string): unknown {
  if (text === '' || !/^application\/([\w.-]+\+)?json\b/i.test(contentType ?? '')) return null;
  return JSON.parse(text);
}

function transportError(error: unknown, signal: AbortSignal): TransportError {
  if (error instanceof TransportError) return error;
  if (signal.aborted) {
    return new TransportError('timeout', 'given up while waiting for the answer', { sent: true, cause: error });
  }
  if (error instanceof SyntaxError) {
    return new TransportError('unexpected_answer', 'the answer is not valid JSON', { sent: true, cause: error });
  }
  const code = faultCode(error);
  const sent = code === null || !unsentCodes.has(code);
  const message = sent ? 'the connection was lost before the answer' : 'the other side could not be reached';
  return new TransportError(
    sent ? 'connection_lost' : 'unreachable',
    code === null ? message : `${message} (${code})`,
    {
      sent,
      cause: error,
    },
  );
}

/** fetch wraps the socket's error in a TypeError; with several addresses that is an AggregateError with its own code. */
function faultCode(error: unknown): string | null {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return typeof cause === 'object' && cause !== null && 'code' in cause && typeof cause.code === 'string'
    ? cause.code
    : null;
}
