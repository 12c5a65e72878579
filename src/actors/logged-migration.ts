/** What a log says of a migration: the event that the runtime itself writes, and reads back when it replays. */
import { isRecord, plainJson } from './plain-json.ts';
import type { ActorEvent, PersistedSnapshot } from './ports.ts';

/** From here on the actor is of version `to`, and its snapshot is this. */
export interface LoggedMigration {
  readonly from: string;
  readonly to: string;
  readonly snapshot: PersistedSnapshot;
}

const migratedType = 'actor.migrated';

export const migratedEvent = ({ from, to, snapshot }: LoggedMigration): ActorEvent => ({
  type: migratedType,
  from,
  to,
  snapshot: plainJson(snapshot),
});

/** What a migration wrote, if the event is one's. */
export function migrationOfEvent({ type, from, to, snapshot }: ActorEvent): LoggedMigration | null {
  if (type !== migratedType || typeof from !== 'string' || typeof to !== 'string') return null;
  return isPersisted(snapshot) ? { from, to, snapshot } : null;
}

function isPersisted(value: unknown): value is PersistedSnapshot {
  return isRecord(value) && 'status' in value && 'value' in value && 'context' in value;
}
