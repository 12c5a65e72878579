/** Reservations over HTTP: idempotent by order. */
import type { FastifyReply } from 'fastify';
import { problems } from '../schemas.ts';
import type { RefusalCode } from './decide.ts';
import type { RouteApp } from './routes.ts';
import { OrderParams, ReservationView, reservationView, ReserveBody } from './schemas.ts';
import type { InventoryService, ReservationOutcome } from './service.ts';

export function reservationRoutes(app: RouteApp, service: InventoryService): void {
  postReservation(app, service);
  endReservation(app, service);
  getReservation(app, service);
}

function postReservation(app: RouteApp, service: InventoryService): void {
  app.post(
    '/reservations',
    {
      schema: {
        tags: ['inventory'],
        summary: 'Reserve all items of an order, or none; once per order',
        operationId: 'reserve',
        body: ReserveBody,
        response: { 200: ReservationView, 201: ReservationView, ...problems(400, 409) },
      },
    },
    async (request, reply) => {
      const { order_id, items, owned_by_saga = false } = request.body;
      const outcome = await service.applyOne({
        type: 'reserve',
        orderId: order_id,
        items: items.map(({ product_id, quantity }) => ({ productId: product_id, quantity })),
        ownedBySaga: owned_by_saga,
      });
      if (outcome.type === 'refused') return refuse(reply, outcome);
      if (outcome.repeated) return reply.code(200).send(reservationView(outcome.reservation));
      reply.header('location', `/reservations/${order_id}`);
      return reply.code(201).send(reservationView(outcome.reservation));
    },
  );
}

function endReservation(app: RouteApp, service: InventoryService): void {
  app.post(
    '/reservations/:order_id/commit',
    {
      schema: {
        tags: ['inventory'],
        summary: 'Turn what is reserved into sold; idempotent',
        operationId: 'commitReservation',
        params: OrderParams,
        response: { 200: ReservationView, ...problems(400, 404, 409) },
      },
    },
    async (request, reply) => {
      const outcome = await service.applyOne({ type: 'commit', orderId: request.params.order_id });
      return outcome.type === 'refused' ? refuse(reply, outcome) : reservationView(outcome.reservation);
    },
  );
  app.delete(
    '/reservations/:order_id',
    {
      schema: {
        tags: ['inventory'],
        summary: 'Release what is reserved; idempotent, and refuses a reserve that comes late',
        operationId: 'releaseReservation',
        params: OrderParams,
        response: { 200: ReservationView, ...problems(400, 409) },
      },
    },
    async (request, reply) => {
      const outcome = await service.applyOne({ type: 'release', orderId: request.params.order_id });
      return outcome.type === 'refused' ? refuse(reply, outcome) : reservationView(outcome.reservation);
    },
  );
}

function getReservation(app: RouteApp, service: InventoryService): void {
  app.get(
    '/reservations/:order_id',
    {
      schema: {
        tags: ['inventory'],
        summary: 'Read the reservation of an order',
        operationId: 'getReservation',
        params: OrderParams,
        response: { 200: ReservationView, ...problems(400, 404) },
      },
    },
    async (request, reply) => {
      const reservation = await service.findReservation(request.params.order_id);
      return reservation ? reservationView(reservation) : refuse(reply, notFound);
    },
  );
}

type Refusal = Extract<ReservationOutcome, { type: 'refused' }>;

const notFound: Refusal = { type: 'refused', code: 'reservation_not_found' };

const titles: Record<RefusalCode, string> = {
  reservation_released: 'The reservation was released',
  reservation_sold: 'The reservation is sold',
  reservation_not_found: 'Nothing is reserved for this order',
  reservation_conflict: 'The order has a reservation of other items',
  reservation_live: 'The reservation has not lapsed',
};

function refuse(reply: FastifyReply, refusal: Refusal): FastifyReply {
  if (refusal.code === 'insufficient_stock') {
    return reply.problem({
      status: 409,
      error: refusal.code,
      title: 'There is not enough stock',
      items: refusal.short.map((item) => ({
        product_id: item.productId,
        requested: item.requested,
        available: item.available,
      })),
    });
  }
  const status = refusal.code === 'reservation_not_found' ? 404 : 409;
  return reply.problem({ status, error: refusal.code, title: titles[refusal.code] });
}
