/** `GET /inspect`: actors in the protocol of Stately's inspector, over a WebSocket. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import websocket from '@fastify/websocket';
import { type Static, Type } from '@sinclair/typebox';
import type { FastifyRequest } from 'fastify';
import type { IncomingMessage } from 'node:http';
import type { Inspector, Selection } from '../inspector/index.ts';
import { problems } from '../services/schemas.ts';
import { isAllowedOrigin } from './allowed-origin.ts';
import { defaultSocketLimits, type EventSocketLimits, sendEvents } from './event-socket.ts';
import { invalid, type ProblemInit } from './problems.ts';

const maxNamedActors = 20;
const ActorId = Type.String({ maxLength: 100, pattern: '^[A-Za-z0-9][A-Za-z0-9._:-]*$' });
const Query = Type.Object(
  {
    actor: Type.Optional(
      Type.Array(ActorId, {
        minItems: 1,
        maxItems: maxNamedActors,
        description: 'Actors to tell of from their first transition; without any, those that move from now on',
      }),
    ),
    machine: Type.Optional(Type.String({ maxLength: 100, description: 'Only moving actors of this machine' })),
    history: Type.Optional(Type.Literal('only', { description: 'Close after the stored history of the named actors' })),
  },
  { additionalProperties: false },
);

export interface InspectRoutesOptions {
  readonly inspector: Inspector;
  /** Origins of pages, besides this server's own, that may connect. */
  readonly origins: readonly string[];
  readonly limits?: Partial<EventSocketLimits & { readonly maxSockets: number }>;
  /** Called when a client has read all that there was to tell. */
  readonly onTold?: () => void;
}

const defaultMaxSockets = 50;

const inspectRoutes: FastifyPluginAsyncTypebox<InspectRoutesOptions> = async (app, options) => {
  const { inspector, origins, onTold } = options;
  const limits = { ...defaultSocketLimits, maxSockets: defaultMaxSockets, ...options.limits };
  await app.register(websocket, { options: { maxPayload: maxIncomingBytes, perMessageDeflate: false } });
  // The plugin takes every request that asks for any upgrade. Java's HTTP client asks for HTTP/2 with each: those stay
  // plain requests, as they are without the plugin.
  Object.assign(app.server, { shouldUpgradeCallback: asksForInspect });
  let open = 0;

  app.route({
    method: 'GET',
    url: '/inspect',
    schema: {
      operationId: 'inspectActors',
      tags: ['actors'],
      summary: 'Actors in the protocol of Stately’s inspector, over a WebSocket',
      description:
        'Text frames of `@xstate.actor`, `@xstate.event` and `@xstate.snapshot`, as `@statelyai/inspect` sends them, ' +
        'without personal data. Closes with 1000 after the last, 1001 on shutdown, 1013 when the client reads too slowly.',
      querystring: Query,
      response: {
        101: Type.Null({ description: 'Switching protocols' }),
        ...problems(400, 403, 404, 426, 503),
      },
    },
    onRequest: async (request, reply) => {
      if (!isAllowedOrigin(request.headers, origins)) return reply.problem(forbidden);
    },
    preHandler: async (request, reply) => {
      const { socket } = request.raw;
      if (!request.ws || socket.destroyed) return;
      if (open >= limits.maxSockets) return reply.problem(tooManySockets);
      // Before anything is awaited: a socket that was destroyed meanwhile does not say so again. A refusal closes it too.
      open++;
      socket.once('close', () => open--);
      const refusal = await refusalOf(inspector, request.query);
      if (refusal) return reply.problem(refusal);
    },
    handler: async (_request, reply) =>
      reply.headers({ upgrade: 'websocket', connection: 'Upgrade' }).problem(upgradeRequired),
    async wsHandler(socket, request: FastifyRequest<{ Querystring: Static<typeof Query> }>) {
      // Nothing is expected from the client; reading keeps its pongs and its close coming.
      const source = (signal: AbortSignal) => inspector.inspect(selectionOf(request.query), signal);
      const end = await sendEvents(socket, source, { shutdown: app.lifecycle.closing, limits });
      if (end === 'ended') onTold?.();
    },
  });
};

export default inspectRoutes;

const maxIncomingBytes = 4_096;

function asksForInspect({ method, url, headers }: IncomingMessage): boolean {
  const path = url?.split('?', 1)[0];
  return method === 'GET' && path === '/inspect' && headers.upgrade?.toLowerCase() === 'websocket';
}

function selectionOf({ actor, machine, history }: Static<typeof Query>): Selection {
  if (actor) return { type: 'actors', ids: [...new Set(actor)], follow: history !== 'only' };
  return { type: 'moving', machine: machine ?? null };
}

async function refusalOf(inspector: Inspector, query: Static<typeof Query>): Promise<ProblemInit | null> {
  const { actor, machine, history } = query;
  if (actor && machine !== undefined) return invalid('Name actors or a machine, not both.', 'query');
  if (!actor && history) return invalid('history=only needs an actor.', 'query');
  if (machine !== undefined && !inspector.machines.some(({ id }) => id === machine))
    return { status: 404, error: 'machine_not_found', title: 'No such machine' };
  const missing = actor ? await inspector.missing(actor) : null;
  return missing === null ? null : { status: 404, error: 'actor_not_found', title: 'No such actor', detail: missing };
}

const upgradeRequired: ProblemInit = {
  status: 426,
  error: 'upgrade_required',
  title: 'This path speaks WebSocket only',
  detail: 'Connect with a WebSocket client, or run `waybill inspect <order id>`.',
};

const forbidden: ProblemInit = {
  status: 403,
  error: 'forbidden',
  title: 'Pages of this origin may not connect here',
};

const tooManySockets: ProblemInit = {
  status: 503,
  error: 'too_many_streams',
  title: 'Too many inspectors are connected',
};
