/** What would become of a stored actor: reads it, forks it, and simulates. Writes nothing and calls nothing. */
import { versionsOf } from '../log-versions.ts';
import type { ActorRow, TransitionRecord } from '../ports.ts';
import { rebuild } from './rebuild.ts';
import { simulate } from './simulate.ts';
import type { Simulation, SimulationOptions } from './simulation.ts';
import type { ActorSystem, ActorView } from '../system.ts';
import type { WhatIf } from './what-if.ts';
import { migrationOfEvent } from '../logged-migration.ts';
import type { ActorMachine } from '../xstate/actor-machine.ts';

export type Fork =
  | { readonly type: 'absent' }
  /** Its version is not registered here, so nothing of it can be told. */
  | { readonly type: 'left'; readonly actor: ActorView }
  | { readonly type: 'no such revision'; readonly actor: ActorView }
  /** It was migrated by then, and the log does not hold the timers and effects that it took along. */
  | { readonly type: 'migrated'; readonly actor: ActorView }
  | {
      readonly type: 'forked';
      readonly actor: ActorView;
      readonly machine: ActorMachine;
      readonly row: ActorRow;
      /** When it came to stand there. Null for the actor as it is now. */
      readonly atMs: number | null;
    };

type ReadingSystem = Pick<ActorSystem, 'read' | 'history' | 'machines'>;

/**
 * @param revision as the actor was right after this transition; by default as it is now
 * @throws RehydrationError when its log does not replay
 */
export async function forkOf(system: ReadingSystem, id: string, revision: number | null = null): Promise<Fork> {
  const actor = await system.read(id);
  if (!actor) return { type: 'absent' };
  if (revision !== null) return forkAt(system, actor, revision);
  const machine = machineOf(system, actor.machine, actor.version);
  return machine ? { type: 'forked', actor, machine, row: actor, atMs: null } : { type: 'left', actor };
}

async function forkAt(system: ReadingSystem, actor: ActorView, revision: number): Promise<Fork> {
  if (revision < 1 || revision > actor.revision) return { type: 'no such revision', actor };
  const whole = await readLog(system, actor.id, actor.revision);
  const log = whole.slice(0, revision);
  if (log.some(({ event }) => migrationOfEvent(event))) return { type: 'migrated', actor };
  const machine = machineOf(system, actor.machine, versionsOf(whole, actor.version)[revision - 1]);
  if (!machine) return { type: 'left', actor };
  return { type: 'forked', actor, machine, row: rebuild(machine, log), atMs: log.at(-1)?.atMs ?? 0 };
}

function machineOf({ machines }: ReadingSystem, id: string, version: string | undefined): ActorMachine | undefined {
  return machines.find((machine) => machine.id === id && machine.version === version);
}

const pageSize = 100;

async function readLog(system: ReadingSystem, id: string, upTo: number): Promise<TransitionRecord[]> {
  const log: TransitionRecord[] = [];
  while (log.length < upTo) {
    const limit = Math.min(pageSize, upTo - log.length);
    const page = await system.history(id, { afterRevision: log.length, limit });
    log.push(...page);
    // A log with a gap does not replay; whoever rebuilds from it says so.
    if (page.length < limit) break;
  }
  return log;
}

export type Preview =
  | { readonly type: 'absent' }
  | { readonly type: 'left'; readonly actor: ActorView }
  | { readonly type: 'simulated'; readonly actor: ActorView; readonly simulation: Simulation };

/** What the inputs would do to an actor as it is now. */
export async function preview(
  system: ReadingSystem,
  id: string,
  inputs: readonly WhatIf[],
  optionsOf: (actor: ActorView) => SimulationOptions,
): Promise<Preview> {
  const fork = await forkOf(system, id);
  if (fork.type === 'absent') return fork;
  if (fork.type !== 'forked') return { type: 'left', actor: fork.actor };
  const { actor, machine, row } = fork;
  return { type: 'simulated', actor, simulation: simulate(machine, row, inputs, optionsOf(actor)) };
}

/** Whether the first input would be applied, by the answer that it would get if it were sent now. */
export function wouldApply({ steps }: Simulation): boolean {
  const [first] = steps;
  return first?.type === 'transition' || first?.type === 'unparked';
}
