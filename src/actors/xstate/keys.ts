/**
 * How XState spells what it makes up itself: the types of events, the ids of timers, the types of actions. They are built
 * and read here; no other file spells one.
 * Source: xstate 5.33 (`createDoneActorEvent`, `createErrorActorEvent`, `createAfterEvent`, `createInitEvent`, actions/*).
 */

const prefix = 'xstate.';

/** Whether XState named it, not the machine's author. */
export const isOwnKey = (type: string): boolean => type.startsWith(prefix);

export const initKey = 'xstate.init';

/** The inspection event that tells which transitions a step took. */
export const microstepKey = '@xstate.microstep';

/** Types of actions: what a transition asks for. */
export const actionKeys = {
  spawn: 'xstate.spawnChild',
  stop: 'xstate.stopChild',
  raise: 'xstate.raise',
  cancel: 'xstate.cancel',
  assign: 'xstate.assign',
  enqueue: 'xstate.enqueueActions',
  log: 'xstate.log',
} as const;

// ── Outcomes of effects ────────────────────────────────────────────────────────────────────────────────────────────

export const settledKey = (invoke: string): string => `xstate.done.actor.${invoke}`;
export const uncertainKey = (invoke: string): string => `xstate.error.actor.${invoke}`;

/** Which effect an event is the outcome of; null for any other event. */
export function outcomeOfKey(
  type: string,
): { readonly invoke: string; readonly outcome: 'settled' | 'uncertain' } | null {
  const [, end, invoke] = /^xstate\.(done|error)\.actor\.(.+)$/.exec(type) ?? [];
  return invoke === undefined ? null : { invoke, outcome: end === 'done' ? 'settled' : 'uncertain' };
}

// ── The end of a state ─────────────────────────────────────────────────────────────────────────────────────────────

const completionPrefix = 'xstate.done.state.';

export const completionKey = (stateId: string): string => completionPrefix + stateId;
export const isCompletionKey = (type: string): boolean => type.startsWith(completionPrefix);

// ── Timers: one of `after` has the type of its event for an id, `<prefix><delay>.<id of its state>` ────────────────

const afterPrefix = 'xstate.after.';

/** Whether a timer belongs to a state; one of a delayed `raise` belongs to the actor. */
export const isAfterTimer = (timerId: string): boolean => timerId.startsWith(afterPrefix);

/** The name of a timer's delay (`backoff`, `1000`); of one that no `after` has set, its id. */
export function delayOf(timerId: string): string {
  return /^xstate\.after\.([^.]+)\./.exec(timerId)?.[1] ?? timerId;
}

/** The same where the state of an `after` is known: also right for a delay with a dot in its name. */
export const delayInState = (timerId: string, stateId: string): string =>
  timerId.slice(afterPrefix.length, -stateId.length - 1);

/** Gives a timer of `after` another state; null for any other timer, and for one of a state with an id of its own. */
export function moveTimer(machineId: string, timerId: string, move: (path: string) => string): string | null {
  const path = stateOfTimer(machineId, timerId);
  if (path === null || path === '') return null;
  return `${timerId.slice(0, -path.length)}${move(path)}`;
}

/** The path of the state that sets a timer, '' for the root; null for a timer of no `after`, and for a state with an id of its own. */
export function stateOfTimer(machineId: string, timerId: string): string | null {
  if (!isAfterTimer(timerId)) return null;
  if (timerId.endsWith(`.${machineId}`)) return '';
  const at = timerId.indexOf(`.${machineId}.`, afterPrefix.length);
  return at < 0 ? null : timerId.slice(at + machineId.length + 2);
}
