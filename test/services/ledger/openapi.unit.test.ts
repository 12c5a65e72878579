import { expect, test } from 'vitest';
import { buildApp } from '../../../src/http/app.ts';
import { openApiDocument } from '../../../src/http/docs.ts';
import { answeredNotModified } from '../../../src/http/conditional.ts';
import { streamEvents } from '../../../src/http/sse.ts';
import ledger from '../../../src/services/ledger/plugin.ts';
import type { Ledger } from '../../../src/services/ledger/service.ts';

test('every route of the edge is described: its operation, and each answer that it may give', async () => {
  const never = () => Promise.reject(new Error('not to be called'));
  const service: Ledger = {
    place: never,
    find: never,
    findEnded: never,
    list: never,
    cancel: never,
    history: never,
    follow: () => {
      throw new Error('not to be called');
    },
  };
  const app = await buildApp();
  await app.register(ledger, { service, streamEvents, answeredNotModified, maxPlacing: () => 256 });
  await app.ready();
  const { paths } = openApiDocument(app);
  const routes = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { operationId, responses }]) => [
      `${method} ${path}`,
      operationId,
      Object.keys(responses).join(' '),
    ]),
  );
  expect(routes.filter(([route]) => !route?.startsWith('head'))).toEqual([
    ['post /orders', 'placeOrder', '202 400 402 409 413 415 422 503 default'],
    ['get /orders', 'listOrders', '200 400 503 default'],
    ['get /orders/{id}', 'getOrder', '200 304 400 404 503 default'],
    ['post /orders/{id}/cancel', 'cancelOrder', '202 400 404 409 503 default'],
    ['get /orders/{id}/history', 'getOrderHistory', '200 400 404 503 default'],
    ['get /orders/{id}/events', 'followOrder', '200 204 400 404 503 default'],
  ]);
  await app.close();
});
