/** Ends service without cutting off what is under way: not ready, then closed to new work, then closed. */
import { setTimeout as delay } from 'node:timers/promises';
import type { App } from './app.ts';
import type { ProblemInit } from './problems.ts';

declare module 'fastify' {
  interface FastifyInstance {
    readonly lifecycle: Lifecycle;
  }
}

export interface Lifecycle {
  /** From now on `/readyz` fails and connections are not kept alive; requests are still served. */
  leaving: boolean;
  /** Aborted when new requests are refused; whatever streams must end on it. */
  readonly closing: AbortSignal;
}

const shuttingDown: ProblemInit = { status: 503, error: 'shutting_down', title: 'This process is shutting down' };

/** Lets `app` be drained. Requests that arrive once it is closing, on connections kept alive, are answered 503. */
export function enableDrain(app: App): void {
  const closing = new AbortController();
  const lifecycle: Lifecycle = { leaving: false, closing: closing.signal };
  app.decorate('lifecycle', lifecycle);
  app.addHook('preClose', (done) => {
    lifecycle.leaving = true;
    closing.abort();
    done();
  });
  app.addHook('onRequest', (request, reply, done) => {
    if (closing.signal.aborted && !request.routeOptions.config.vital) return void reply.problem(shuttingDown);
    done();
  });
  // Also for requests that began before: a connection kept alive would hold the server open.
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (lifecycle.leaving) void reply.header('connection', 'close');
    done();
  });
  app.addHook('onResponse', (_request, _reply, done) => {
    done();
    // A stream had sent its headers long before.
    if (closing.signal.aborted) setImmediate(() => app.server.closeIdleConnections());
  });
}

/**
 * Drains and closes the app: resolves once running requests are answered, or cut off after `graceMs`.
 * @param options `lameDuckMs`: how long to go on serving while `/readyz` fails, so that load balancers look elsewhere;
 * `graceMs`: how long running requests may then take
 */
export async function drain(app: App, options: { lameDuckMs?: number; graceMs?: number } = {}): Promise<void> {
  app.lifecycle.leaving = true;
  if (options.lameDuckMs) await delay(options.lameDuckMs);
  const cutOff = setTimeout(() => app.server.closeAllConnections(), options.graceMs ?? defaultGraceMs);
  try {
    await app.close();
  } finally {
    clearTimeout(cutOff);
  }
}

/** Longer than the edge's budget (3 s) and `Prefer: wait=5`; shorter than the 30 s orchestrators give. */
const defaultGraceMs = 10_000;
