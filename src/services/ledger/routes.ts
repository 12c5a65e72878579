/** Orders over HTTP, once they are placed: reading, following and cancelling them. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { problems } from '../schemas.ts';
import { detailsOf, summaryOf, transitionBody } from './bodies.ts';
import type { Order } from './entry.ts';
import type { RouteApp } from './place-routes.ts';
import * as schemas from './schemas.ts';
import type { Ledger, OrderFilter } from './service.ts';

/** What these routes need of HTTP besides the app: its conditional reads and its event streams. */
export interface HttpTools {
  /** Sets `ETag`; @returns whether it has answered 304 */
  readonly answeredNotModified: (request: FastifyRequest, reply: FastifyReply, tag: string) => boolean;
  readonly streamEvents: (
    request: FastifyRequest,
    reply: FastifyReply,
    source: (options: {
      readonly lastEventId: string | null;
      readonly signal: AbortSignal;
    }) => AsyncIterable<{ readonly id: string; readonly event: string; readonly data: TransitionBody }>,
  ) => FastifyReply;
}

type TransitionBody = ReturnType<typeof transitionBody>;

export interface OrderRoutesOptions extends HttpTools {
  readonly service: Ledger;
  /** Aborted when the app closes: nobody is to wait any more. */
  readonly closing: AbortSignal;
}

export function orderRoutes(app: RouteApp, options: OrderRoutesOptions): void {
  getOrder(app, options);
  listOrders(app, options.service);
  cancelOrder(app, options.service);
  orderHistory(app, options.service);
  orderEvents(app, options);
}

function getOrder(app: RouteApp, { service, closing, answeredNotModified }: OrderRoutesOptions): void {
  app.get(
    '/orders/:id',
    {
      schema: {
        ...about('getOrder', 'One order as it stands, or, with `Prefer: wait`, once it has ended'),
        params: schemas.OrderParams,
        headers: schemas.waitHeader,
        response: { 200: schemas.OrderDetails, 304: schemas.NotModified, ...problems(400, 404, 503) },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const waitSeconds = preferredWait(request.headers.prefer);
      if (waitSeconds !== null) void reply.header('preference-applied', `wait=${waitSeconds}`);
      const order =
        waitSeconds === null
          ? await service.find(id)
          : await service.findEnded(id, { timeoutMs: waitSeconds * 1_000, signal: untilGone(reply, closing) });
      if (!order) return notFound(reply);
      if (answeredNotModified(request, reply, `"${order.version}"`)) return reply;
      return detailsOf(order);
    },
  );
}

const maxWaitSeconds = 30;

/** The `wait` preference of RFC 7240, bounded; null without one. What else is preferred, or malformed, is ignored. */
function preferredWait(prefer: string | undefined): number | null {
  const seconds = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,9})"?\s*(?:$|[,;])/i.exec(prefer ?? '')?.[1];
  return seconds === undefined ? null : Math.min(Number(seconds), maxWaitSeconds);
}

/** Aborted when the client hangs up or the app closes. */
function untilGone(reply: FastifyReply, closing: AbortSignal): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  return AbortSignal.any([gone.signal, closing]);
}

const defaultPageSize = 20;

function listOrders(app: RouteApp, service: Ledger): void {
  app.get(
    '/orders',
    {
      schema: {
        ...about('listOrders', 'Orders, newest first'),
        querystring: schemas.ListOrdersQuery,
        response: { 200: schemas.OrderPage, ...problems(400, 503) },
      },
    },
    async (request, reply) => {
      const { query } = request;
      const limit = query.limit ?? defaultPageSize;
      // One more than asked for tells whether there is a next page.
      const found = await service.list({
        status: query.status,
        userId: query.user_id,
        productId: query.product_id,
        createdFromMs: query.created_after === undefined ? undefined : Date.parse(query.created_after),
        createdBeforeMs: query.created_before === undefined ? undefined : Date.parse(query.created_before),
        after: query.cursor === undefined ? undefined : fromCursor(query.cursor),
        limit: limit + 1,
      });
      const orders = found.slice(0, limit);
      const last = orders.at(-1);
      const items = orders.map(summaryOf);
      return reply.send(found.length > limit && last ? { items, next_cursor: toCursor(last) } : { items });
    },
  );
}

function toCursor({ createdAtMs, id }: Order): string {
  return `${createdAtMs}_${id}`;
}

/** @param cursor in the form that the schema demands */
function fromCursor(cursor: string): OrderFilter['after'] {
  const [createdAtMs, id] = cursor.split('_');
  return { createdAtMs: Number(createdAtMs), id: id ?? '' };
}

function cancelOrder(app: RouteApp, service: Ledger): void {
  app.post(
    '/orders/:id/cancel',
    {
      schema: {
        ...about('cancelOrder', 'Cancel an order that is not past recall; what has happened already is undone'),
        params: schemas.OrderParams,
        response: { 202: schemas.CancelAccepted, ...problems(400, 404, 409, 503) },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const cancelling = await service.cancel(id);
      switch (cancelling.type) {
        case 'accepted':
          return reply.code(202).send({ order_ledger_id: id, status: cancelling.status });
        case 'not_cancellable':
          return reply.problem({
            status: 409,
            error: cancelling.type,
            title: 'The order cannot be cancelled any more',
            current_status: cancelling.status,
          });
        case 'not_found':
          return notFound(reply);
        default:
          return cancelling satisfies never;
      }
    },
  );
}

function orderHistory(app: RouteApp, service: Ledger): void {
  app.get(
    '/orders/:id/history',
    {
      schema: {
        ...about('getOrderHistory', 'Every transition of an order, oldest first'),
        params: schemas.OrderParams,
        querystring: schemas.HistoryQuery,
        response: { 200: schemas.HistoryPage, ...problems(400, 404, 503) },
      },
    },
    async (request, reply) => {
      const { limit = 100, cursor = '0' } = request.query;
      const found = await service.history(request.params.id, { afterRevision: Number(cursor), limit: limit + 1 });
      if (!found) return notFound(reply);
      const items = found.transitions.slice(0, limit).map(transitionBody);
      if (found.droppedAtMs !== null) return { items, dropped_at: new Date(found.droppedAtMs).toISOString() };
      const last = items.at(-1);
      return found.transitions.length > limit && last ? { items, next_cursor: String(last.revision) } : { items };
    },
  );
}

function orderEvents(app: RouteApp, { service, streamEvents }: OrderRoutesOptions): void {
  app.get(
    '/orders/:id/events',
    {
      // A HEAD request would follow the order, and show nothing of it.
      exposeHeadRoute: false,
      schema: {
        ...about('followOrder', 'Server-sent events, one per transition; the stream ends with the order'),
        params: schemas.OrderParams,
        response: { 200: schemas.EventStream, 204: schemas.NothingToCome, ...problems(400, 404, 503) },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const order = await service.find(id);
      if (!order) return notFound(reply);
      const after = revisionSeen(request.headers['last-event-id'], order.revision);
      // Nothing will ever come: a browser that came back by itself is told to stop.
      if (order.ended && (after === order.revision || order.historyDroppedAtMs !== null))
        return reply.code(204).send(null);
      return streamEvents(request, reply, async function* ({ signal }) {
        for await (const transition of service.follow(id, { afterRevision: after, signal }))
          yield { id: String(transition.revision), event: 'transition', data: transitionBody(transition) };
      });
    },
  );
}

/** The client's word: what is no revision of this order means that it has seen nothing. */
function revisionSeen(lastEventId: unknown, revision: number): number {
  if (typeof lastEventId !== 'string' || !/^\d{1,9}$/.test(lastEventId)) return 0;
  return Number(lastEventId) > revision ? 0 : Number(lastEventId);
}

function about(operationId: string, summary: string) {
  return { tags: ['orders'], operationId, summary };
}

function notFound(reply: FastifyReply): FastifyReply {
  return reply.problem({ status: 404, error: 'order_not_found', title: 'There is no such order' });
}
