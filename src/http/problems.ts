/** RFC 9457 problem details: how every answer that is not a success looks, and which error becomes which. */
import { STATUS_CODES } from 'node:http';
import type { FastifyBaseLogger, FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { StoreError } from '../actors/ports.ts';
import { classifyFault } from '../persistence/faults.ts';
import { traceOf } from './trace.ts';
import { validationProblem } from './validation-problem.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** 32 hex digits: the trace this request belongs to. */
    readonly traceId: string;
    /** W3C trace context to hand on. */
    readonly traceparent: string;
  }
  interface FastifyReply {
    /** Answers with a problem; `return reply.problem({ … })`. Sets `Retry-After: 1` on 429 and 503 unless it is set. */
    problem(problem: ProblemInit): FastifyReply;
  }
}

/** A problem to answer with. Further members become extension members as they are. */
export interface ProblemInit {
  readonly status: number;
  /** The stable code, snake_case. */
  readonly error: string;
  /** A sentence that is the same for every occurrence of `error`. */
  readonly title: string;
  /** What is wrong this time, for the client. Never quotes secrets or internals. */
  readonly detail?: string | undefined;
  readonly [extension: string]: unknown;
}

/** Thrown before a handler runs, to refuse a request with this very problem. */
export class RefusedRequest extends Error {
  override readonly name = 'RefusedRequest';
  readonly problem: ProblemInit;

  constructor(problem: ProblemInit) {
    super(problem.title);
    this.problem = problem;
  }
}

export const problemMediaType = 'application/problem+json';

/** The body of a problem; `type` names it by its code. */
export function problemBody(problem: ProblemInit, traceId: string): string {
  const { status, error, title, detail, ...extensions } = problem;
  const type = `urn:waybill:problem:${error}`;
  return JSON.stringify({ ...extensions, type, title, status, detail, error, trace_id: traceId });
}

/** Sends a problem on any reply, also on Fastify's bare ones that carry no decorators. */
export function sendProblem(reply: FastifyReply, problem: ProblemInit): FastifyReply {
  if ((problem.status === 429 || problem.status === 503) && !reply.hasHeader('retry-after')) {
    void reply.header('retry-after', '1');
  }
  return (
    reply
      .code(problem.status)
      .header('content-type', problemMediaType)
      .header('cache-control', 'no-store')
      // As bytes: to a string Fastify would add a charset parameter, which the media type does not have.
      .send(Buffer.from(problemBody(problem, traceOf(reply.request.raw).traceId)))
  );
}

/** The error handler of the whole app. Only faults of our own are logged as errors; a 500 says nothing of its cause. */
export function answerError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = problemOf(error);
  if (problem.status >= 500) logFault(request.log, problem, error);
  return sendProblem(reply, problem);
}

/** Which problem an error is. Whatever is not known to be the client's doing, or the database's absence, is a 500. */
export function problemOf(error: FastifyError): ProblemInit {
  // Anything can be thrown, whatever the type says.
  if (!(error instanceof Error)) return problems.internal;
  if (error instanceof RefusedRequest) return error.problem;
  if (error.validation) return validationProblem(error.validation, error.validationContext ?? 'body');
  const fault = classifyFault(error);
  if (fault === 'unavailable' || fault === 'conflict') return problems.unavailable;
  // Other libraries' errors carry status codes too (an HTTP client's 404, say): only Fastify's own speak of this request.
  const ours = typeof error.code === 'string' && error.code.startsWith('FST_');
  return (ours ? ofFastify(error) : null) ?? problems.internal;
}

/** Problems that more than one place answers with. */
export const problems = {
  unavailable: {
    status: 503,
    error: 'service_unavailable',
    title: 'The service cannot answer right now',
    detail: 'Nothing is known to be wrong with the request; repeat it with the same Idempotency-Key.',
  },
  internal: { status: 500, error: 'internal_error', title: 'The service failed' },
  unsupportedMediaType: {
    status: 415,
    error: 'unsupported_media_type',
    title: 'The body must be application/json in UTF-8, without Content-Encoding',
  },
} as const satisfies Record<string, ProblemInit>;

/** A 400 `validation_error` that a schema could not express. */
export function invalid(detail: string, location: string): ProblemInit {
  return {
    status: 400,
    error: 'validation_error',
    title: 'The request is not valid',
    detail,
    errors: [{ location, path: '', message: detail }],
  };
}

function ofFastify(error: FastifyError): ProblemInit | null {
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return { status: 413, error: 'payload_too_large', title: 'The body is too large' };
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return problems.unsupportedMediaType;
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return { status: 414, error: 'uri_too_long', title: 'A part of the path is too long' };
    case 'FST_ERR_BAD_URL':
      return invalid('The path is not properly percent-encoded.', 'path');
    case 'FST_ERR_HANDLER_TIMEOUT':
      return problems.unavailable;
    default:
      return ofStatus(error);
  }
}

/** Fastify's messages about a request are written for its sender. */
function ofStatus(error: FastifyError): ProblemInit | null {
  const status = error.statusCode ?? 500;
  if (status === 400) return invalid(error.message, 'request');
  if (status === 503) return problems.unavailable;
  if (status < 400 || status > 499) return null;
  const title = STATUS_CODES[status] ?? 'The request is refused';
  return { status, error: codes[status] ?? 'request_refused', title, detail: error.message };
}

const codes: Readonly<Record<number, string>> = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  406: 'not_acceptable',
  408: 'request_timeout',
  409: 'conflict',
  411: 'length_required',
  426: 'upgrade_required',
  429: 'too_many_requests',
  431: 'headers_too_large',
};

function logFault(log: FastifyBaseLogger, problem: ProblemInit, error: Error): void {
  if (problem.status === 500) log.error({ err: error }, 'request failed');
  else if (error instanceof StoreError) log.warn({ reason: error.message, kind: error.kind }, 'store unavailable');
  else log.warn({ reason: error.message }, 'service unavailable');
}
