/** Follows one actor through its log: each transition replayed through the machine it ran on, and told to the inspector. */
import {
  type ActorMachine,
  type ActorView,
  type LiveState,
  migrationOfEvent,
  pathOf,
  replay,
  type TransitionRecord,
} from '../actors/index.ts';
import {
  actorAppeared,
  actorMoved,
  type InspectedActor,
  type InspectionEvent,
  type Moment,
} from './inspection-events.ts';

/** How far an actor's log has been told. */
export interface Track {
  readonly actor: InspectedActor;
  /** 0: nothing has been told yet, not even the actor. */
  readonly revision: number;
  /** `null` while the log does not replay: then only the logged paths are shown. */
  readonly state: LiveState | null;
}

export interface Told {
  readonly track: Track;
  readonly events: readonly InspectionEvent[];
}

/** The actor as an inspector is to know it while it is on a version. */
export function inspectedActor(
  machines: readonly ActorMachine[],
  { id, machine, version }: Pick<ActorView, 'id' | 'machine' | 'version'>,
): InspectedActor {
  return { id, machine, definition: machines.find((one) => one.id === machine && one.version === version) ?? null };
}

/** The track of an actor whose log is to be told from its first transition. */
export const wholeLog = (actor: InspectedActor): Track => ({ actor, revision: 0, state: null });

/** An actor that is told from where it stands now. @param atMs when it got there */
export function currentState(actor: InspectedActor, view: ActorView, atMs: number): Told {
  const track = { actor, revision: view.revision, state: rehydrated(actor, view) };
  return { track, events: [actorAppeared(actor, storedMoment(view, atMs))] };
}

/**
 * One more transition. The actor itself appears before its first one, in the state that it was started in, and again when
 * a migration gives it another chart.
 * @param view the actor as it stands, at this revision or a later one
 */
export function tellTransition(
  track: Track,
  record: TransitionRecord,
  { machines, view }: { readonly machines: readonly ActorMachine[]; readonly view: ActorView },
): Told {
  const migration = migrationOfEvent(record.event);
  const actor = migration
    ? inspectedActor(machines, { id: view.id, machine: view.machine, version: migration.to })
    : track.actor;
  const isKnown = migration !== null || track.revision === 0 || track.state !== null;
  const next = (isKnown ? replayed(actor, track.state, record) : null) ?? unreplayed(actor, record, view);
  const moved = actorMoved(actor, record.event, next.moment);
  return {
    track: { actor, revision: record.revision, state: next.state },
    events: migration || track.revision === 0 ? [actorAppeared(actor, next.moment), ...moved] : moved,
  };
}

interface Position {
  readonly state: LiveState | null;
  readonly moment: Moment;
}

/** @returns `null` when the machine is not here, or does not go where the log went */
function replayed({ definition }: InspectedActor, state: LiveState | null, record: TransitionRecord): Position | null {
  if (!definition) return null;
  try {
    const step = replay(definition, state, record.event);
    if (pathOf(step.snapshot.value) !== record.to) return null;
    return { state: step.state, moment: { snapshot: step.snapshot, tags: step.view.tags, atMs: record.atMs } };
  } catch {
    // A changed guard, a poisoned event: what is wrong is the audit's to say, and where it went is in the log.
    return null;
  }
}

/** What can be shown all the same: the stored snapshot if it is of this revision, else the logged path alone. */
function unreplayed(actor: InspectedActor, record: TransitionRecord, view: ActorView): Position {
  if (record.revision === view.revision)
    return { state: rehydrated(actor, view), moment: storedMoment(view, record.atMs) };
  const snapshot = { status: 'active', value: record.to, context: {} } as const;
  return { state: null, moment: { snapshot, tags: [], atMs: record.atMs } };
}

const storedMoment = ({ snapshot, state }: ActorView, atMs: number): Moment => ({
  snapshot,
  tags: state?.tags ?? [],
  atMs,
});

function rehydrated({ definition }: InspectedActor, view: ActorView): LiveState | null {
  try {
    return definition?.rehydrate(view.snapshot).state ?? null;
  } catch {
    return null;
  }
}
