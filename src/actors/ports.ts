/** What the runtime needs from the outside: a store, a queue, a commit feed, effect handlers. All are batch-shaped. */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** An event as it is stored and sent: plain JSON with a `type`. */
export type ActorEvent = { readonly type: string; readonly [key: string]: Json };

/** A machine's state in its stored form. `historyValue` maps history state ids to the ids of the remembered states. */
export interface PersistedSnapshot {
  readonly status: 'active' | 'done' | 'error';
  readonly value: Json;
  readonly context: Json;
  readonly historyValue?: { readonly [stateId: string]: readonly string[] };
  readonly output?: Json;
  readonly error?: Json;
}

/** A delayed event that an actor waits for; `dueAtMs` is an absolute instant of the store's clock. */
export interface Timer {
  readonly id: string;
  readonly event: ActorEvent;
  readonly dueAtMs: number;
}

/** An effect that a state has asked for and whose outcome has not been applied yet. */
export interface PendingEffect {
  /** `<invoke id>@<revision that armed it>`: names this very request, also after the state was left and entered again. */
  readonly id: string;
  readonly invoke: string;
  /** Name of the handler, e.g. `payments.capture`. */
  readonly src: string;
  readonly input: Json;
  /** How long a remote call may take before its outcome is `unknown`. */
  readonly timeoutMs: number;
  /** How often a remote call was claimed; the claim after the last allowed one reports `unknown` instead of calling. */
  readonly claims: number;
  /** +1 at every claim; an outcome under another token is fenced. 0: never claimed. */
  readonly token: number;
  readonly lease: { readonly untilMs: number; readonly commitId: string } | null;
  /** Since when the handler has been answering `notNow`, without a pause. */
  readonly notNowSinceMs: number | null;
}

/** Why an actor stands still: `machine` for a state tagged `parked`, `runtime` for an actor that could not be moved. */
export interface Parking {
  readonly by: 'machine' | 'runtime';
  readonly reason: string;
}

/** One actor as stored. */
export interface ActorRow {
  readonly id: string;
  readonly machine: string;
  readonly version: string;
  readonly structureHash: string;
  readonly revision: number;
  /** The state's path: `a.b` for nested states, `(a)|(b)` for parallel ones. Derived from the snapshot. */
  readonly path: string;
  readonly snapshot: PersistedSnapshot;
  readonly timers: readonly Timer[];
  readonly effects: readonly PendingEffect[];
  readonly parked: Parking | null;
  /** W3C trace context that its next transition belongs to: of the request that started it, until a trace gets too old. */
  readonly traceparent: string | null;
  readonly startedAtMs: number;
  /** When it came to its present path. */
  readonly enteredAtMs: number;
}

/** A locked actor, with its wake row as it stands (`null`: none). */
export interface LockedActor {
  readonly row: ActorRow;
  readonly wake: { readonly dueAtMs: number; readonly redeliveries: number } | null;
}

/**
 * One line of an actor's transition log. Replaying `event`s from revision 1 rebuilds the snapshot; the event of a
 * migration carries the snapshot from which it goes on.
 */
export interface TransitionRecord {
  readonly actorId: string;
  readonly revision: number;
  readonly event: ActorEvent;
  /** State paths, `a.b` for nested and `(a)|(b)` for parallel states; `null` before the first. */
  readonly from: string | null;
  readonly to: string;
  /** Effects that this transition armed. */
  readonly armed: readonly { readonly id: string; readonly src: string }[];
  /** For the outcome of a remote effect: the effect and the token it was applied under. */
  readonly settled: { readonly effectId: string; readonly token: number } | null;
  readonly commitId: string;
  readonly atMs: number;
  readonly traceparent: string | null;
}

/** An event on its way to an actor, which is started if it does not exist yet. */
export interface NewMessage {
  readonly senderId: string;
  readonly targetId: string;
  readonly targetMachine: string;
  readonly event: ActorEvent;
  readonly deliverAtMs: number;
  /** When the relay is to look at it (its cursor alone; the worker judges by `deliverAtMs`). */
  readonly dueAtMs: number;
  readonly traceparent: string | null;
}

export interface Message {
  /** Grows in the order sent, per sender. */
  readonly id: string;
  readonly senderId: string;
  readonly targetId: string;
  readonly targetMachine: string;
  readonly event: ActorEvent;
  readonly traceparent: string | null;
}

/** What one batch writes, each list in key order. Everything of it commits together. */
export interface Changes {
  readonly commitId: string;
  readonly nowMs: number;
  /** Actors as they are after this batch; each is locked by it. */
  readonly updates: readonly ActorRow[];
  readonly transitions: readonly TransitionRecord[];
  /** Wake rows to insert (a started or un-parked actor), move, or delete (final or parked). Infinity: nothing is due. */
  readonly wakeInserts: readonly Wake[];
  readonly wakeUpdates: readonly Wake[];
  readonly wakeDeletes: readonly string[];
  readonly messagesConsumed: readonly string[];
  readonly messagesSent: readonly NewMessage[];
}

export interface Wake {
  readonly actorId: string;
  readonly dueAtMs: number;
}

export interface LockRequest {
  /** However long another transaction holds them. */
  readonly waitFor: readonly string[];
  /** Only those that no other transaction holds. */
  readonly ifFree: readonly string[];
}

export interface Locked {
  /** The store's clock once all locks were held, in whole epoch milliseconds. Every instant that the batch writes derives from it. */
  readonly nowMs: number;
  readonly actors: readonly LockedActor[];
  /**
   * Undelivered ones with `deliverAt` ≤ now for those of `ifFree` that are not busy, whether they exist or not, and for what
   * was locked; at most one per target: the first in the order sent.
   */
  readonly messages: readonly Message[];
  /** Of `ifFree`, those that exist and that another transaction holds. */
  readonly busy: readonly string[];
}

/** The store's operations inside one transaction. `raw` is what companions, projections and participants write with. */
export interface StoreTransaction<Tx> {
  readonly raw: Tx;
  /**
   * The first of all: locks the actors that exist, in key order, and marks the transaction with its commit id, so that
   * `hasCommit` can wait for its end. No id is in both lists.
   */
  lock(commitId: string, asked: LockRequest): Promise<Locked>;
  /** Inserts actors and returns the ids of those that did not exist. Waits for a concurrent insert of the same id. */
  insert(rows: readonly ActorRow[], nowMs: number): Promise<readonly string[]>;
  /** In one statement, whatever there is to write. */
  write(changes: Changes): Promise<void>;
  /**
   * For a lost COMMIT answer: waits until the transaction marked with this commit id has ended, then tells whether a
   * transition or a lease of it is there.
   */
  hasCommit(commitId: string, ids: readonly string[]): Promise<boolean>;
}

export interface ActorStore<Tx> {
  /**
   * Runs `work` in one transaction and commits.
   * @throws StoreError; with `commitUnknown` when the answer to COMMIT was lost
   */
  transaction<R>(work: (tx: StoreTransaction<Tx>) => Promise<R>): Promise<R>;
  read(ids: readonly string[]): Promise<readonly ActorRow[]>;
  /** Transitions after a revision, oldest first. */
  history(id: string, page: { afterRevision: number; limit: number }): Promise<readonly TransitionRecord[]>;
}

/**
 * A fault of the store. `unavailable`: it did not answer, try again later. `conflict`: deadlock, serialization or lock
 * timeout, try again now. `rejected`: it refuses these very statements; without the guilty actor the rest may pass.
 */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly kind: 'unavailable' | 'conflict' | 'rejected';
  /** The transaction may have committed. */
  readonly commitUnknown: boolean;

  constructor(kind: StoreError['kind'], message: string, options: { cause?: unknown; commitUnknown?: boolean } = {}) {
    super(message, { cause: options.cause });
    this.kind = kind;
    this.commitUnknown = options.commitUnknown ?? false;
  }
}

/** The outbox as the relay sees it: due wake rows and messages. */
export interface Outbox {
  /**
   * Claims due rows in one transaction of its own: skips locked ones, pushes each `due_at` by the redelivery interval
   * (doubled per redelivery, at most `maxRedeliveryMs`), commits, and returns the actors to wake.
   * @returns `nextDueInMs`: until the earliest row that is not due yet; Infinity if there is none
   */
  claimDue(options: { limit: number; redeliveryMs: number; maxRedeliveryMs: number }): Promise<{
    readonly actorIds: readonly string[];
    readonly nextDueInMs: number;
  }>;
}

/** Carries wake-ups to workers. May lose, double, delay or reorder them. */
export interface WakeUps {
  /** How many more wake-ups the queue takes now; 0 when it is full or away. The backlog stays in the outbox, where it is safe. */
  room(): Promise<number>;
  /** Whether there was no room when somebody looked last. */
  isFull(): boolean;
  /**
   * Publishes one wake-up per actor, unless the queue is full or away; then it does nothing.
   * @returns whether they were published. Never throws: the outbox will bring them again.
   */
  publish(actorIds: readonly string[]): Promise<boolean>;
}

/** Tells which actors moved; may lose notices, so its users also poll. */
export interface CommitFeed {
  /** @returns a function that ends the subscription */
  subscribe(actorId: string, onCommit: () => void): () => void;
}

/** What one process has of its own: a monotonic clock (for its leases and call timeouts alone), chance, fresh ids. */
export interface ProcessPorts {
  monotonicMs(): number;
  /** Resolves after `ms`, or earlier once `signal` is aborted. */
  delay(ms: number, signal?: AbortSignal): Promise<void>;
  /** Uniform in [0, 1). */
  random(): number;
  newId(): string;
  /** Does `work` once this turn of the event loop is over: what is asked for in the same turn can then be done together. */
  afterTurn(work: () => void): void;
}

// ── Effects ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** An outcome that settles an effect for good. `value` reaches the machine as `{ type: 'done' | 'refused', ...value }`. */
export type SettledOutcome =
  | { readonly type: 'done'; readonly value: { readonly [key: string]: Json } }
  | { readonly type: 'refused'; readonly value: { readonly [key: string]: Json } };

/**
 * An outcome that says nothing certain: `failed` (it did not happen this time), `unknown` (it may have happened).
 * Reaches the machine by `onError` as `{ type, code, message, random }`.
 */
export interface UncertainOutcome {
  readonly type: 'failed' | 'unknown';
  readonly code: string;
  readonly message: string;
}

export type Outcome = SettledOutcome | UncertainOutcome;

/** What an effect is asked to do. `key` is the same at every attempt: `<actor id>:<effect name>`. */
export interface EffectRequest {
  readonly effect: string;
  readonly key: string;
  readonly actorId: string;
  readonly input: Json;
}

/** One call of a remote effect. */
export interface RemoteRequest extends EffectRequest {
  readonly effectId: string;
  /** From 1: how often this effect has been claimed since it was armed. */
  readonly claim: number;
  readonly signal: AbortSignal;
  readonly traceparent: string | null;
}

/** A remote effect: called outside any transaction, at least once; its receiver recognises the key. */
export interface RemoteEffect {
  readonly kind: 'remote';
  readonly effect: string;
  /**
   * @returns an outcome, or `notNow` when the call was not made (a breaker is open).
   * A throw counts as `unknown`.
   */
  call(request: RemoteRequest): Promise<Outcome | { readonly type: 'notNow'; readonly retryAfterMs: number }>;
}

/**
 * A participant in the store's own transaction: it takes all local requests of a batch, of all its effects, in one
 * call, locks its rows once in key order, and answers each. Refusals are values; a throw rolls the batch back.
 */
export interface Participant<Tx> {
  readonly name: string;
  readonly effects: readonly string[];
  /** @returns one outcome per request, in the same order */
  apply(tx: Tx, requests: readonly EffectRequest[], nowMs: number): Promise<readonly SettledOutcome[]>;
}

/**
 * A local write that rides in the transaction of a `start` or `send`. Takes all payloads of a batch at once.
 * For one that does not answer `written`, nothing else of its request is written either.
 */
export interface Companion<Tx, Payload> {
  readonly name: string;
  write(
    tx: Tx,
    entries: readonly { readonly actorId: string; readonly payload: Payload }[],
    nowMs: number,
  ): Promise<readonly CompanionAnswer[]>;
}

export type CompanionAnswer =
  | { readonly type: 'written' }
  | { readonly type: 'exists'; readonly detail: Json }
  | { readonly type: 'refused'; readonly detail: Json };

/** A state as the outside sees it: where the actor is, with the tags and merged `meta` of all its active states. */
export interface StateView {
  readonly path: string;
  readonly tags: readonly string[];
  readonly meta: { readonly [key: string]: Json };
}

/** What a projection learns of one transition. */
export interface ProjectedTransition {
  readonly actorId: string;
  readonly revision: number;
  readonly event: ActorEvent;
  readonly from: StateView | null;
  readonly to: StateView;
  readonly context: Json;
  readonly traceparent: string | null;
}

/** Derives rows of its own from transitions, in their commit. Called with all transitions of one machine in a batch. */
export type Projection<Tx> = (tx: Tx, transitions: readonly ProjectedTransition[], nowMs: number) => Promise<void>;

/** The runtime itself has parked an actor, or let it go on (`null`): no transition tells of either. */
export interface ProjectedParking {
  readonly actorId: string;
  readonly parking: Parking | null;
}

/** Derives rows of its own from parkings by the runtime, in their commit. */
export type ParkingProjection<Tx> = (tx: Tx, parkings: readonly ProjectedParking[], nowMs: number) => Promise<void>;

/** Where the runtime reports what it saw; never throws. Names are stable: metrics and logs hang on them. */
export interface Observer {
  observe(observation: Observation): void;
}

/** Which actor, as it stood when it was seen. */
export interface Seen {
  readonly actorId: string;
  readonly revision: number;
  readonly traceparent: string | null;
}

export type Observation =
  | {
      readonly type: 'transition';
      readonly machine: string;
      readonly record: TransitionRecord;
      readonly tags: readonly string[];
      readonly startedAtMs: number;
      /** Whether nothing follows. */
      readonly ended: boolean;
      /** As it stood before; null for a start. */
      readonly before: Pick<ActorRow, 'enteredAtMs' | 'traceparent' | 'parked'> | null;
    }
  | (Seen & { readonly type: 'event-ignored'; readonly event: string })
  | (Seen & { readonly type: 'outcome-stale'; readonly effectId: string })
  | (Seen & { readonly type: 'outcome-fenced'; readonly effectId: string; readonly token: number })
  | (Seen & { readonly type: 'effect-outcome'; readonly effect: string; readonly outcome: string })
  | (Seen & { readonly type: 'lease-expired'; readonly effectId: string })
  | (Seen & { readonly type: 'parked'; readonly machine: string; readonly parking: Parking })
  | (Seen & { readonly type: 'unknown-version'; readonly machine: string; readonly version: string })
  | (Seen & { readonly type: 'migrated'; readonly machine: string; readonly from: string; readonly to: string })
  | { readonly type: 'commit'; readonly actors: number; readonly transitions: number }
  | { readonly type: 'commit-retried'; readonly reason: string };
