/** What a machine's `meta` declares of undoing: a state that invokes an effect names beside it the effect that undoes it. */
import type { ActorMachine } from './xstate/actor-machine.ts';

export interface Undos {
  /** Forward effect → the effect that undoes it. */
  readonly byEffect: ReadonlyMap<string, string>;
  /** Forward effects that say by `undo: null` that there is nothing to undo. */
  readonly notNeededBy: ReadonlySet<string>;
  /** Undo effects in document order. */
  readonly effects: readonly string[];
  /** Undo effects by the invoke that asks for them, in document order. */
  readonly invokes: ReadonlyMap<string, string>;
}

export function undosOf({ states }: Pick<ActorMachine, 'states'>): Undos {
  const invoking = states.flatMap(({ meta, invokes }) =>
    invokes.map(({ id, src }) => ({ id, src, undo: meta['undo'] })),
  );
  const byEffect = new Map(
    invoking.flatMap(({ src, undo }) => (typeof undo === 'string' ? [[src, undo] as const] : [])),
  );
  const declared = new Set(byEffect.values());
  const undoing = invoking.filter(({ src }) => declared.has(src));
  return {
    byEffect,
    notNeededBy: new Set(invoking.filter(({ undo }) => undo === null).map(({ src }) => src)),
    effects: [...new Set(undoing.map(({ src }) => src))],
    invokes: new Map(undoing.map(({ id, src }) => [id, src])),
  };
}
