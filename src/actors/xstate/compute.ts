/** XState's pure functions, `initialTransition` and `transition`, over a scope of our own. */
import type { AnyMachineSnapshot, AnyStateMachine } from 'xstate';
import type { ActorEvent, Json } from '../ports.ts';
import type { EmittedAction } from './actions.ts';
import { scopeOf } from './scope.ts';

export interface Computed {
  readonly state: AnyMachineSnapshot;
  /** In XState's order: exits before entries. */
  readonly actions: readonly EmittedAction[];
}

/** Throws nothing: what fails has the status `error`. */
export function computeStart(machine: AnyStateMachine, input: Json): Computed {
  const actions: EmittedAction[] = [];
  const state = machine.getInitialSnapshot(scopeOf({ onAction: (action) => actions.push(action) }), input);
  return { state, actions };
}

/** @throws whatever a guard or an assign throws */
export function computeStep(machine: AnyStateMachine, from: AnyMachineSnapshot, event: ActorEvent): Computed {
  const actions: EmittedAction[] = [];
  const state = machine.transition(from, event, scopeOf({ onAction: (action) => actions.push(action) }));
  return { state, actions };
}
