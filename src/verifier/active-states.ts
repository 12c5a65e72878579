/** Reads off a stored state value which states are active. */
import type { Json } from '../actors/index.ts';

/** Paths of the innermost active states: one, or one per region of a parallel state. A state without children: ['']. */
export function activeLeaves(value: Json): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [''];
  const entries = Object.entries(value);
  if (entries.length === 0) return [''];
  return entries.flatMap(([key, inner]) =>
    activeLeaves(inner ?? null).map((leaf) => (leaf === '' ? key : `${key}.${leaf}`)),
  );
}

/**
 * Whether one of the states lies where a pattern says.
 * @param pattern a path, standing for all states in it; `*` for any one name
 */
export function matchesPattern(leaves: readonly string[], pattern: string): boolean {
  const wanted = pattern.split('.');
  return leaves.some((leaf) => {
    const names = leaf.split('.');
    return wanted.every((name, i) => name === names[i] || (name === '*' && names[i] !== undefined));
  });
}
