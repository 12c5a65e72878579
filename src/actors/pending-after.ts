/** The effects and timers that a migrated actor has: kept as they are, begun, or dropped. Nothing is guessed. Pure. */
import { armedEffect, timerSet } from './interpret.ts';
import type { Migration, MigrationPath } from './migration.ts';
import { moveState } from './move-state.ts';
import type { ActorRow, PendingEffect, Timer } from './ports.ts';
import type { MachineStep } from './xstate/actor-machine.ts';
import { delayOf, isAfterTimer, moveTimer, stateOfTimer } from './xstate/keys.ts';
import { activeLeaves, keysOf } from './xstate/state-paths.ts';

/** Whether what a state has and the actor lacks is to begin. @throws when the actor was in that state and nobody says */
type Missing = (name: string, state: string | null) => boolean;

export function missingIn({ steps }: MigrationPath, row: ActorRow): Missing {
  const wasIn = new Set(activeLeaves(row.snapshot.value).flatMap((leaf) => staysIn(steps, leaf)));
  const listed = new Map(steps.flatMap(({ missing }) => Object.entries(missing ?? {})));
  return (name, state) => {
    if (state !== null && !wasIn.has(state)) return true;
    const answer = listed.get(name);
    if (answer === undefined)
      throw new Error(
        `whether ${name} of ${state ?? 'its state'} is new or over already is not known: list it in missing`,
      );
    return answer === 'begin';
  };
}

/** An active state and those around it, as they are named now. One that is itself listed is left for another. */
function staysIn(steps: readonly Migration[], leaf: string): readonly string[] {
  let around = withAncestors(leaf).filter((path) => path !== leaf);
  let inner: string | null = leaf;
  for (const { states } of steps) {
    const move = (path: string): string[] => [path === '' ? '' : moveState(states, path)].filter((to) => to !== null);
    const isLeft: boolean = inner !== null && inner !== '' && (states?.[inner] ?? inner) !== inner;
    inner = inner === null || isLeft ? null : (move(inner)[0] ?? null);
    around = around.flatMap(move);
  }
  return inner === null ? around : [...around, inner];
}

/** '' is the root. */
function withAncestors(path: string): string[] {
  const keys = keysOf(path);
  return keys.map((_, i) => keys.slice(0, i + 1).join('.')).concat('');
}

export function effectsAfter(
  path: MigrationPath,
  row: ActorRow,
  step: MachineStep,
  { revision, missing }: { readonly revision: number; readonly missing: Missing },
) {
  const isKept = (effect: PendingEffect): boolean => step.invokes.get(effect.invoke) === effect.src;
  const kept = row.effects.filter(isKept);
  const dropped = row.effects.filter((effect) => !isKept(effect));
  const allowed = new Set(path.steps.flatMap(({ drops }) => drops ?? []));
  const lost = dropped.find(({ claims, src }) => claims > 0 && !allowed.has(src));
  if (lost)
    throw new Error(
      `the pending effect ${lost.invoke} (${lost.src}) may have been called, and ${step.view.path} does not wait for it`,
    );
  const pending = new Set(kept.map(({ invoke }) => invoke));
  const armed = step.actions.flatMap((action) =>
    action.type === 'arm' && !pending.has(action.invoke) && missing(action.src, invokedBy(path, step, action.invoke))
      ? [armedEffect(action, revision)]
      : [],
  );
  const names = (effects: readonly PendingEffect[]): string[] => effects.map(({ src }) => src);
  return { all: [...kept, ...armed], armed, fate: { kept: names(kept), begun: names(armed), dropped: names(dropped) } };
}

/** The active state that has this invoke. */
function invokedBy({ target }: MigrationPath, { snapshot }: MachineStep, invoke: string): string | null {
  const active = new Set(activeLeaves(snapshot.value).flatMap(withAncestors));
  const owner = target.states.find(({ path, invokes }) => active.has(path) && invokes.some(({ id }) => id === invoke));
  return owner?.path ?? null;
}

/** A timer that the new states have too keeps its instant, under the id that its state's new path gives it. */
export function timersAfter(
  { steps, target }: MigrationPath,
  row: ActorRow,
  step: MachineStep,
  { nowMs, missing }: { readonly nowMs: number; readonly missing: Missing },
) {
  const moved = (path: string): string =>
    steps.reduce((state, migration) => moveState(migration.states, state) ?? state, path);
  const wanted = new Map(
    step.actions.filter((action) => action.type === 'setTimer').map((action) => [action.id, timerSet(action, nowMs)]),
  );
  const kept = new Map<string, Timer>();
  const dropped: string[] = [];
  for (const timer of row.timers) {
    const id = moveTimer(target.id, timer.id, moved) ?? timer.id;
    const event = wanted.get(id)?.event;
    if (event) kept.set(id, { ...timer, id, event });
    else if (isAfterTimer(timer.id)) dropped.push(timer.id);
    else kept.set(timer.id, timer);
  }
  const set = [...wanted.values()].filter(
    ({ id }) => !kept.has(id) && missing(delayOf(id), stateOfTimer(target.id, id)),
  );
  const ids = (timers: Iterable<Timer>): string[] => [...timers].map(({ id }) => id);
  return {
    all: [...kept.values(), ...set],
    fate: { kept: ids(kept.values()), begun: ids(set), dropped },
  };
}
