/** What orchestrators and Prometheus ask: is the process alive, can it serve, what has it counted. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import type { FastifyBaseLogger } from 'fastify';
import { problems } from '../services/schemas.ts';
import { createReadiness, type Readiness } from './readiness.ts';

/** Something this process cannot serve without. */
export interface ReadinessCheck {
  /** Shown in the answer, e.g. `postgres`. */
  readonly name: string;
  /** Throws when it is away. `signal` aborts when the answer is no longer waited for. */
  check(signal: AbortSignal): Promise<void>;
}

export interface HealthOptions {
  readonly checks: readonly ReadinessCheck[];
  /** How long one check may take. Default 2 s. */
  readonly timeoutMs?: number;
  /** Told of every round of checks; default: kept here alone. */
  readonly readiness?: Readiness;
  /** Breakers of participants by name; shown, but never a reason not to be ready: what can wait waits. */
  readonly breakers?: () => Readonly<Record<string, string>>;
  /** Prometheus text for `/metrics`; without it there is no such route. */
  readonly metrics?: () => Promise<string>;
}

/** `/healthz`, `/readyz` and `/metrics`; answered also under overload and while draining. */
const health: FastifyPluginAsyncTypebox<HealthOptions> = async (app, options) => {
  const { checks, timeoutMs = 2_000, metrics, breakers, readiness = createReadiness(() => {}) } = options;
  const operational = { config: { vital: true } };

  app.get('/healthz', {
    ...operational,
    schema: {
      operationId: 'getLiveness',
      tags: ['operations'],
      summary: 'Whether the process answers at all',
      response: { 200: Type.Object({ status: Type.Literal('alive') }) },
    },
    handler: () => ({ status: 'alive' as const }),
  });

  // Probes of several callers share one round of checks.
  let round: Promise<readonly string[]> | undefined;
  app.get('/readyz', {
    ...operational,
    schema: {
      operationId: 'getReadiness',
      tags: ['operations'],
      summary: 'Whether requests should be sent here',
      response: {
        200: Type.Object({
          status: Type.Literal('ready'),
          checks: Type.Array(Type.String()),
          breakers: Type.Optional(Type.Record(Type.String(), Type.String())),
        }),
        ...problems(503),
      },
    },
    handler: async (request, reply) => {
      if (app.lifecycle.leaving)
        return reply.problem({ ...notReady, detail: 'The process is draining.', failing: ['draining'] });
      round ??= failingChecks(checks, timeoutMs, request.log).finally(() => (round = undefined));
      const failing = await round;
      readiness.checked(failing);
      if (failing.length === 0)
        return {
          status: 'ready' as const,
          checks: checks.map(({ name }) => name),
          ...(breakers ? { breakers: breakers() } : {}),
        };
      return reply.problem({ ...notReady, detail: `Not available: ${failing.join(', ')}.`, failing });
    },
  });

  if (metrics) {
    app.get('/metrics', {
      ...operational,
      schema: {
        operationId: 'getMetrics',
        tags: ['operations'],
        summary: 'Counters of this process, for Prometheus',
        produces: ['text/plain'],
        response: { 200: Type.String() },
      },
      handler: async (_request, reply) => reply.type('text/plain; version=0.0.4; charset=utf-8').send(await metrics()),
    });
  }
};
export default health;

const notReady = { status: 503, error: 'not_ready', title: 'This process cannot serve right now' };

async function failingChecks(
  checks: readonly ReadinessCheck[],
  timeoutMs: number,
  log: FastifyBaseLogger,
): Promise<readonly string[]> {
  const results = await Promise.all(
    checks.map(async ({ name, check }) => {
      try {
        await within(timeoutMs, check);
        return null;
      } catch (error) {
        log.warn({ check: name, err: error }, 'readiness check failed');
        return name;
      }
    }),
  );
  return results.filter((name) => name !== null);
}

/** Runs `work`, but waits for it only so long; one that ignores its signal is left behind. */
async function within(timeoutMs: number, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const abort = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const error = new Error(`no answer within ${timeoutMs} ms`);
      abort.abort(error);
      reject(error);
    }, timeoutMs);
  });
  try {
    await Promise.race([work(abort.signal), timeout]);
  } finally {
    clearTimeout(timer);
  }
}
