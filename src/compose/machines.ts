/** The machines, as actors run them. */
import { type ActorMachine, actorMachine } from '../actors/index.ts';
import { machines } from '../machines/index.ts';

export const actorMachines = (): ActorMachine[] =>
  machines.map(({ machine, version }) => actorMachine(machine, version));
