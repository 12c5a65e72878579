/** Answers what never becomes a request: bytes that are not HTTP, and expectations we do not meet. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { ConnectionError } from 'fastify';
import type { Socket } from 'node:net';
import { problemBody, type ProblemInit, problemMediaType } from './problems.ts';
import { freshTrace, traceOf } from './trace.ts';

/** Fastify's `clientErrorHandler`: a problem, written by hand, and the end of the connection. */
export function answerBrokenConnection(error: ConnectionError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  if (socket.writable) {
    const problem = brokenProblem(error.code);
    const body = problemBody(problem, freshTrace().traceId);
    socket.end(
      `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\n` +
        `Content-Type: ${problemMediaType}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
        // It may have been we who did not listen: a process that stood still for a while takes it for the sender's silence.
        (problem.status === 408 ? 'Retry-After: 1\r\n' : '') +
        `Cache-Control: no-store\r\nConnection: close\r\n\r\n${body}`,
    );
  }
  socket.destroySoon();
}

function brokenProblem(code: string): ProblemInit {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { status: 408, error: 'request_timeout', title: 'The request took too long to arrive' };
    case 'HPE_HEADER_OVERFLOW':
      return { status: 431, error: 'headers_too_large', title: 'The headers are too large' };
    default:
      return { status: 400, error: 'malformed_http', title: 'The request is not HTTP' };
  }
}

/** For the server's `checkExpectation`: any `Expect` but `100-continue`. */
export function answerExpectation(request: IncomingMessage, response: ServerResponse): void {
  const problem = { status: 417, error: 'expectation_failed', title: 'Only Expect: 100-continue is understood' };
  const body = problemBody(problem, traceOf(request).traceId);
  response.writeHead(417, {
    'content-type': problemMediaType,
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  });
  response.end(body);
}
