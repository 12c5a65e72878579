/** What waits for a person, over HTTP. */
import { problems } from '../services/schemas.ts';
import { invalid } from '../http/problems.ts';
import type { ConsoleApp } from './console-app.ts';
import { listActors, listGroups, type ParkedPorts, retryMany } from './parked.ts';
import * as schemas from './schemas.ts';

const defaultPageSize = 50;

export function parkedRoutes(app: ConsoleApp, ports: ParkedPorts): void {
  app.get('/parked', { schema: { hide: true, response: { 200: schemas.ParkedGroups, ...problems(503) } } }, () =>
    listGroups(ports),
  );

  app.get(
    '/parked/actors',
    {
      schema: {
        hide: true,
        querystring: schemas.ParkedQuery,
        response: { 200: schemas.ParkedActors, ...problems(400, 503) },
      },
    },
    async ({ query: { cause, cursor, limit = defaultPageSize } }) => {
      // One more than asked for tells whether there is a next page.
      const found = await listActors(ports, { cause, after: cursor ? placeOf(cursor) : undefined, limit: limit + 1 });
      const items = found.slice(0, limit);
      const last = items.at(-1);
      if (found.length <= limit || !last) return { items };
      return { items, next_cursor: `${Date.parse(last.since)}_${last.id}` };
    },
  );

  app.post(
    '/parked/retry',
    {
      schema: {
        hide: true,
        body: schemas.RetryBody,
        response: { 200: schemas.Retried, ...problems(400, 413, 415, 503) },
      },
    },
    async (request, reply) => {
      const { cause, ids } = request.body;
      if ((cause === undefined) === (ids === undefined))
        return reply.problem(invalid('Name a group by its cause, or actors by their ids.', 'body'));
      return retryMany(ports, request.body);
    },
  );
}

/** @param cursor in the form that the schema demands */
function placeOf(cursor: string) {
  const [sinceMs = '0', ...id] = cursor.split('_');
  return { sinceMs: Number(sinceMs), id: id.join('_') };
}
