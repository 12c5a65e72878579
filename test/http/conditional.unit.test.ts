import { afterAll, beforeAll, expect, test } from 'vitest';
import { type App, buildApp } from '../../src/http/app.ts';
import { answeredNotModified, entityTag } from '../../src/http/conditional.ts';

let app: App;
beforeAll(async () => {
  app = await buildApp();
  app.get('/order', { schema: { operationId: 'order' } }, (request, reply) => {
    if (answeredNotModified(request, reply, entityTag(7, 'COMPLETED'))) return reply;
    return { revision: 7 };
  });
});
afterAll(() => app.close());

const get = (header?: string) =>
  app.inject({ url: '/order', headers: header === undefined ? {} : { 'if-none-match': header } });

test.each([undefined, '"6-COMPLETED"', '7-COMPLETED', '', '"7-COMPLETED-x"', 'W/"7"'])(
  'If-None-Match %s: the representation with its tag',
  async (header) => {
    const answer = await get(header);
    expect([answer.statusCode, answer.json(), answer.headers['etag'], answer.headers['cache-control']]).toEqual([
      200,
      { revision: 7 },
      '"7-COMPLETED"',
      'private, no-cache',
    ]);
  },
);

test.each(['"7-COMPLETED"', 'W/"7-COMPLETED"', '*', '"1", W/"7-COMPLETED" , "2"'])(
  'If-None-Match %s: 304 with the tag, no body',
  async (header) => {
    const answer = await get(header);
    expect([answer.statusCode, answer.body, answer.headers['etag']]).toEqual([304, '', '"7-COMPLETED"']);
  },
);
