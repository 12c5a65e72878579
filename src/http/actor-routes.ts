/** Actors for people who operate them: what one is and has been, and events by hand. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import { type ActorSystem, type Json, operate, type TransitionRecord } from '../actors/index.ts';
import { Instant, problems } from '../services/schemas.ts';
import { ActorId, actorNotFound, eventNotAccepted } from './actor-problems.ts';
import { OperatorEvent, operatorEventOf } from './operator-event.ts';

const AnyJson = Type.Unsafe<Json>({});

const Timer = Type.Object({ id: Type.String(), due_at: Instant });
const Effect = Type.Object({
  id: Type.String(),
  effect: Type.String(),
  claims: Type.Integer(),
  lease_until: Type.Union([Instant, Type.Null()]),
});
const Actor = Type.Object({
  id: Type.String(),
  machine: Type.String(),
  version: Type.String(),
  structure_hash: Type.String(),
  revision: Type.Integer(),
  state: Type.String(),
  tags: Type.Array(Type.String()),
  snapshot: AnyJson,
  timers: Type.Array(Timer),
  effects: Type.Array(Effect),
  parked: Type.Union([Type.Object({ by: Type.String(), reason: Type.String() }), Type.Null()]),
  accepts: Type.Array(Type.String(), { description: 'Events of the machine’s own that the state accepts now' }),
  /** The earliest instant at which something is to happen by itself. */
  due_at: Type.Union([Instant, Type.Null()]),
});

const Transition = Type.Object({
  revision: Type.Integer(),
  event: AnyJson,
  from: Type.Union([Type.String(), Type.Null()]),
  to: Type.String(),
  effects: Type.Array(Type.Object({ id: Type.String(), effect: Type.String() })),
  at: Instant,
  trace_id: Type.Union([Type.String(), Type.Null()]),
});

export interface ActorRoutesOptions {
  readonly system: Pick<ActorSystem, 'read' | 'history' | 'send' | 'unpark'>;
}

const actorRoutes: FastifyPluginAsyncTypebox<ActorRoutesOptions> = async (app, { system }) => {
  app.get(
    '/actors/:id',
    {
      schema: {
        operationId: 'getActor',
        tags: ['actors'],
        summary: 'An actor as it stands: snapshot, timers, pending effects',
        params: ActorId,
        response: { 200: Actor, ...problems(400, 404, 503) },
      },
    },
    async (request, reply) => {
      const actor = await system.read(request.params.id);
      if (!actor) return reply.problem(actorNotFound);
      const dues = [
        ...actor.timers.map((timer) => timer.dueAtMs),
        ...actor.effects.flatMap(({ lease }) => (lease ? [lease.untilMs] : [])),
      ];
      return {
        id: actor.id,
        machine: actor.machine,
        version: actor.version,
        structure_hash: actor.structureHash,
        revision: actor.revision,
        state: actor.path,
        tags: [...(actor.state?.tags ?? [])],
        snapshot: toJson(actor.snapshot),
        timers: actor.timers.map((timer) => ({ id: timer.id, due_at: instant(timer.dueAtMs) })),
        effects: actor.effects.map((effect) => ({
          id: effect.id,
          effect: effect.src,
          claims: effect.claims,
          lease_until: effect.lease ? instant(effect.lease.untilMs) : null,
        })),
        parked: actor.parked,
        accepts: [...actor.accepts],
        due_at: dues.length > 0 ? instant(Math.min(...dues)) : null,
      };
    },
  );

  app.get(
    '/actors/:id/history',
    {
      schema: {
        operationId: 'getActorHistory',
        tags: ['actors'],
        summary: 'Every transition of an actor, oldest first',
        params: ActorId,
        querystring: Type.Object(
          {
            after: Type.Optional(Type.Integer({ minimum: 0 })),
            limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
          },
          { additionalProperties: false },
        ),
        response: { 200: Type.Object({ items: Type.Array(Transition) }), ...problems(400, 404, 503) },
      },
    },
    async (request, reply) => {
      const { after = 0, limit = 100 } = request.query;
      const records = await system.history(request.params.id, { afterRevision: after, limit });
      if (records.length === 0 && !(await system.read(request.params.id))) return reply.problem(actorNotFound);
      return { items: records.map(toTransition) };
    },
  );

  app.post(
    '/actors/:id/events',
    {
      schema: {
        operationId: 'sendOperatorEvent',
        tags: ['actors'],
        summary: 'Send an operator event, recorded with who and why',
        params: ActorId,
        body: OperatorEvent,
        response: {
          202: Type.Object({ id: Type.String(), revision: Type.Integer() }),
          ...problems(400, 404, 409, 413, 415, 503),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { by, why } = request.body;
      const event = operatorEventOf(request.body);
      const answer = await operate(system, { id, event, by, why });
      if (answer.type === 'applied') return reply.status(202).send({ id, revision: answer.revision });
      const actor = await system.read(id);
      if (!actor) return reply.problem(actorNotFound);
      return reply.problem(eventNotAccepted(actor));
    },
  );
};

export default actorRoutes;

function toTransition(record: TransitionRecord) {
  return {
    revision: record.revision,
    event: record.event,
    from: record.from,
    to: record.to,
    effects: record.armed.map(({ id, src }) => ({ id, effect: src })),
    at: instant(record.atMs),
    trace_id: record.traceparent?.split('-')[1] ?? null,
  };
}

const instant = (ms: number): string => new Date(ms).toISOString();

function toJson(snapshot: { readonly value: Json; readonly context: Json; readonly status: string }): Json {
  return { status: snapshot.status, value: snapshot.value, context: snapshot.context };
}
