/** Which version of its machine an actor was on, line by line of its log. Pure. */
import type { TransitionRecord } from './ports.ts';
import { migrationOfEvent } from './logged-migration.ts';

/**
 * @param records consecutive lines of one log, oldest first
 * @param last the version after the last of them
 * @returns the version after each; a migration is already of the one it leads to
 */
export function versionsOf(records: readonly TransitionRecord[], last: string): readonly string[] {
  let version = last;
  return records
    .toReversed()
    .map(({ event }) => {
      const after = version;
      version = migrationOfEvent(event)?.from ?? version;
      return after;
    })
    .reverse();
}
