/** Machines for operators, over HTTP: what happens in their states, the verifier's verdict, versions compared. */
import type { Static } from '@sinclair/typebox';
import type { FastifyReply } from 'fastify';
import type { CommonQueryMethods } from 'slonik';
import { type ActorMachine, type FindMigration } from '../actors/index.ts';
import { problems } from '../services/schemas.ts';
import type { ConsoleApp } from './console-app.ts';
import { keptBriefly } from './kept-briefly.ts';
import { machineDifference } from './machine-difference.ts';
import { machineStates } from './machine-states.ts';
import * as schemas from './schemas.ts';
import type { Judged, Verdicts } from './verdicts.ts';

export interface MachineRoutesPorts {
  readonly pool: Pick<CommonQueryMethods, 'any'>;
  /** Oldest version first. */
  readonly machines: readonly ActorMachine[];
  readonly migrationOf: FindMigration;
  readonly verdicts: Verdicts;
  readonly monotonicMs: () => number;
}

/** The sample is of thousands of transitions, and says the same a moment later. */
const statesForMs = 3_000;

export function machineRoutes(app: ConsoleApp, ports: MachineRoutesPorts): void {
  const byId = Map.groupBy(ports.machines, ({ id }) => id);
  statesRoute(app, ports, byId);

  app.get(
    '/machines/:id/verdict',
    {
      schema: {
        hide: true,
        params: schemas.MachineParams,
        querystring: schemas.VerdictQuery,
        response: { 200: schemas.Verdict, 202: schemas.Verdict, ...problems(400, 404) },
      },
    },
    async ({ params: { id }, query: { version } }, reply) => {
      const machine = byId.get(id)?.findLast((one) => version === undefined || one.version === version);
      if (!machine) return notFound(reply);
      const judged = ports.verdicts.of({ machine: machine.id, version: machine.version });
      return reply.code(judged.type === 'pending' ? 202 : 200).send(verdictBody(machine, judged));
    },
  );

  app.get(
    '/machines/:id/difference',
    {
      schema: {
        hide: true,
        params: schemas.MachineParams,
        querystring: schemas.DifferenceQuery,
        response: { 200: schemas.Difference, ...problems(400, 404) },
      },
    },
    async ({ params: { id }, query }, reply) => {
      const [from, to] = [query.from, query.to].map((version) => byId.get(id)?.find((one) => one.version === version));
      if (!from || !to) return notFound(reply);
      const path = ports.migrationOf(id, from.version);
      return machineDifference(from, to, path?.target.version === to.version);
    },
  );
}

function statesRoute(
  app: ConsoleApp,
  { pool, monotonicMs }: MachineRoutesPorts,
  byId: ReadonlyMap<string, readonly ActorMachine[]>,
): void {
  const looks = new Map(
    [...byId].map(([id, versions]) => [
      id,
      keptBriefly(() => machineStates(pool, id, versions), { forMs: statesForMs, monotonicMs }),
    ]),
  );
  app.get(
    '/machines/:id/states',
    {
      schema: {
        hide: true,
        params: schemas.MachineParams,
        response: { 200: schemas.MachineStates, ...problems(400, 404, 503) },
      },
    },
    async (request, reply) => {
      const look = looks.get(request.params.id);
      return look ? look() : notFound(reply);
    },
  );
}

function verdictBody({ id, version }: ActorMachine, judged: Judged): Static<typeof schemas.Verdict> {
  const of = { machine: id, version };
  if (judged.type !== 'judged') return { ...of, state: judged.type };
  const { verdict } = judged;
  const { states, situations, edges, transitions, properties, findings } = verdict;
  const cutOff = verdict.cappedAt !== null && findings.length === 0;
  return {
    ...of,
    state: verdict.isProven ? 'proven' : cutOff ? 'cut_off' : 'broken',
    verdict: {
      states,
      situations,
      edges,
      transitions: { ...transitions },
      properties: properties.map((property) => ({ ...property })),
      findings: findings.map((finding) => ({ ...finding, path: [...finding.path] })),
      elapsed_ms: Math.round(verdict.elapsedMs),
    },
  };
}

function notFound(reply: FastifyReply): FastifyReply {
  return reply.problem({ status: 404, error: 'machine_not_found', title: 'No such machine, or not in this version' });
}
