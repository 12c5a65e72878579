/** Where a migration takes a state. */
import type { Migration } from './migration.ts';

/** By the longest listed path that the state is or lies in. */
export function moveState(table: Migration['states'], state: string): string | null {
  const keys = state.split('.');
  for (let length = keys.length; length > 0; length -= 1) {
    const listed = table?.[keys.slice(0, length).join('.')];
    if (listed === null) return null;
    if (listed !== undefined) return [listed, ...keys.slice(length)].join('.');
  }
  return state;
}
