/**
 * What XState wants around a computation: somebody whose it is, and where its actions go. An own one, since XState's pure
 * functions compute the machine's initial state anew for each, with an input that no context factory expects.
 * Source: xstate 5.33 (`createInertActorScope`).
 */
import {
  type ActorLogic,
  type AnyActorScope,
  createActor,
  type EventObject,
  type InspectionEvent,
  type Snapshot,
} from 'xstate';
import type { EmittedAction } from './actions.ts';

export interface Watch {
  readonly onAction: (action: EmittedAction) => void;
  readonly onInspect?: (event: InspectionEvent) => void;
}

/** For one computation: effects with a `systemId` of one would meet those of another. */
export function scopeOf({ onAction, onInspect }: Watch): AnyActorScope {
  const self = createActor(nobody);
  if (onInspect) self.system.inspect(onInspect);
  return {
    self,
    id: '',
    sessionId: '',
    logger: () => {},
    defer: () => {},
    emit: () => {},
    stopChild: () => {},
    system: self.system,
    actionExecutor: onAction,
  };
}

const nothing: Snapshot<undefined> = { status: 'active', output: undefined, error: undefined };

/** Does nothing, and costs next to nothing. */
const nobody: ActorLogic<Snapshot<undefined>, EventObject> = {
  transition: (snapshot) => snapshot,
  getInitialSnapshot: () => nothing,
  getPersistedSnapshot: (snapshot) => snapshot,
};
