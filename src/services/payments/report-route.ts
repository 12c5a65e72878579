/** The gateway's report: all payments by pages, which its customers reconcile their own books with. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { problems } from '../schemas.ts';
import { recordOf } from './bodies.ts';
import { PaymentReport, ReportQuery } from './schemas.ts';
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
}
