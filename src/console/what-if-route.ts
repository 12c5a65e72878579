/** `POST /console/api/orders/:id/what-if`: an order as it stood, and what would have become of it. */
import type { CommonQueryMethods } from 'slonik';
import { type ActorSystem, forkOf, type LikelyAnswers, readWhatIfs, simulate, type WhatIf } from '../actors/index.ts';
import type { ProblemInit } from '../http/problems.ts';
import { storeClock } from '../persistence/operations.ts';
import { problems } from '../services/schemas.ts';
import { OrderParams } from '../services/ledger/schemas.ts';
import { simulationBody } from '../what-if/simulation-body.ts';
import type { ConsoleApp } from './console-app.ts';
import { orderNotFound } from './order-problems.ts';
import * as schemas from './schemas.ts';

export interface WhatIfPorts {
  readonly pool: CommonQueryMethods;
  readonly system: Pick<ActorSystem, 'read' | 'history' | 'machines'>;
  readonly likelyAnswersOf: (machine: string) => LikelyAnswers;
}

export function whatIfRoute(app: ConsoleApp, { pool, system, likelyAnswersOf }: WhatIfPorts): void {
  app.post(
    '/orders/:id/what-if',
    {
      schema: {
        hide: true,
        params: OrderParams,
        body: schemas.WhatIfBody,
        response: { 200: schemas.WhatIf, ...problems(400, 404, 409, 413, 415, 503) },
      },
    },
    async (request, reply) => {
      const { revision = null, then } = request.body;
      const read = readThen(then);
      if (read.type === 'malformed') return reply.problem(malformed(read));
      const fork = await forkOf(system, request.params.id, revision);
      if (fork.type === 'absent') return reply.problem(orderNotFound);
      if (fork.type !== 'forked') return reply.problem(notForked(fork));
      const { machine, row, atMs } = fork;
      const nowMs = atMs ?? (await storeClock(pool));
      return simulationBody(simulate(machine, row, read.inputs, { nowMs, likelyAnswers: likelyAnswersOf(machine.id) }));
    },
  );
}

interface Malformed {
  readonly type: 'malformed';
  readonly index: number;
  readonly problem: string;
}

/** One input per string: a comma would make it two, and their numbers would not be those of the strings. */
function readThen(then: readonly string[]): Malformed | { readonly type: 'read'; readonly inputs: WhatIf[] } {
  const inputs: WhatIf[] = [];
  for (const [index, text] of then.entries()) {
    const read = readWhatIfs(text);
    if (read.type === 'malformed') return { type: 'malformed', index, problem: read.problem };
    const [one, more] = read.inputs;
    if (!one || more) return { type: 'malformed', index, problem: 'it is to hold one input' };
    inputs.push(one.input);
  }
  return { type: 'read', inputs };
}

function malformed({ index, problem }: Malformed): ProblemInit {
  return {
    status: 400,
    error: 'what_if_malformed',
    title: 'A what-if cannot be read',
    detail: `then[${index}]: ${problem}.`,
    index,
  };
}

type NotForked = Exclude<Awaited<ReturnType<typeof forkOf>>, { type: 'forked' | 'absent' }>;

function notForked({ type, actor }: NotForked): ProblemInit {
  switch (type) {
    case 'left':
      return {
        status: 409,
        error: 'unknown_version',
        title: 'This build does not have the version that the order is on',
        detail: `It was on ${actor.machine} version ${actor.version}.`,
      };
    case 'no such revision':
      return {
        status: 404,
        error: 'no_such_revision',
        title: 'The order has no such revision',
        detail: `Its revisions are 1 to ${actor.revision}.`,
      };
    case 'migrated':
      return {
        status: 409,
        error: 'migrated',
        title: 'The order was taken to another version by then',
        detail: 'Its log does not hold what it took along. Ask about it as it is now.',
      };
    default:
      return type satisfies never;
  }
}
