/** What an operator's event would do, and what could come of it: simulated on a copy, nothing is sent. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import { type ActorSystem, type LikelyAnswers, preview, readWhatIfs, wouldApply } from '../actors/index.ts';
import { problems } from '../services/schemas.ts';
import { SimulationBody, simulationBody } from '../what-if/simulation-body.ts';
import { ActorId, actorNotFound, eventNotAccepted } from './actor-problems.ts';
import { operatorEventOf, operatorEventProperties } from './operator-event.ts';

export interface PreviewOptions {
  readonly system: Pick<ActorSystem, 'read' | 'history' | 'machines'>;
  /** The store's clock, in epoch milliseconds. */
  readonly clock: () => Promise<number>;
  /** By machine id. */
  readonly likelyAnswersOf: (machine: string) => LikelyAnswers;
}

const maxThen = 50;
const maxThenLength = 2_000;

const Previewed = Type.Object(
  {
    ...operatorEventProperties,
    then: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: maxThenLength }), {
        maxItems: maxThen,
        description: 'What if: events, outcomes of effects, `timer <delay>`, `wait <duration>`, `happy`',
        examples: [['undoPayment failed', 'timer backoff', 'happy']],
      }),
    ),
  },
  { additionalProperties: false },
);

const previewRoute: FastifyPluginAsyncTypebox<PreviewOptions> = async (app, { system, clock, likelyAnswersOf }) => {
  app.post(
    '/actors/:id/preview',
    {
      schema: {
        operationId: 'previewOperatorEvent',
        tags: ['actors'],
        summary: 'What an operator event would do; nothing is sent, written or called',
        params: ActorId,
        body: Previewed,
        response: { 200: SimulationBody, ...problems(400, 404, 409, 413, 415, 503) },
      },
    },
    async (request, reply) => {
      const { then = [], ...operatorEvent } = request.body;
      const read = readThen(then);
      if ('problem' in read)
        return reply.problem({
          status: 400,
          error: 'what_if_malformed',
          title: 'A what-if cannot be read',
          detail: `then[${read.index}]: ${read.problem}.`,
        });
      const event = operatorEventOf(operatorEvent);
      const nowMs = await clock();
      const previewed = await preview(
        system,
        request.params.id,
        [{ type: 'event', event }, ...read.inputs],
        ({ machine }) => ({ nowMs, likelyAnswers: likelyAnswersOf(machine) }),
      );
      if (previewed.type === 'absent') return reply.problem(actorNotFound);
      const { actor } = previewed;
      if (previewed.type === 'left' || !wouldApply(previewed.simulation)) return reply.problem(eventNotAccepted(actor));
      return simulationBody(previewed.simulation);
    },
  );
};

export default previewRoute;

/** One input per string: a comma would make it two, and their numbers would not be those of the strings. */
function readThen(then: readonly string[]) {
  const inputs = [];
  for (const [index, text] of then.entries()) {
    const read = readWhatIfs(text);
    if (read.type === 'malformed') return { index, problem: read.problem };
    const [one, more] = read.inputs;
    if (!one || more) return { index, problem: 'it is to hold one input' };
    inputs.push(one.input);
  }
  return { inputs };
}
