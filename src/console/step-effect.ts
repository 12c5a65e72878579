/** Which effect a state path is about, by what its machine declares. Pure. */
import type { ActorMachine } from '../actors/index.ts';

/**
 * The effect that the state itself asks for, or else the one that its step does: `capturingPayment.backingOff` waits
 * before another attempt of what `capturingPayment.calling` invokes.
 * @param path of a leaf; of parallel states the first that has one
 */
export function stepEffect({ states }: Pick<ActorMachine, 'states'>, path: string): string | null {
  for (const leaf of leavesOf(path)) {
    const own = states.find((state) => state.path === leaf)?.invokes[0]?.src;
    if (own !== undefined) return own;
    const parent = leaf.split('.').slice(0, -1).join('.');
    const beside = states.find((state) => parent !== '' && isChild(state.path, parent) && state.invokes.length > 0);
    if (beside?.invokes[0]) return beside.invokes[0].src;
  }
  return null;
}

/** `a.b`, or each of `(a)|(b)`. */
function leavesOf(path: string): readonly string[] {
  return path.startsWith('(') ? path.slice(1, -1).split(')|(') : [path];
}

function isChild(path: string, parent: string): boolean {
  return path.startsWith(`${parent}.`) && !path.slice(parent.length + 1).includes('.');
}
