/** The payments room as a Fastify plugin: the gateway's routes, and the bad weather around them. */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply } from 'fastify';
import { reportRoute } from './report-route.ts';
import { paymentRoutes, unavailable } from './routes.ts';
import type { PaymentService } from './service.ts';

/** How the fake gateway is doing. Read at every call, so that it can change while the gateway runs. */
export interface GatewayWeather {
  /** Before every call that could move money (MOCK_LATENCY_MS). */
  latencyMs: number;
  /** Share of those calls that answer 503 without doing anything (MOCK_FAILURE_RATE), 0–1. */
  failureRate: number;
}

export interface PaymentsOptions {
  readonly service: PaymentService;
  readonly weather: Readonly<GatewayWeather>;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** How long an answer that must not come is kept back from a client that does not give up. Default: 30 s. */
  readonly withholdMs?: number;
}

// Longer than the calls of any client here are allowed to take.
const defaultWithholdMs = 30_000;

const payments: FastifyPluginAsyncTypebox<PaymentsOptions> = async (app, options) => {
  const { service, weather, random, withholdMs = defaultWithholdMs } = options;
  const draining = new AbortController();
  app.addHook('preClose', async () => draining.abort());

  // After validation, before the handler: a malformed call fails for what it is, and a struck one does nothing.
  app.addHook('preHandler', async (request, reply) => {
    if (request.method !== 'POST') return;
    const { latencyMs, failureRate } = weather;
    if (latencyMs > 0) await settled(delay(latencyMs, undefined, { signal: draining.signal }));
    if (failureRate > 0 && random() < failureRate) return unavailable(reply);
  });

  paymentRoutes(app, { service, withhold: (reply) => withhold(reply, withholdMs, draining.signal) });
  reportRoute(app, service);
};

export default payments;

/** Resolves when the client has hung up, when the server drains, or after `withholdMs`. */
async function withhold(reply: FastifyReply, withholdMs: number, draining: AbortSignal): Promise<void> {
  if (reply.raw.destroyed) return;
  const enough = new AbortController();
  const signal = AbortSignal.any([draining, enough.signal]);
  // The response's `close`: the request's own comes as soon as its body is read.
  await Promise.race([
    settled(once(reply.raw, 'close', { signal })),
    settled(delay(withholdMs, undefined, { signal })),
  ]);
  enough.abort();
}

/** Waits for the end of something, however it ends: here an abort is an end like any other. */
async function settled(work: Promise<unknown>): Promise<void> {
  await Promise.allSettled([work]);
}
