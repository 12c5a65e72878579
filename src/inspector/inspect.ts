/** Actors as Stately's inspector sees them: the stored history of some, or whatever moves, as a stream of its events. */
import {
  type ActorSystem,
  type ActorView,
  migrationOfEvent,
  type ProcessPorts,
  type TransitionRecord,
} from '../actors/index.ts';
import type { InspectionEvent } from './inspection-events.ts';
import { currentState, inspectedActor, tellTransition, type Track, wholeLog } from './track.ts';

export type Selection =
  /** The whole history of these; with `follow`, also what they do until the last of them has ended. */
  | { readonly type: 'actors'; readonly ids: readonly string[]; readonly follow: boolean }
  /** Those that move from now on, of one machine or of any: each from the state in which it is first seen. */
  | { readonly type: 'moving'; readonly machine: string | null };

export interface Inspector {
  /** The first of these ids that no actor has. */
  missing(ids: readonly string[]): Promise<string | null>;
  readonly machines: readonly { readonly id: string }[];
  /** Ends by itself when there will be no more, and soon after `signal` aborts. @throws StoreError */
  inspect(selection: Selection, signal: AbortSignal): AsyncIterable<InspectionEvent>;
}

export interface InspectorPorts {
  readonly system: Pick<ActorSystem, 'read' | 'history' | 'machines'>;
  /** Tells which actors moved; `*` when there were too many to name. May lose notices. */
  readonly feed: { onAny(listener: (actorIds: readonly string[]) => void): () => void };
  readonly process: Pick<ProcessPorts, 'delay' | 'monotonicMs'>;
  readonly limits?: Partial<InspectorLimits>;
}

export interface InspectorLimits {
  /** Unfinished actors that one stream of moving actors keeps up with; further ones are left out until some have ended. */
  readonly maxActors: number;
  /** How often the followed actors are looked at in case a notice was lost. */
  readonly pollMs: number;
}

const defaults: InspectorLimits = { maxActors: 100, pollMs: 1_000 };
/** Actors that moved and have not been looked at yet; beyond it new ones are left out, and followed ones wait for the poll. */
const maxDue = 1_000;
/** Ids of actors that are done with, kept so that a late notice does not bring them back. */
const maxDone = 1_000;
const pageSize = 100;
/** Of one actor's log, read in search of its first version and not told yet; what goes beyond is read again. */
const maxAhead = 1_000;

export function createInspector(ports: InspectorPorts): Inspector {
  const limits = { ...defaults, ...ports.limits };
  return {
    machines: ports.system.machines,
    async missing(ids) {
      for (const id of ids) if (!(await ports.system.read(id))) return id;
      return null;
    },
    inspect: (selection, signal) => inspectActors({ ...ports, limits }, selection, signal),
  };
}

type Ports = InspectorPorts & { readonly limits: InspectorLimits };

async function* inspectActors(
  ports: Ports,
  selection: Selection,
  signal: AbortSignal,
): AsyncGenerator<InspectionEvent, void, undefined> {
  const named = selection.type === 'actors' ? selection.ids : null;
  const tracks = new Map<string, Track>();
  const done = new Set<string>();
  const notices = gatherNotices(ports, (id) => (named ? named.includes(id) : !done.has(id)));
  try {
    let due: ReadonlySet<string> = new Set(named);
    while (!signal.aborted) {
      for (const id of due) {
        const full = !named && !tracks.has(id) && tracks.size >= ports.limits.maxActors;
        if (done.has(id) || full) continue;
        const track = yield* catchUp(ports.system, { id, selection, track: tracks.get(id) ?? null }, signal);
        if (track) tracks.set(id, track);
        else {
          tracks.delete(id);
          remember(done, id);
        }
        if (signal.aborted) return;
      }
      if (named && tracks.size === 0) return;
      due = await notices.next(tracks.keys(), signal);
    }
  } finally {
    notices.stop();
  }
}

interface Look {
  readonly id: string;
  readonly selection: Selection;
  readonly track: Track | null;
}

/** Tells what one actor has done since it was last looked at. @returns `null` when nothing more is to be told of it */
async function* catchUp(
  system: InspectorPorts['system'],
  { id, selection, track: before }: Look,
  signal: AbortSignal,
): AsyncGenerator<InspectionEvent, Track | null, undefined> {
  // Read before the log: what comes in between is found at the next look.
  const view = await system.read(id);
  if (!view || !isSelected(selection, view)) return null;
  let { track, ahead } = before ? { track: before, ahead: [] } : yield* firstLook(system, selection, view);
  while (track.revision < view.revision && !signal.aborted) {
    const known = ahead.slice(0, pageSize);
    ahead = ahead.slice(pageSize);
    const records =
      known.length > 0 ? known : await system.history(id, { afterRevision: track.revision, limit: pageSize });
    if (records.length === 0) break;
    for (const record of records) {
      const told = tellTransition(track, record, { machines: system.machines, view });
      yield* told.events;
      ({ track } = told);
    }
  }
  const follows = selection.type === 'moving' || selection.follow;
  return follows && view.snapshot.status === 'active' ? track : null;
}

const isSelected = (selection: Selection, { machine }: ActorView): boolean =>
  selection.type === 'actors' || selection.machine === null || selection.machine === machine;

interface FirstLook {
  readonly track: Track;
  /** What follows the track in the log, as far as it has been read already. */
  readonly ahead: readonly TransitionRecord[];
}

async function* firstLook(
  system: InspectorPorts['system'],
  selection: Selection,
  view: ActorView,
): AsyncGenerator<InspectionEvent, FirstLook, undefined> {
  const { machines } = system;
  if (selection.type === 'actors') {
    const { version, ahead } = await firstVersion(system, view);
    return { track: wholeLog(inspectedActor(machines, { ...view, version })), ahead };
  }
  const [last] = await system.history(view.id, { afterRevision: view.revision - 1, limit: 1 });
  const told = currentState(inspectedActor(machines, view), view, last?.atMs ?? 0);
  yield* told.events;
  return { track: told.track, ahead: [] };
}

/** The version that an actor was started on: a later one may have taken it over, and has another chart. */
async function firstVersion(
  system: InspectorPorts['system'],
  view: ActorView,
): Promise<{ readonly version: string; readonly ahead: FirstLook['ahead'] }> {
  const ahead: TransitionRecord[] = [];
  for (let afterRevision = 0; afterRevision < view.revision; afterRevision += pageSize) {
    const records = await system.history(view.id, { afterRevision, limit: pageSize });
    if (ahead.length === afterRevision && ahead.length < maxAhead) ahead.push(...records);
    const migration = records.map(({ event }) => migrationOfEvent(event)).find((found) => found !== null);
    if (migration) return { version: migration.from, ahead };
  }
  return { version: view.version, ahead };
}

/** Gathers notices while nobody asks, so that none is lost between two looks. */
function gatherNotices({ feed, process, limits }: Ports, wanted: (id: string) => boolean) {
  let moved = new Set<string>();
  let anybody = false;
  let news = new AbortController();
  let polledAtMs = process.monotonicMs();
  const stop = feed.onAny((ids) => {
    for (const id of ids) if (moved.size < maxDue && id !== '*' && wanted(id)) moved.add(id);
    anybody ||= ids.includes('*');
    if (moved.size > 0 || anybody) news.abort();
  });
  return {
    stop,
    /** @returns actors that moved, after a wait if there are none yet; with the followed ones when it is time to poll */
    async next(followed: Iterable<string>, signal: AbortSignal): Promise<ReadonlySet<string>> {
      const sincePollMs = process.monotonicMs() - polledAtMs;
      const waitMs = Math.max(0, limits.pollMs - sincePollMs);
      if (!news.signal.aborted) await process.delay(waitMs, AbortSignal.any([signal, news.signal]));
      // Notices may never pause, so the time decides, not the silence.
      const nowMs = process.monotonicMs();
      const polls = anybody || nowMs - polledAtMs >= limits.pollMs;
      const ids = polls ? moved.union(new Set(followed)) : moved;
      if (polls) polledAtMs = nowMs;
      moved = new Set();
      anybody = false;
      news = new AbortController();
      return ids;
    },
  };
}

function remember(ids: Set<string>, id: string): void {
  ids.add(id);
  const [oldest] = ids;
  if (ids.size > maxDone && oldest !== undefined) ids.delete(oldest);
}
