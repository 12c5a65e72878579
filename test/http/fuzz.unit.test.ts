/** Whatever is sent, the app answers; and never with a 500. */
import fc from 'fast-check';
import type { InjectOptions } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { App } from '../../src/http/app.ts';
import { expectProblem } from './expect-problem.ts';
import { buildSampleApp } from './sample-app.ts';

let app: App;
beforeAll(async () => {
  app = await buildSampleApp();
});
afterAll(() => app.close());

const anyText = fc.string({ unit: 'binary', maxLength: 40 });
const anyJson = fc.jsonValue({ stringUnit: 'binary', depthSize: 'medium' });
/** Near misses: a good order, or one with some fields replaced or added. */
const nearOrder = fc
  .record(
    {
      user_id: fc.oneof({ weight: 8, arbitrary: fc.uuid() }, anyText, anyJson),
      amount_cents: fc.oneof({ weight: 8, arbitrary: fc.nat() }, fc.double(), anyText, anyJson),
      note: fc.oneof(anyText, anyJson),
      placed_at: fc.oneof(
        fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
        anyText,
      ),
      items: fc.array(fc.record({ product_id: fc.oneof(fc.uuid(), anyJson) }), { maxLength: 4 }),
    },
    { requiredKeys: [] },
  )
  .chain((change) =>
    fc.oneof(
      fc.constant(change),
      fc.constant({}),
      anyJson.map((extra) => ({ ...change, extra })),
    ),
  )
  .map((change) => {
    const order = { user_id: '550e8400-e29b-41d4-a716-446655440000', amount_cents: 1, ...change };
    return Buffer.from(JSON.stringify(order));
  });
const spoiled = nearOrder.chain((body) =>
  fc.tuple(fc.nat(body.length), fc.uint8Array({ maxLength: 4 })).map(([at, bytes]) => {
    return Buffer.concat([body.subarray(0, at), bytes, body.subarray(at)]);
  }),
);
const payload = fc.oneof(
  nearOrder,
  spoiled,
  anyJson.map((value) => Buffer.from(JSON.stringify(value))),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  fc.constant(Buffer.alloc(70_000, 0x20)),
);
const headerText = fc.string({
  unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)),
  maxLength: 30,
});
const headers = fc.record(
  {
    'content-type': fc.oneof({ weight: 5, arbitrary: fc.constant('application/json') }, headerText),
    'idempotency-key': fc.oneof({ weight: 5, arbitrary: fc.constant('key') }, headerText),
    'content-encoding': headerText,
    traceparent: headerText,
    'if-none-match': headerText,
    prefer: headerText,
    accept: headerText,
    host: headerText,
  },
  { requiredKeys: [] },
);
const pathByte = fc.oneof(
  fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  fc.integer({ min: 0, max: 255 }).map((code) => `%${code.toString(16).padStart(2, '0')}`),
);
const url = fc.oneof(
  fc.constantFrom('/orders', '/fail', '/internal/orders', '/nowhere', '/openapi.json'),
  fc
    .tuple(
      fc.constantFrom('/orders/', '/names/', '/orders?', '/orders?limit=', '/orders?user=', '/'),
      fc.string({ unit: pathByte, maxLength: 20 }),
    )
    .map(([start, rest]) => start + rest),
);
const method = fc.constantFrom<NonNullable<InjectOptions['method']>>(
  'GET',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'HEAD',
  'OPTIONS',
);

/** Half of them aimed at the route that reads most. */
const target = fc.oneof(
  fc.record({ verb: method, path: url, fields: headers, body: fc.option(payload, { nil: undefined }) }),
  fc.record({
    verb: fc.constant('POST' as const),
    path: fc.constant('/orders'),
    fields: fc.oneof(headers, fc.constant({ 'content-type': 'application/json', 'idempotency-key': 'key' })),
    body: payload,
  }),
);

test('no input is answered with a 500, and every refusal is a problem', async () => {
  const statuses = new Map<number, number>();
  await fc.assert(
    fc.asyncProperty(target, async ({ verb, path, fields, body }) => {
      // `/fail` throws by design.
      fc.pre(!(verb === 'POST' && path === '/fail'));
      // `inject` itself refuses these; sockets.unit.test.ts sends such.
      fc.pre(URL.canParse(path, 'http://localhost'));
      const answer = await app.inject({ method: verb, url: path, headers: fields, ...(body && { payload: body }) });
      statuses.set(answer.statusCode, (statuses.get(answer.statusCode) ?? 0) + 1);
      expect(answer.statusCode).toBeLessThan(500);
      if (answer.statusCode >= 400 && verb !== 'HEAD') {
        const { error } = answer.json<{ error: string }>();
        expectProblem(answer, answer.statusCode, error);
      }
    }),
    { numRuns: 2_000, examples: [[{ verb: 'POST', path: '/internal/orders', fields: {}, body: undefined }]] },
  );
  // The generator reaches what it is for; a fuzz in which everything is a 404 proves nothing. (204 is rare: the example.)
  const unreached = [200, 202, 204, 400, 404, 405, 413, 415].filter((status) => !statuses.has(status));
  expect(unreached).toEqual([]);
});
