/** Bounds how many requests are worked on at once, so that overload is refused at the door instead of queueing inside. */
import type { App } from './app.ts';
import type { ProblemInit } from './problems.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Health and metrics: served under overload and while draining. */
    vital?: boolean;
    /** How many requests of this route are worked on at once, asked for at each: they leave room for all others. */
    maxInFlight?: () => number;
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
  const routes = new Map<string, RouteLoad>();
  app.addHook('onRequest', (request, reply, done) => {
    const { url = '', method, config } = request.routeOptions;
    if (config.vital) return done();
    const name = `${String(method)} ${url}`;
    const route = routes.get(name) ?? { inFlight: 0, refusedInARow: 0 };
    routes.set(name, route);
    if (inFlight >= maxRequestsInFlight || route.inFlight >= (config.maxInFlight?.() ?? Infinity))
      return void reply.header('retry-after', String(comeAgainInS(route.refusedInARow++))).problem(overloaded);
    route.refusedInARow = 0;
    route.inFlight += 1;
    inFlight += 1;
    // `close` follows `finish`, and comes alone when the client went away.
    reply.raw.once('close', () => {
      route.inFlight -= 1;
      inFlight -= 1;
    });
    done();
  });
}

interface RouteLoad {
  inFlight: number;
  refusedInARow: number;
}

const maxComeAgainInS = 8;
/** So many more refused without anybody let in, and the next ones are spread over a second more. */
const refusedPerSecond = 8;

/**
 * When one who is refused is to come again: all in a second, and refusing them would be all the work there is; so the more
 * are refused in a row, the further they are spread.
 */
function comeAgainInS(refusedBefore: number): number {
  return 1 + (refusedBefore % Math.min(maxComeAgainInS, 1 + Math.floor(refusedBefore / refusedPerSecond)));
}
