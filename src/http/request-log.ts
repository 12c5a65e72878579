/** One log line per request, under its trace id; failures are logged where they are answered. */
import { type FastifyReply, type FastifyRequest, LogController } from 'fastify';

/** Fastify's request log, without the line on arrival and without errors that problems.ts has logged already. */
export class RequestLog extends LogController {
  constructor() {
    super({ requestIdLogLabel: 'trace_id' });
  }

  override incomingRequest(): void {}

  override requestCompleted(_error: Error | null | undefined, request: FastifyRequest, reply: FastifyReply): void {
    const line = {
      method: request.method,
      // The pattern, not the path: the query and the path may name persons.
      route: request.routeOptions.url ?? 'unknown',
      status: reply.statusCode,
      duration_ms: Math.round(reply.elapsedTime),
    };
    if (reply.statusCode >= 400) request.log.info(line, 'request refused');
    else request.log.debug(line, 'request answered');
  }

  override routeNotFound(): void {}

  override defaultErrorLog(): void {}
}
