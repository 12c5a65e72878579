/** Orders for operators, over HTTP: the search, one order with all that belongs to it, and its log. */
import type { FastifyReply } from 'fastify';
import { OrderParams } from '../services/ledger/schemas.ts';
import type { Ledger } from '../services/ledger/service.ts';
import { problems } from '../services/schemas.ts';
import type { ConsoleApp } from './console-app.ts';
import { failingTest } from './failing-test.ts';
import { orderFile, type OrderFilePorts } from './order-file.ts';
import { orderLog, wholeLog } from './order-log.ts';
import { orderNotFound } from './order-problems.ts';
import { searchOrders } from './order-search.ts';
import * as schemas from './schemas.ts';

export interface OrderRoutesPorts extends OrderFilePorts {
  readonly ledger: Pick<Ledger, 'find' | 'list'>;
}

const defaultPageSize = 50;

export function orderRoutes(app: ConsoleApp, ports: OrderRoutesPorts): void {
  app.get(
    '/orders',
    {
      schema: {
        hide: true,
        querystring: schemas.OrderSearch,
        response: { 200: schemas.FoundOrders, ...problems(400, 503) },
      },
    },
    async ({ query: { limit = defaultPageSize, cursor, ...search } }) => {
      const machines = ports.system.machines;
      const after = cursor === undefined ? undefined : placeOf(cursor);
      // One more than asked for tells whether there is a next page.
      const found = await searchOrders({ ...ports, machines }, search, { after, limit: limit + 1 });
      const items = found.slice(0, limit);
      const last = items.at(-1);
      if (found.length <= limit || !last) return { items };
      return { items, next_cursor: `${Date.parse(last.created_at)}_${last.order_ledger_id}` };
    },
  );

  app.get(
    '/orders/:id',
    {
      schema: {
        hide: true,
        params: OrderParams,
        response: { 200: schemas.OrderFile, ...problems(400, 404, 503) },
      },
    },
    async (request, reply) => (await orderFile(ports, request.params.id)) ?? reply.problem(orderNotFound),
  );

  orderLogRoute(app, ports);
  failingTestRoute(app, ports);
}

/** @param cursor in the form that the schema demands */
function placeOf(cursor: string) {
  const [createdAtMs = '0', id = ''] = cursor.split('_');
  return { createdAtMs: Number(createdAtMs), id };
}

const defaultLogPage = 500;

function orderLogRoute(app: ConsoleApp, ports: OrderRoutesPorts): void {
  app.get(
    '/orders/:id/log',
    {
      schema: {
        hide: true,
        params: OrderParams,
        querystring: schemas.LogQuery,
        response: { 200: schemas.OrderLog, ...problems(400, 404, 503) },
      },
    },
    async ({ params: { id }, query: { after = 0, limit = defaultLogPage } }, reply) => {
      const log = await orderLog(ports, id);
      if (!log) return withoutActor(ports, id, reply);
      const behind = log.items.filter(({ revision }) => revision > after);
      const items = behind.slice(0, limit);
      const last = items.at(-1);
      const { machine } = log;
      return behind.length > limit && last ? { machine, items, next_after: last.revision } : { machine, items };
    },
  );
}

/** Its history was dropped, or it never was. */
async function withoutActor({ ledger }: OrderRoutesPorts, id: string, reply: FastifyReply) {
  const order = await ledger.find(id);
  if (!order) return reply.problem(orderNotFound);
  const droppedAtMs = order.historyDroppedAtMs;
  return {
    machine: '',
    items: [],
    ...(droppedAtMs === null ? {} : { dropped_at: new Date(droppedAtMs).toISOString() }),
  };
}

/** Where all would have been well. */
const defaultExpected = 'completed';

function failingTestRoute(app: ConsoleApp, { system }: OrderRoutesPorts): void {
  app.get(
    '/orders/:id/failing-test',
    {
      schema: {
        hide: true,
        params: OrderParams,
        querystring: schemas.FailingTestQuery,
        response: { 200: schemas.FailingTest, ...problems(400, 404, 409, 503) },
      },
    },
    async ({ params: { id }, query: { revision, expected = defaultExpected } }, reply) => {
      const whole = await wholeLog(system, id, revision);
      const last = whole?.log.at(-1);
      if (!whole || !last) return reply.problem(orderNotFound);
      if (whole.log.some(({ version, machine }) => version !== last.version || machine === null))
        return reply.problem({
          status: 409,
          error: 'not_one_version',
          title: 'The order was on several versions, or on one that this build does not have',
        });
      const source = failingTest({ ...whole, orderId: id, version: last.version, expected });
      return reply
        .type('text/plain; charset=utf-8')
        .header('content-disposition', `attachment; filename="order-${id}.unit.test.ts"`)
        .send(source);
    },
  );
}
