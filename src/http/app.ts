/** Builds the HTTP app that rooms register on: strict about what comes in, uniform in how it refuses. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyHttpOptions,
  type FastifyInstance,
  type FastifyReply,
  type RawReplyDefaultExpression,
  type RawRequestDefaultExpression,
  type RawServerDefault,
} from 'fastify';
import { type Admission, boundRequests } from './admission.ts';
import { answerMethodNotAllowed } from './allowed-methods.ts';
import { answerBrokenConnection, answerExpectation } from './broken-requests.ts';
import { checkRequests } from './check-requests.ts';
import { collectOpenApi } from './docs.ts';
import { enableDrain } from './drain.ts';
import { strictFormats } from './formats.ts';
import { answerError, type ProblemInit, problemOf, sendProblem } from './problems.ts';
import { measureRequests } from './request-metrics.ts';
import { RequestLog } from './request-log.ts';
import { traceOf } from './trace.ts';

export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

export interface AppOptions {
  /** Default: no logs. */
  readonly logger?: FastifyBaseLogger | false;
  readonly admission?: Partial<Admission>;
}

/**
 * An app without routes of its own; plugins registered on it get strict validation, problems and traces without further
 * ado, also when it never listens (`inject`). Bounds: bodies 64 KiB, headers 16 KiB in 10 s, a request 15 s to arrive.
 */
export async function buildApp(options: AppOptions = {}): Promise<App> {
  const logger: Pick<ServerOptions, 'logger' | 'loggerInstance'> = options.logger
    ? { loggerInstance: options.logger }
    : { logger: false };
  const app: App = Fastify({ ...serverOptions, ...logger }).withTypeProvider<TypeBoxTypeProvider>();
  app.server.headersTimeout = headersTimeoutMs;
  app.server.maxConnections = maxConnections;
  app.server.on('checkExpectation', answerExpectation);

  app.decorateRequest('traceId', {
    getter: function () {
      return traceOf(this.raw).traceId;
    },
  });
  app.decorateRequest('traceparent', {
    getter: function () {
      return traceOf(this.raw).traceparent;
    },
  });
  app.decorateReply('problem', function (this: FastifyReply, problem: ProblemInit) {
    return sendProblem(this, problem);
  });
  app.setErrorHandler(answerError);

  app.addHook('onRequest', (request, reply, done) => {
    // W3C Trace Context names the answer's header so; problems say the same in `trace_id`.
    void reply.headers({
      traceresponse: request.traceparent,
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    });
    done();
  });
  enableDrain(app);
  boundRequests(app, options.admission);
  checkRequests(app);
  measureRequests(app);
  answerMethodNotAllowed(app);
  // Before any route: it collects them as they are registered.
  await collectOpenApi(app);
  return app;
}

type ServerOptions = FastifyHttpOptions<RawServerDefault>;

const headersTimeoutMs = 10_000;
/** Far more than the work admitted at once: a connection costs little, and refusing one cannot say why. */
const maxConnections = 8_192;

const serverOptions = {
  bodyLimit: 64 * 1024,
  requestTimeout: 15_000,
  // No byte in either direction for this long; streams send heartbeats more often.
  connectionTimeout: 60_000,
  // Longer than load balancers keep idle connections (60 s), or they would send into one that is closing.
  keepAliveTimeout: 72_000,
  // `drain` answers late requests with a problem; Fastify's own answer is not one.
  return503OnClosing: false,
  forceCloseConnections: 'idle',
  http: {
    maxHeaderSize: 16 * 1024,
    // Checked in check-requests.ts, where the answer is a problem.
    requireHostHeader: false,
  },
  logController: new RequestLog(),
  genReqId: (request) => traceOf(request).traceId,
  childLoggerFactory: (log, bindings, options, request) =>
    log.child({ ...bindings, span_id: traceOf(request).spanId }, options),
  frameworkErrors: (error, _request, reply) => sendProblem(reply, problemOf(error)),
  clientErrorHandler: answerBrokenConnection,
  ajv: {
    // Query strings are read by their schema before validation (canonical.ts); nothing else is ever coerced.
    customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: true, allErrors: false },
    onCreate: strictFormats,
  },
} satisfies ServerOptions;
