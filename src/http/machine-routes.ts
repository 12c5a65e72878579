/** The machines this process runs: their definition, as `createMachine` takes it or drawn, and who is in which state. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import type { ActorMachine, Json } from '../actors/index.ts';
import {
  activeStates,
  type Chart,
  chartOf,
  details,
  diagramFormats,
  drawChart,
  statelyConfig,
} from '../diagrams/index.ts';
import { problems } from '../services/schemas.ts';
import { negotiate } from './negotiate.ts';
import { invalid, type ProblemInit } from './problems.ts';

const Version = Type.Object({ version: Type.String(), structure_hash: Type.String() });
const Machine = Type.Object({ id: Type.String(), versions: Type.Array(Version) });
const Occupancy = Type.Object({ version: Type.String(), state: Type.String(), actors: Type.Integer() });
const Definition = Type.Object({
  ...Machine.properties,
  version: Type.String({ description: 'Which of them the definition is' }),
  definition: Type.Unsafe<Json>({ description: 'What XState’s `createMachine` and Stately’s tools take' }),
  occupancy: Type.Array(Occupancy),
});

const formats = ['json', ...diagramFormats] as const;
type Format = (typeof formats)[number];

const mediaTypes = {
  json: 'application/json',
  mermaid: 'text/vnd.mermaid',
  dot: 'text/vnd.graphviz',
  svg: 'image/svg+xml',
} as const satisfies Record<Format, string>;

const oneOf = <const Name extends string>(names: readonly Name[]) => Type.Unsafe<Name>({ type: 'string', enum: names });

const MachineQuery = Type.Object(
  {
    version: Type.Optional(Type.String({ maxLength: 100, description: 'Default: the newest' })),
    format: Type.Optional(oneOf(formats)),
    detail: Type.Optional(oneOf(details)),
    state: Type.Optional(Type.String({ maxLength: 500, description: 'Of a diagram: the state path to highlight' })),
  },
  { additionalProperties: false },
);

export interface MachineRoutesOptions {
  /** Oldest version first. */
  readonly machines: readonly ActorMachine[];
  /** Unfinished actors per version and state. */
  readonly countByState: (
    machine: string,
  ) => Promise<readonly { readonly version: string; readonly state: string; readonly actors: number }[]>;
}

const machineRoutes: FastifyPluginAsyncTypebox<MachineRoutesOptions> = async (app, { machines, countByState }) => {
  const byId = Map.groupBy(machines, ({ id }) => id);
  const draw = diagrams();
  const versionsOf = (list: readonly ActorMachine[]) =>
    list.map(({ version, structureHash }) => ({ version, structure_hash: structureHash }));

  app.get(
    '/machines',
    {
      schema: {
        operationId: 'listMachines',
        tags: ['machines'],
        summary: 'Machines and their versions',
        response: { 200: Type.Object({ items: Type.Array(Machine) }) },
      },
    },
    () => ({ items: [...byId].map(([id, list]) => ({ id, versions: versionsOf(list) })) }),
  );

  app.get(
    '/machines/:id',
    {
      schema: {
        operationId: 'getMachine',
        tags: ['machines'],
        summary: 'A machine’s definition and how many unfinished actors are in each state; or its diagram',
        params: Type.Object({ id: Type.String({ maxLength: 100 }) }),
        querystring: MachineQuery,
        response: {
          200: {
            description: 'By `format`, else as the Accept header prefers',
            content: {
              [mediaTypes.json]: { schema: Definition },
              [mediaTypes.mermaid]: { schema: Type.String() },
              [mediaTypes.dot]: { schema: Type.String() },
              [mediaTypes.svg]: { schema: Type.String() },
            },
          },
          ...problems(400, 404, 406, 503),
        },
      },
    },
    async (request, reply) => {
      const { version, detail, state } = request.query;
      void reply.header('vary', 'Accept');
      const list = byId.get(request.params.id);
      if (!list) return reply.problem({ status: 404, error: 'machine_not_found', title: 'No such machine' });
      const machine = list.findLast((candidate) => version === undefined || candidate.version === version);
      if (!machine) return reply.problem({ status: 404, error: 'version_not_found', title: 'No such version' });
      const format = request.query.format ?? preferred(request.headers.accept);
      if (format === null) return reply.problem(notAcceptable);
      if (format === 'json') {
        if (detail !== undefined || state !== undefined)
          return reply.problem(invalid('detail and state are for diagrams.', 'query'));
        const occupancy = await countByState(machine.id);
        const body = {
          id: machine.id,
          versions: versionsOf(list),
          version: machine.version,
          definition: statelyConfig(machine.config),
          occupancy: [...occupancy],
        };
        return reply.type('application/json; charset=utf-8').send(body);
      }
      const drawn = await draw(machine, format, { detail: detail ?? 'states', state });
      if (drawn === null) return reply.problem(invalid('The machine has no such state.', 'query'));
      return reply.type(`${mediaTypes[format]}; charset=utf-8`).send(drawn);
    },
  );
};

export default machineRoutes;

function preferred(accept: string | undefined): Format | null {
  const mediaType = negotiate(accept, Object.values(mediaTypes));
  return formats.find((format) => mediaTypes[format] === mediaType) ?? null;
}

const notAcceptable: ProblemInit = {
  status: 406,
  error: 'not_acceptable',
  title: 'The machine is not to be had in this form',
  detail: `There are: ${Object.values(mediaTypes).join(', ')}.`,
};

/** Laying out an SVG takes tens of milliseconds of the thread that serves everybody: each is drawn once. */
const maxKept = 200;

type Draw = (
  machine: ActorMachine,
  format: Exclude<Format, 'json'>,
  options: { readonly detail: (typeof details)[number]; readonly state: string | undefined },
) => Promise<string | null>;

/** @returns draws a machine; null where it has no such state */
function diagrams(): Draw {
  const charts = new Map<ActorMachine, Chart>();
  const kept = new Map<string, string>();
  return async (machine, format, { detail, state }) => {
    const chart = charts.get(machine) ?? chartOf(machine.config);
    charts.set(machine, chart);
    const active = state === undefined ? [] : activeStates(chart, state);
    if (active === null) return null;
    const key = JSON.stringify([machine.id, machine.version, format, detail, active]);
    const known = kept.get(key);
    if (known !== undefined) return known;
    const drawn = await drawChart(chart, format, { detail, active });
    if (kept.size >= maxKept) kept.clear();
    kept.set(key, drawn);
    return drawn;
  };
}
