/** The demo corner over HTTP. Registered only where it is allowed: elsewhere there is nothing at these paths. */
import { problems } from '../services/schemas.ts';
import type { ConsoleApp } from './console-app.ts';
import { type DemoPorts, demoState, placeDemoOrder } from './demo.ts';
import * as schemas from './schemas.ts';

export function demoRoutes(app: ConsoleApp, ports: DemoPorts): void {
  app.get('/demo', { schema: { hide: true, response: { 200: schemas.Demo, ...problems(503) } } }, () =>
    demoState(ports),
  );

  app.post(
    '/demo/orders',
    {
      schema: {
        hide: true,
        body: schemas.DemoOrderBody,
        response: { 201: schemas.DemoOrder, ...problems(400, 404, 413, 415, 422, 503) },
      },
    },
    async (request, reply) => {
      const placed = await placeDemoOrder(ports, request.body, request.traceparent);
      switch (placed.type) {
        case 'placed':
          return reply.code(201).send({ order_ledger_id: placed.id, status: placed.status });
        case 'no such scenario':
          return reply.problem({ status: 404, error: 'scenario_not_found', title: 'There is no such scenario' });
        case 'not placed':
          return reply.problem({
            status: 422,
            error: 'not_placed',
            title: 'The order could not be placed',
            detail: `The answer was ${placed.why}.`,
          });
        default:
          return placed satisfies never;
      }
    },
  );

  app.put(
    '/demo/gateway',
    {
      schema: {
        hide: true,
        body: schemas.GatewayWeather,
        response: { 200: schemas.Demo, ...problems(400, 413, 415, 503) },
      },
    },
    async ({ body }) => {
      ports.weather.failureRate = body.failure_rate;
      ports.weather.latencyMs = body.latency_ms;
      return demoState(ports);
    },
  );

  app.post(
    '/demo/worker',
    {
      schema: {
        hide: true,
        body: schemas.DemoWorkerBody,
        response: { 200: schemas.Demo, ...problems(400, 413, 415, 503) },
      },
    },
    async ({ body }) => {
      if (body.do === 'start') ports.worker.start();
      else await ports.worker.kill();
      return demoState(ports);
    },
  );
}
