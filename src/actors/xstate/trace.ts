/**
 * One step, watched: which of a chart's transitions it takes. For exploring machines; the runtime needs none of it.
 * Source: xstate 5.33 (the microstep inspection event).
 */
import type { AnyActorScope, AnyMachineSnapshot, AnyStateMachine, AnyTransitionDefinition } from 'xstate';
import type { ActorEvent, Json } from '../ports.ts';
import type { EmittedAction } from './actions.ts';
import { microstepKey } from './keys.ts';
import { scopeOf } from './scope.ts';

/** What XState computed in one step, and which transitions it took for it. */
export interface Trace {
  readonly state: AnyMachineSnapshot;
  readonly actions: readonly EmittedAction[];
  /** In order, `always` ones and those of raised events included. */
  readonly transitions: readonly AnyTransitionDefinition[];
}

/** As XState's `initialTransition`, watched. Throws no more than that. */
export function traceStart(machine: AnyStateMachine, input: Json): Trace {
  return watched((scope) => machine.getInitialSnapshot(scope, input));
}

/** As XState's `transition`, watched. @throws whatever a guard or an assign throws */
export function traceStep(machine: AnyStateMachine, state: AnyMachineSnapshot, event: ActorEvent): Trace {
  return watched((scope) => machine.transition(state, event, scope));
}

function watched(compute: (scope: AnyActorScope) => AnyMachineSnapshot): Trace {
  const actions: EmittedAction[] = [];
  const transitions: AnyTransitionDefinition[] = [];
  const scope = scopeOf({
    onAction: (action) => actions.push(action),
    onInspect: (event) => {
      if (event.type === microstepKey) transitions.push(...event._transitions);
    },
  });
  return { state: compute(scope), actions, transitions };
}
