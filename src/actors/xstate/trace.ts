/**
 * One step, watched: which of a chart's transitions it takes. For exploring machines; the runtime needs none of it.
 * Source: xstate 5.33 (the microstep inspection event).
 */
import {
  type AnyActorScope,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type AnyTransitionDefinition,
  createActor,
  createMachine,
  type InspectionEvent,
} from 'xstate';
import type { ActorEvent, Json } from '../ports.ts';
import type { EmittedAction } from './actions.ts';
import { microstepKey } from './keys.ts';

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

const nobody = createMachine({});

function watched(compute: (scope: AnyActorScope) => AnyMachineSnapshot): Trace {
  const actions: EmittedAction[] = [];
  const transitions: AnyTransitionDefinition[] = [];
  // An actor of its own for each step, or effects with a `systemId` of one step would meet those of another.
  const self = createActor(nobody);
  self.system.inspect((event: InspectionEvent) => {
    if (event.type === microstepKey) transitions.push(...event._transitions);
  });
  const state = compute({
    self,
    id: '',
    sessionId: '',
    logger: () => {},
    defer: () => {},
    emit: () => {},
    stopChild: () => {},
    system: self.system,
    actionExecutor: (action) => actions.push(action),
  });
  return { state, actions, transitions };
}
