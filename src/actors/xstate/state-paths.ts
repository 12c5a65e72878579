/** State values, paths and ids: three ways to say which states an actor is in, and what leads from one to another. */
import type { Json } from '../ports.ts';

/** `a.b` for nested states, `(a)|(b)` for parallel ones, by name: what is stored as JSON forgets the order of keys. */
export function pathOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return '';
  const parts = Object.entries(value).map(([key, inner]) => {
    const rest = pathOf(inner);
    return rest === '' ? key : `${key}.${rest}`;
  });
  parts.sort();
  return parts.length > 1 ? parts.map((part) => `(${part})`).join('|') : (parts[0] ?? '');
}

/**
 * The innermost active states of a state value, by path: one, or one per region of a parallel state. A machine without
 * states is in its root: `['']`.
 */
export function activeLeaves(value: Json): readonly string[] {
  if (typeof value === 'string') return [value];
  const inner = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  if (inner.length === 0) return [''];
  return inner.flatMap(([key, below]) => activeLeaves(below).map((leaf) => (leaf === '' ? key : `${key}.${leaf}`)));
}

type NestedValue = { [key: string]: NestedValue };

/** The state value that has these leaves. */
export function valueOf(leaves: readonly string[]): NestedValue {
  const value: NestedValue = {};
  for (const path of leaves) keysOf(path).reduce((inner, key) => (inner[key] ??= {}), value);
  return value;
}

/** The names on the way from the root to a state; none for the root itself. */
export const keysOf = (path: string): readonly string[] => (path === '' ? [] : path.split('.'));

/** The path of a state by its id, if that is not one of its author's own making. */
export const pathOfStateId = (machineId: string, id: string): string | null =>
  id.startsWith(`${machineId}.`) ? id.slice(machineId.length + 1) : null;
