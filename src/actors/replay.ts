/** Builds an actor again from its log. */
import { migrationOfEvent } from './logged-migration.ts';
import type { ActorEvent } from './ports.ts';
import type { ActorMachine, LiveState, MachineStep } from './xstate/actor-machine.ts';
import { inputOf } from './xstate/events.ts';

/**
 * Replays one logged event: the first builds the actor, each later one moves it; a migration starts anew from the
 * snapshot that it wrote.
 * @param machine of the version that the actor had after this event
 */
export function replay(machine: ActorMachine, state: LiveState | null, event: ActorEvent): MachineStep {
  const migration = migrationOfEvent(event);
  if (migration) return machine.rehydrate(migration.snapshot);
  return state ? machine.step(state, event) : machine.start(inputOf(event));
}
