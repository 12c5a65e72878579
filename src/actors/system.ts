/** The library's face: define a system of machines and effects over a store, then start, send, advance, read, wait. */
import { assertActorId } from './actor-id.ts';
import { actorView, type ActorView, migratedView } from './actor-view.ts';
import type { BatchSystem } from './batch.ts';
import { type BatchResult, commitBatch } from './commit-batch.ts';
import { groupCommit, LostCommit } from './group-commit.ts';
import { type Migration, migrationPaths } from './migration.ts';
import type {
  ActorEvent,
  ActorRow,
  ActorStore,
  CommitFeed,
  Companion,
  Json,
  Observer,
  ParkingProjection,
  Participant,
  ProcessPorts,
  Projection,
  RemoteEffect,
  TransitionRecord,
  WakeUps,
} from './ports.ts';
import { StoreError } from './ports.ts';
import type { CompanionCall, Step, StepResult } from './steps.ts';
import { visit, type VisitEnd, type VisitPorts } from './visit.ts';
import type { ActorMachine } from './xstate/actor-machine.ts';

export type { ActorView };

export interface SystemDefinition<Tx> {
  /** All versions that are still to be run. New actors take the last one listed of their machine. */
  readonly machines: readonly ActorMachine[];
  /** What takes actors of a version that is no longer listed to one that is, at the next step that touches them. */
  readonly migrations?: readonly Migration[];
  /** Local handlers, in their lock order. */
  readonly participants: readonly Participant<Tx>[];
  readonly remoteEffects: readonly RemoteEffect[];
  readonly companions: readonly Companion<Tx, never>[];
  /** By machine id. */
  readonly projections: Readonly<Record<string, Projection<Tx>>>;
  /** By machine id. */
  readonly parkingProjections?: Readonly<Record<string, ParkingProjection<Tx>>>;
  readonly store: ActorStore<Tx>;
  readonly wakeUps: WakeUps;
  readonly feed: CommitFeed;
  readonly observer: Observer;
  readonly process: ProcessPorts;
  readonly limits: SystemLimits;
}

export interface SystemLimits {
  /** How much longer than its call's timeout a lease lasts. */
  readonly leaseMarginMs: number;
  /** How long after a commit the outbox brings an actor again if its wake-up was lost. */
  readonly redeliveryMs: number;
  /** Steps per commit. */
  readonly maxBatch: number;
  /** Commits at a time, at most; a second one only while the first is slow. */
  readonly lanes: number;
}

export type Applied = { readonly type: 'applied'; readonly revision: number };
export type NotApplied = { readonly type: 'refused' | 'exists'; readonly detail: Json };

export interface ActorSystem {
  /**
   * Starts an actor in one commit with its companion. With `until`, this process goes on at once, and `end` settles
   * when the actor has got there, waits, is parked or done; without, a wake-up is published.
   * @throws StoreError when nothing is known to be written
   */
  start(request: {
    readonly machine: string;
    readonly id: string;
    readonly input: Json;
    readonly companion?: CompanionCall;
    readonly traceparent?: string | null;
    readonly until?: string;
  }): Promise<(Applied & { readonly end: Promise<VisitEnd> }) | NotApplied>;
  /** Applies an event now, if the state accepts it; what follows is left to a worker. */
  send(id: string, event: ActorEvent, companion?: CompanionCall): Promise<Applied | NotApplied>;
  /**
   * Moves an actor until it waits, is parked or done, or has the tag `until`. A no-op if nothing is due. `joined`: another
   * visit of this process is about to look at it, and goes on; `busy`: another process holds it.
   */
  advance(id: string, options?: { readonly until?: string }): Promise<VisitEnd>;
  read(id: string): Promise<ActorView | null>;
  /** Transitions after a revision, oldest first; at most `limit` (100). */
  history(
    id: string,
    page?: { readonly afterRevision?: number; readonly limit?: number },
  ): Promise<readonly TransitionRecord[]>;
  /** @returns what `look` gives once it is not null, or null after `timeoutMs`. Looks at every commit of the actor, and now and then. */
  waitFor<T>(
    id: string,
    look: () => Promise<T | null>,
    options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
  ): Promise<T | null>;
  /** Lets an actor go on that the runtime had parked. */
  unpark(id: string, companion?: CompanionCall): Promise<Applied | NotApplied>;
  /** Resolves once this process moves no actor any more: nothing that it claimed is left without its outcome. */
  idle(): Promise<void>;
  readonly machines: readonly ActorMachine[];
}

/** The feed may lose a notice, so waiting also polls. */
const pollMs = 250;

export function createActorSystem<Tx>(definition: SystemDefinition<Tx>): ActorSystem {
  assertHandled(definition);
  const { store, limits, process } = definition;
  const batchSystem = toBatchSystem(definition);
  const publish = (actorIds: readonly string[]): void => {
    if (actorIds.length > 0) void definition.wakeUps.publish(actorIds);
  };
  const commitSteps = groupCommit(
    {
      commit: (steps, commitId) => commitOnce(batchSystem, store, steps, commitId),
      hasCommit: (commitId, ids) => store.transaction((tx) => tx.hasCommit(commitId, ids)),
      onCommitted: (batch) => {
        publish(batch.publish);
        for (const observation of batch.observations) definition.observer.observe(observation);
        const transitions = batch.observations.filter(({ type }) => type === 'transition').length;
        definition.observer.observe({ type: 'commit', actors: batch.results.length, transitions });
      },
      onRetry: (reason) => definition.observer.observe({ type: 'commit-retried', reason }),
      newId: process.newId,
      delay: (ms, signal) => process.delay(ms, signal),
      afterTurn: (work) => process.afterTurn(work),
    },
    { maxBatch: limits.maxBatch, lanes: limits.lanes },
  );
  const commit = async (step: Step): Promise<StepResult> => {
    const first = await commitSteps(step);
    if (first.next.type !== 'migrated') return first;
    // Now it is on a version that is registered here: the step's own turn.
    const result = await commitSteps(step);
    if (result.next.type === 'migrated') throw new Error(`${step.actorId} was migrated, and is to be migrated again`);
    return result;
  };
  const commitOrPark = (step: Step): Promise<StepResult> =>
    commit(step).catch((error: unknown) => parkRejected(commit, step, error));
  const visitPorts: VisitPorts = {
    commit: commitOrPark,
    process,
    remoteEffects: new Map(definition.remoteEffects.map((handler) => [handler.effect, handler])),
    publish,
    leaseMarginMs: limits.leaseMarginMs,
  };
  const running = new Set<Promise<unknown>>();
  const tracked = <T>(work: Promise<T>): Promise<T> => {
    running.add(work);
    const forget = (): void => void running.delete(work);
    work.then(forget, forget);
    return work;
  };
  return {
    machines: definition.machines,
    async start({ machine, id, input, companion, traceparent, until }) {
      assertActorId(id);
      const sentAtMs = process.monotonicMs();
      const step: Step = {
        type: 'start',
        actorId: id,
        machine,
        input,
        companion: companion ?? null,
        traceparent: traceparent ?? null,
        until: until ?? null,
      };
      const { answer, revision, next } = await commit(step);
      if (answer.type !== 'applied') return answer;
      const end = tracked(visit(visitPorts, id, until ?? null, { next, sentAtMs }));
      // Who does not wait for the end need not hear how it failed: the outbox brings the actor again.
      end.catch(() => {});
      return { type: 'applied', revision, end };
    },
    async send(id, event, companion) {
      const { answer, revision } = await commit({ type: 'send', actorId: id, event, companion: companion ?? null });
      return answer.type === 'applied' ? { type: 'applied', revision } : answer;
    },
    advance: (id, options) => tracked(visit(visitPorts, id, options?.until ?? null)),
    async read(id) {
      const [row] = await store.read([id]);
      return row ? viewOf(batchSystem, store, process, row) : null;
    },
    history: (id, page) => store.history(id, { afterRevision: page?.afterRevision ?? 0, limit: page?.limit ?? 100 }),
    waitFor: (id, look, options) => waitFor(definition, id, look, options),
    async idle() {
      while (running.size > 0) await Promise.allSettled(running);
    },
    async unpark(id, companion) {
      const { answer, revision } = await commit({ type: 'unpark', actorId: id, companion: companion ?? null });
      if (answer.type !== 'applied') return answer;
      publish([id]);
      return { type: 'applied', revision };
    },
  };
}

/** @throws when a machine asks for an effect that nobody carries out, which would only show once an actor gets there */
function assertHandled<Tx>({ machines, participants, remoteEffects }: SystemDefinition<Tx>): void {
  const handled = new Set([
    ...participants.flatMap(({ effects }) => effects),
    ...remoteEffects.map(({ effect }) => effect),
  ]);
  for (const { id, version, effects } of machines) {
    const missing = effects.filter((effect) => !handled.has(effect));
    if (missing.length > 0)
      throw new Error(`${id} v${version} asks for effects without a handler: ${missing.join(', ')}`);
  }
}

function toBatchSystem<Tx>(definition: SystemDefinition<Tx>): BatchSystem<Tx> {
  const byVersion = new Map(definition.machines.map((machine) => [`${machine.id} ${machine.version}`, machine]));
  const newest = new Map(definition.machines.map((machine) => [machine.id, machine]));
  const remote = new Set(definition.remoteEffects.map(({ effect }) => effect));
  return {
    machineOf: (machine, version) =>
      (version === undefined ? newest.get(machine) : byVersion.get(`${machine} ${version}`)) ?? null,
    migrationOf: migrationPaths(definition.machines, definition.migrations),
    participants: definition.participants,
    isRemote: (effect) => remote.has(effect),
    companions: new Map(
      definition.companions.map((companion) => [companion.name, companion as Companion<Tx, unknown>]),
    ),
    projections: new Map(Object.entries(definition.projections)),
    parkingProjections: new Map(Object.entries(definition.parkingProjections ?? {})),
    random: definition.process.random,
    leaseMarginMs: definition.limits.leaseMarginMs,
    redeliveryMs: definition.limits.redeliveryMs,
    // What cannot be published now is for the relay, as soon as there is room.
    handOverMs: () => (definition.wakeUps.isFull() ? 0 : definition.limits.redeliveryMs),
  };
}

async function viewOf<Tx>(
  { machineOf, migrationOf }: BatchSystem<Tx>,
  store: ActorStore<Tx>,
  process: ProcessPorts,
  row: ActorRow,
): Promise<ActorView> {
  const path = row.snapshot.status === 'active' ? migrationOf(row.machine, row.version) : null;
  if (!path) return actorView(row, machineOf(row.machine, row.version));
  // Only the store knows the time from which new timers would run.
  const { nowMs } = await store.transaction((tx) => tx.lock(process.newId(), { waitFor: [], ifFree: [] }));
  return migratedView(row, path, nowMs);
}

async function commitOnce<Tx>(
  system: BatchSystem<Tx>,
  store: ActorStore<Tx>,
  steps: readonly Step[],
  commitId: string,
): Promise<BatchResult> {
  let batch: BatchResult | null = null;
  try {
    return await store.transaction(async (tx) => {
      batch = await commitBatch(system, tx, steps, commitId);
      return batch;
    });
  } catch (error) {
    if (batch && error instanceof StoreError && error.commitUnknown) throw new LostCommit(batch, error);
    throw error;
  }
}

/** The store refuses what this one actor wants to write, and would again: it stands still until a person has looked. */
async function parkRejected(
  commit: (step: Step) => Promise<StepResult>,
  step: Step,
  error: unknown,
): Promise<StepResult> {
  const rejected = !(error instanceof StoreError) || error.kind === 'rejected';
  if (!rejected || step.type === 'start' || step.type === 'send') throw error;
  return commit({
    type: 'park',
    actorId: step.actorId,
    reason: error instanceof Error ? error.message : String(error),
  });
}

async function waitFor<Tx, T>(
  definition: SystemDefinition<Tx>,
  id: string,
  look: () => Promise<T | null>,
  options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<T | null> {
  const { process, feed } = definition;
  const endsAtMs = process.monotonicMs() + options.timeoutMs;
  let moved = new AbortController();
  const unsubscribe = feed.subscribe(id, () => moved.abort());
  const onAbort = (): void => moved.abort();
  options.signal?.addEventListener('abort', onAbort);
  try {
    for (;;) {
      moved = new AbortController();
      const seen = await look();
      const leftMs = endsAtMs - process.monotonicMs();
      if (seen !== null || leftMs <= 0 || options.signal?.aborted) return seen;
      await process.delay(Math.min(pollMs, leftMs), moved.signal);
    }
  } finally {
    options.signal?.removeEventListener('abort', onAbort);
    unsubscribe();
  }
}
