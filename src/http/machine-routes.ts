/** The machines this process runs: their definition, as `createMachine` takes it, and who is in which state. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import type { ActorMachine, Json } from '../actors/index.ts';
import { problems } from '../services/schemas.ts';

const Version = Type.Object({ version: Type.String(), structure_hash: Type.String() });
const Machine = Type.Object({ id: Type.String(), versions: Type.Array(Version) });
const Occupancy = Type.Object({ version: Type.String(), state: Type.String(), actors: Type.Integer() });

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
        summary: 'A machine’s newest definition, and how many unfinished actors are in each state',
        params: Type.Object({ id: Type.String({ maxLength: 100 }) }),
        response: {
          200: Type.Object({
            ...Machine.properties,
            definition: Type.Unsafe<Json>({ description: 'What XState’s `createMachine` and Stately’s tools take' }),
            occupancy: Type.Array(Occupancy),
          }),
          ...problems(400, 404, 503),
        },
      },
    },
    async (request, reply) => {
      const list = byId.get(request.params.id);
      const newest = list?.at(-1);
      if (!list || !newest) return reply.problem({ status: 404, error: 'machine_not_found', title: 'No such machine' });
      const occupancy = await countByState(newest.id);
      return { id: newest.id, versions: versionsOf(list), definition: newest.config, occupancy: [...occupancy] };
    },
  );
};

export default machineRoutes;
