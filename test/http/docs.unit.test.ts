import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { App } from '../../src/http/app.ts';
import apiDocs, { openApiDocument } from '../../src/http/docs.ts';
import health from '../../src/http/health.ts';
import type { OpenApiDocument } from '../../src/http/openapi-document.ts';
import { buildSampleApp } from './sample-app.ts';

let app: App;
let document: OpenApiDocument;
beforeAll(async () => {
  app = await buildSampleApp();
  await app.register(health, { checks: [], metrics: () => Promise.resolve('') });
  await app.register(apiDocs);
  await app.ready();
  document = (await app.inject('/openapi.json')).json();
});
afterAll(() => app.close());

test('the document is OpenAPI 3.1 and has every route, once', () => {
  expect(document).toMatchObject({ openapi: '3.1.0', info: { title: 'Waybill', version: '0.1.0' } });
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => `${method} ${path}: ${operation.operationId}`),
  );
  expect(operations.toSorted()).toEqual([
    'delete /orders/{id}: deleteOrder',
    'get /healthz: getLiveness',
    'get /metrics: getMetrics',
    'get /names/{name}: getName',
    'get /orders/{id}: getOrder',
    'get /orders: listOrders',
    'get /readyz: getReadiness',
    'post /fail: fail',
    'post /internal/orders: createInternalOrder',
    'post /orders: createOrder',
  ]);
});

test('the root leads to the reference', async () => {
  const answer = await app.inject({ url: '/' });
  expect([answer.statusCode, answer.headers.location]).toEqual([302, '/docs']);
});

test('every operation is complete: its id is its own, its answers and parameters are described', () => {
  const ids = new Set<string>();
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const operation of Object.values(methods)) {
      expect(operation.operationId).toMatch(/^[a-z][A-Za-z]+$/);
      ids.add(operation.operationId ?? '');
      const named = (operation.parameters ?? [])
        .filter((parameter) => parameter.in === 'path')
        .map(({ name }) => `{${name}}`);
      expect(path.match(/\{\w+\}/g) ?? []).toEqual(named);
      expect(Object.keys(operation.responses).some((status) => /^2\d\d$/.test(status))).toBe(true);
      const answers = Object.entries(operation.responses);
      expect(answers.filter(([, { description }]) => description === '')).toEqual([]);
      const problems = answers.filter(([status]) => !(Number(status) < 400)).map(([, { content }]) => content);
      const problem = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
      expect(problems).toEqual(problems.map(() => problem));
    }
  }
  expect(ids.size).toBe(10);
});

test('every reference resolves', () => {
  const references = JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g);
  for (const [, path = ''] of references) {
    let at: unknown = document;
    for (const part of path.split('/')) at = at !== null && typeof at === 'object' ? Reflect.get(at, part) : undefined;
    expect(at).toBeTypeOf('object');
  }
});

test('internal routes are tagged, and a parameter with a default need not be given', () => {
  expect(document.paths['/internal/orders']?.['post']?.tags).toEqual(['internal']);
  const parameters = document.paths['/orders']?.['get']?.parameters ?? [];
  expect(parameters.find(({ name }) => name === 'limit')?.required).toBe(false);
});

test('the document is the same at every request and in process', async () => {
  expect((await app.inject('/openapi.json')).json()).toEqual(document);
  expect(openApiDocument(app)).toEqual(document);
});

test('the page and its script come from this origin alone', async () => {
  const page = await app.inject({ url: '/docs', headers: { host: '[' } });
  expect([page.statusCode, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
  expect([...page.body.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, url]) => url)).toEqual(['/docs/scalar.js']);
  expect(page.body).not.toMatch(/https?:\/\//);
  expect(page.body).toContain('"url": "/openapi.json"');
  const policy = String(page.headers['content-security-policy']);
  expect(policy).toContain("connect-src 'self'");
  expect(policy).not.toMatch(/https?:|\*/);

  const script = await app.inject('/docs/scalar.js');
  expect([script.statusCode, script.headers['content-type']]).toEqual([200, 'text/javascript; charset=utf-8']);
  // Whole and runnable: it defines what the page calls, as far as it gets without a DOM.
  expect(() => runInNewContext(`new Function(code)`, { code: script.body })).not.toThrow();
  expect(script.body).toContain('createApiReference');
});
