/** Bounds how many requests are worked on at once, so that overload is refused at the door instead of queueing inside. */
import type { App } from './app.ts';
import type { ProblemInit } from './problems.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Health and metrics: served under overload and while draining. */
    vital?: boolean;
    /** Requests of this route that are worked on at once, so that they leave room for all others. */
    maxInFlight?: number;
  }
}

export interface Admission {
  /** Streams and long waits are among them. */
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
  const ofRoute = new Map<string, number>();
  app.addHook('onRequest', (request, reply, done) => {
    const { url = '', method, config } = request.routeOptions;
    if (config.vital) return done();
    const route = `${String(method)} ${url}`;
    const alike = ofRoute.get(route) ?? 0;
    if (inFlight >= maxRequestsInFlight || alike >= (config.maxInFlight ?? Infinity))
      return void reply.problem(overloaded);
    inFlight += 1;
    ofRoute.set(route, alike + 1);
    // `close` follows `finish`, and comes alone when the client went away.
    reply.raw.once('close', () => {
      inFlight -= 1;
      ofRoute.set(route, (ofRoute.get(route) ?? 0) - 1);
    });
    done();
  });
}
