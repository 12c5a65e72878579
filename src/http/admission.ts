/** Bounds how many requests are worked on at once, so that overload is refused at the door instead of queueing inside. */
import type { App } from './app.ts';
import type { ProblemInit } from './problems.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Health and metrics: served under overload and while draining. */
    vital?: boolean;
  }
}

export interface Admission {
  /** Slonik's pool queues without bound or timeout, so this is what keeps a full pool from becoming a full process. */
  readonly maxRequestsInFlight: number;
}

const defaults: Admission = { maxRequestsInFlight: 1_000 };

const overloaded: ProblemInit = {
  status: 503,
  error: 'overloaded',
  title: 'Too many requests are being worked on',
  detail: 'Nothing was done; repeat the request later, with the same Idempotency-Key.',
};

/** Answers 503 with Retry-After to requests beyond the bound, before their bodies are read. */
export function boundRequests(app: App, options: Partial<Admission> = {}): void {
  const { maxRequestsInFlight } = { ...defaults, ...options };
  let inFlight = 0;
  app.addHook('onRequest', (request, reply, done) => {
    if (request.routeOptions.config.vital) return done();
    if (inFlight >= maxRequestsInFlight) return void reply.problem(overloaded);
    inFlight++;
    // `close` follows `finish`, and comes alone when the client went away.
    reply.raw.once('close', () => inFlight--);
    done();
  });
}
