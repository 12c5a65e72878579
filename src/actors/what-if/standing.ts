/** Where an actor stands, and what may happen to it next. Pure. */
import { retryEvent } from '../operate.ts';
import type { ActorRow, Timer } from '../ports.ts';
import type { NamedTimer, Possible, Standing } from './simulation.ts';
import type { ActorMachine, MachineStep } from '../xstate/actor-machine.ts';
import { delayOf } from '../xstate/keys.ts';

export function standing(machine: ActorMachine, row: ActorRow, atMs: number): Standing {
  return { row, view: stateOf(machine, row)?.view ?? null, atMs, possible: possibleNext(machine, row) };
}

export function possibleNext(machine: ActorMachine, row: ActorRow): Possible {
  if (row.parked?.by === 'runtime') return { events: [retryEvent.type], effects: [], timers: [] };
  const state = stateOf(machine, row);
  if (state?.snapshot.status !== 'active') return { events: [], effects: [], timers: [] };
  const timers = row.timers.toSorted((a, b) => a.dueAtMs - b.dueAtMs).map(namedTimer);
  return { events: machine.acceptedEvents(state.state), effects: row.effects, timers };
}

export const namedTimer = ({ id, dueAtMs }: Timer): NamedTimer => ({ id, delay: delayOf(id), dueAtMs });

function stateOf(machine: ActorMachine, row: ActorRow): MachineStep | null {
  try {
    return machine.rehydrate(row.snapshot);
  } catch {
    // A snapshot that does not fit is what the runtime parks an actor for.
    return null;
  }
}
