/** The gateway over HTTP: requests in, the service's replies out. Decides nothing about payments. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { problems } from '../schemas.ts';
import { amountsOf, bodyOf, recordOf } from './bodies.ts';
import type { Answer, RefusalCode } from './decisions.ts';
import * as schemas from './schemas.ts';
import type { Call, PaymentService, Reply } from './service.ts';

type App = Parameters<FastifyPluginAsyncTypebox>[0];

export interface PaymentRoutesOptions {
  readonly service: PaymentService;
  /** Keeps a withheld answer back; resolves once it need not be any more. */
  readonly withhold: (reply: FastifyReply) => Promise<void>;
}

export function paymentRoutes(app: App, options: PaymentRoutesOptions): void {
  // A call whose key is in the header may come without any body.
  app.addHook('preValidation', async (request) => {
    if (request.method === 'POST') request.body ??= {};
  });
  authorizeRoute(app, options);
  captureRoute(app, options);
  voidRoutes(app, options);
  refundRoute(app, options);
  lookupRoutes(app, options.service);
}

function authorizeRoute(app: App, options: PaymentRoutesOptions): void {
  app.post(
    '/payments/authorize',
    {
      schema: {
        ...about('authorizePayment', 'Hold an amount'),
        headers: schemas.KeyHeader,
        body: schemas.AuthorizeBody,
        response: { 200: schemas.PaymentAnswer, ...problems(400, 402, 409, 422, 503) },
      },
    },
    async (request, reply) => {
      const { user_id: userId, amount_cents: amountCents, currency, payment_token: token } = request.body;
      return answer(request, reply, options, (call) =>
        options.service.authorize({ ...call, userId, amountCents, currency, token }),
      );
    },
  );
}

function captureRoute(app: App, options: PaymentRoutesOptions): void {
  app.post(
    '/payments/capture/:authorization_id',
    {
      schema: {
        ...about('capturePayment', 'Take what is held, once; the rest of it is given back'),
        headers: schemas.KeyHeader,
        params: schemas.AuthorizationParams,
        body: schemas.CaptureBody,
        response: { 200: schemas.PaymentAnswer, ...problems(400, 402, 404, 409, 422, 503, 504) },
      },
    },
    async (request, reply) => {
      return answer(request, reply, options, (call) => options.service.capture({ ...call, ...subjectOf(request) }));
    },
  );
}

function voidRoutes(app: App, options: PaymentRoutesOptions): void {
  app.post(
    '/payments/void',
    {
      schema: {
        ...about('voidPaymentByKey', 'Void what was, or will be, authorized under a key'),
        headers: schemas.KeyHeader,
        body: schemas.VoidByKeyBody,
        response: { 200: schemas.VoidAnswer, ...problems(400, 409, 422, 503) },
      },
    },
    async (request, reply) => {
      const { authorize_idempotency_key: authorizeKey } = request.body;
      return answer(request, reply, options, (call) => options.service.voidByKey({ ...call, authorizeKey }));
    },
  );
  app.post(
    '/payments/void/:authorization_id',
    {
      schema: {
        ...about('voidPayment', 'Give back what is held'),
        headers: schemas.KeyHeader,
        params: schemas.AuthorizationParams,
        body: schemas.VoidBody,
        response: { 200: schemas.VoidAnswer, ...problems(400, 404, 409, 422, 503) },
      },
    },
    async (request, reply) => {
      const { authorization_id: authorizationId } = request.params;
      return answer(request, reply, options, (call) => options.service.voidById({ ...call, authorizationId }));
    },
  );
}

function refundRoute(app: App, options: PaymentRoutesOptions): void {
  app.post(
    '/payments/refund/:authorization_id',
    {
      schema: {
        ...about('refundPayment', 'Give back what was captured'),
        headers: schemas.KeyHeader,
        params: schemas.AuthorizationParams,
        body: schemas.RefundBody,
        response: { 200: schemas.PaymentAnswer, ...problems(400, 404, 409, 422, 503) },
      },
    },
    async (request, reply) => {
      return answer(request, reply, options, (call) => options.service.refund({ ...call, ...subjectOf(request) }));
    },
  );
}

function lookupRoutes(app: App, service: PaymentService): void {
  app.get(
    '/payments/:authorization_id',
    {
      schema: {
        ...about('getPayment', 'One payment'),
        params: schemas.AuthorizationParams,
        response: { 200: schemas.PaymentRecord, ...problems(400, 404) },
      },
    },
    async (request, reply) => {
      const payment = await service.find(request.params.authorization_id);
      return payment ? reply.send(recordOf(payment)) : notFound(reply);
    },
  );
  app.get(
    '/payments',
    {
      schema: {
        ...about('getPaymentByKey', 'The payment authorized (or declined) under an idempotency key'),
        querystring: schemas.PaymentQuery,
        response: { 200: schemas.PaymentRecord, ...problems(400, 404) },
      },
    },
    async (request, reply) => {
      const payment = await service.findByKey(request.query.idempotency_key);
      return payment ? reply.send(recordOf(payment)) : notFound(reply);
    },
  );
}

function subjectOf(request: { params: { authorization_id: string }; body: { amount_cents?: number } }) {
  return { authorizationId: request.params.authorization_id, amountCents: request.body.amount_cents ?? null };
}

function about(operationId: string, summary: string) {
  return { tags: ['payments'], operationId, summary };
}

type KeyedRequest = Pick<FastifyRequest, 'traceId'> & {
  readonly headers: { readonly 'idempotency-key'?: string | undefined };
  readonly body: { readonly idempotency_key?: string | undefined };
};

async function answer(
  request: KeyedRequest,
  reply: FastifyReply,
  { withhold }: PaymentRoutesOptions,
  perform: (call: Call) => Promise<Reply>,
): Promise<FastifyReply> {
  const inHeader = request.headers['idempotency-key'];
  const key = request.body.idempotency_key ?? inHeader;
  if (key === undefined) return badKey(reply, 'An idempotency_key (or the Idempotency-Key header) is required.');
  if (key !== (inHeader ?? key)) return badKey(reply, 'idempotency_key and the Idempotency-Key header differ.');
  const result = await perform({ key, traceId: request.traceId });
  if (result.type === 'answered' && result.withheld) {
    await withhold(reply);
    return reply.problem({ status: 504, error: 'gateway_timeout', title: 'The answer did not come in time' });
  }
  return send(reply, result);
}

function send(reply: FastifyReply, result: Reply): FastifyReply {
  switch (result.type) {
    case 'answered':
      if (result.replayed) void reply.header('idempotent-replayed', 'true');
      return sendAnswer(reply, result.answer, result.traceId);
    case 'key_reused':
      return reply.problem({
        status: 422,
        error: 'idempotency_key_reused',
        title: 'This idempotency key was used for another request',
      });
    case 'not_found':
      return notFound(reply);
    case 'unavailable':
      return unavailable(reply);
    default:
      return result satisfies never;
  }
}

function sendAnswer(reply: FastifyReply, given: Answer, traceId: string): FastifyReply {
  if (given.type === 'done') return reply.send(bodyOf(given));
  const { status, title } = refusals[given.code];
  // Not `reply.problem`, which speaks of the present request: a repeat gets the first answer's very bytes, trace and all.
  const problem = {
    ...(given.payment && { authorization_id: given.payment.authorizationId, ...amountsOf(given.payment) }),
    ...(given.declineCode !== null && { decline_code: given.declineCode }),
    type: `urn:waybill:problem:${given.code}`,
    title,
    status,
    error: given.code,
    trace_id: traceId,
  };
  return reply
    .code(status)
    .header('content-type', 'application/problem+json')
    .header('cache-control', 'no-store')
    .send(JSON.stringify(problem));
}

/** Answers 503 for a fault that struck before anything happened. */
export function unavailable(reply: FastifyReply): FastifyReply {
  return reply
    .header('retry-after', '1')
    .problem({ status: 503, error: 'service_unavailable', title: 'The gateway cannot answer right now' });
}

const refusals: Record<RefusalCode, { readonly status: number; readonly title: string }> = {
  payment_declined: { status: 402, title: 'The payment was declined' },
  capture_declined: { status: 402, title: 'The capture was declined for good' },
  voided: { status: 409, title: 'This key was voided before it was authorized' },
  authorization_declined: { status: 409, title: 'The authorization was declined' },
  authorization_expired: { status: 409, title: 'The authorization has expired' },
  authorization_voided: { status: 409, title: 'The authorization is voided' },
  already_captured: { status: 409, title: 'The authorization is captured' },
  capture_exceeds_authorization: { status: 409, title: 'More than was authorized cannot be captured' },
  not_captured: { status: 409, title: 'Nothing was captured' },
  already_refunded: { status: 409, title: 'Everything captured is refunded' },
  refund_exceeds_capture: { status: 409, title: 'More than is left of the capture cannot be refunded' },
};

function badKey(reply: FastifyReply, detail: string): FastifyReply {
  return reply.problem({ status: 400, error: 'validation_error', title: 'The request is not valid', detail });
}

function notFound(reply: FastifyReply): FastifyReply {
  return reply.problem({ status: 404, error: 'payment_not_found', title: 'There is no such payment' });
}
