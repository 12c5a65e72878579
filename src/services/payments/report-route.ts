/** The gateway's reports: all payments, and all that ever moved, by pages. Its customers reconcile their own books with them. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { problems } from '../schemas.ts';
import { movementOf, recordOf } from './bodies.ts';
import { Movements, MovementsQuery, PaymentReport, ReportQuery } from './schemas.ts';
import type { PaymentService } from './service.ts';

const defaultPageSize = 100;

export function reportRoute(app: Parameters<FastifyPluginAsyncTypebox>[0], service: PaymentService): void {
  app.get(
    '/payments/report',
    {
      schema: {
        tags: ['payments'],
        operationId: 'reportPayments',
        summary: 'All payments as they stand now, newest first',
        querystring: ReportQuery,
        response: { 200: PaymentReport, ...problems(400) },
      },
    },
    async (request, reply) => {
      const { cursor, limit = defaultPageSize } = request.query;
      // One more than asked for tells whether there is a next page.
      const found = await service.list({ before: cursor ?? null, limit: limit + 1 });
      const items = found.slice(0, limit).map(recordOf);
      const last = items.at(-1);
      return reply.send(found.length > limit && last ? { items, next_cursor: last.authorization_id } : { items });
    },
  );
  app.get(
    '/payments/movements',
    {
      schema: {
        tags: ['payments'],
        operationId: 'listMovements',
        summary: 'What has moved of all payments, however old they are, newest first',
        querystring: MovementsQuery,
        response: { 200: Movements, ...problems(400) },
      },
    },
    async (request, reply) => {
      const { cursor, limit = defaultPageSize } = request.query;
      const found = await service.movements({ before: cursor ?? null, limit: limit + 1 });
      const items = found.slice(0, limit).map(movementOf);
      const last = found[limit - 1];
      return reply.send(found.length > limit && last ? { items, next_cursor: last.id } : { items });
    },
  );
}
