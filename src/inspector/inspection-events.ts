/** Stately's inspection events as @statelyai/inspect 0.7 puts them on the wire; of an actor's data only what may leave. */
import {
  type ActorEvent,
  type ActorMachine,
  functionMark,
  type Json,
  type PersistedSnapshot,
} from '../actors/index.ts';
import { redactEvent, redactFields } from './redact.ts';

/** An actor as the inspector knows it. Actors have no parents here, so each is its own root. */
export interface InspectedActor {
  readonly id: string;
  /** Its machine's id. */
  readonly machine: string;
  /** `null`: this process does not have that version; then only state paths can be shown. */
  readonly definition: ActorMachine | null;
}

interface Envelope {
  readonly sessionId: string;
  readonly rootId: string;
  /** Epoch milliseconds, as text. */
  readonly createdAt: string;
  readonly _version: string;
  /** The package fills it for hand-made events alone. */
  readonly id: null;
}

/** The form of a snapshot's JSON in XState 5. */
export interface WireSnapshot {
  readonly status: PersistedSnapshot['status'];
  readonly value: Json;
  readonly context: Json;
  readonly tags: readonly string[];
  readonly children: { readonly [id: string]: never };
  readonly historyValue: { readonly [stateId: string]: readonly { readonly id: string }[] };
  readonly output?: Json;
}

export type InspectionEvent =
  | (Envelope & {
      readonly type: '@xstate.actor';
      readonly name: string;
      /** The machine's config, as JSON text. */
      readonly definition: string;
      readonly snapshot: WireSnapshot;
    })
  | (Envelope & { readonly type: '@xstate.event'; readonly event: ActorEvent })
  | (Envelope & { readonly type: '@xstate.snapshot'; readonly event: ActorEvent; readonly snapshot: WireSnapshot });

/** The protocol's version is that of the package whose events these are. */
export const protocolVersion = '0.7.2';

/** What is shown of an actor at one moment. */
export interface Moment {
  readonly snapshot: PersistedSnapshot;
  readonly tags: readonly string[];
  readonly atMs: number;
}

export function actorAppeared(actor: InspectedActor, { snapshot, tags, atMs }: Moment): InspectionEvent {
  return {
    name: `${actor.machine} ${actor.id}`,
    type: '@xstate.actor',
    definition: definitionOf(actor),
    ...envelope(actor, atMs),
    snapshot: wireSnapshot(snapshot, tags),
  };
}

/** One transition: the event that came, and the state it led to. */
export function actorMoved(actor: InspectedActor, event: ActorEvent, moment: Moment): readonly InspectionEvent[] {
  const shown = redactEvent(event);
  const common = envelope(actor, moment.atMs);
  return [
    { type: '@xstate.event', event: shown, ...common },
    { type: '@xstate.snapshot', event: shown, snapshot: wireSnapshot(moment.snapshot, moment.tags), ...common },
  ];
}

const envelope = ({ id }: InspectedActor, atMs: number): Envelope => ({
  sessionId: id,
  rootId: id,
  createdAt: String(atMs),
  _version: protocolVersion,
  id: null,
});

/**
 * The whole config: the package itself cuts it at ten levels, which takes the actions of nested states away. Stately's
 * tools know a function of the config as an object with its name.
 */
function definitionOf({ machine, definition }: InspectedActor): string {
  if (!definition) return JSON.stringify({ id: machine });
  return JSON.stringify(definition.config, (_key, value: Json) =>
    typeof value === 'string' && value.startsWith(functionMark) ? { type: value.slice(functionMark.length) } : value,
  );
}

function wireSnapshot(snapshot: PersistedSnapshot, tags: readonly string[]): WireSnapshot {
  const history = Object.entries(snapshot.historyValue ?? {});
  return {
    status: snapshot.status,
    ...(snapshot.output === undefined ? {} : { output: redactFields(snapshot.output) }),
    value: snapshot.value,
    context: redactFields(snapshot.context),
    historyValue: Object.fromEntries(history.map(([state, ids]) => [state, ids.map((id) => ({ id }))])),
    children: {},
    tags,
  };
}
