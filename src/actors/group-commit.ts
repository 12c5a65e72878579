/**
 * While one commit is on its way the next steps gather, and go as one transaction. An idle process commits at once: no
 * timer ever adds latency.
 */
import type { BatchResult } from './commit-batch.ts';
import { StoreError } from './ports.ts';
import type { Step, StepResult } from './steps.ts';

export interface GroupCommitPorts {
  /** One transaction with these steps. */
  readonly commit: (steps: readonly Step[], commitId: string) => Promise<BatchResult>;
  /** Whether the transaction of that commit id, whose answer was lost, has committed. Waits for its end. */
  readonly hasCommit: (commitId: string, actorIds: readonly string[]) => Promise<boolean>;
  /** Called after each commit, with what it made due and what there is to report. */
  readonly onCommitted: (batch: BatchResult, steps: readonly Step[]) => void;
  readonly onRetry: (reason: string) => void;
  readonly newId: () => string;
  readonly delay: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Does `work` once this turn of the event loop is over. */
  readonly afterTurn: (work: () => void) => void;
}

export interface GroupCommitLimits {
  /** Steps per transaction. */
  readonly maxBatch: number;
  /**
   * Transactions at a time. One is enough while it moves; another begins only when all that run are slow, so that a lock
   * that somebody holds does not hold up everybody, and the batches are as large as with one.
   */
  readonly lanes: number;
}

/** A deadlock or lock timeout is tried again this often before its batch is split. */
const maxConflictRetries = 3;
/** How often a lost COMMIT answer is looked up before the caller is told that nobody knows. */
const maxLookups = 6;
const firstLookupDelayMs = 50;
/** How often in a row a COMMIT may be lost on its way before the store counts as away. */
const maxLosses = 5;

/** A commit that takes longer waits for something: many times what one takes on a busy server. */
const slowMs = 250;

interface Entry {
  readonly step: Step;
  readonly resolve: (result: StepResult) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * @returns commits one step, together with those of other callers
 * @throws (the returned function) StoreError when the store is away, or refuses this very step
 */
export function groupCommit(ports: GroupCommitPorts, limits: GroupCommitLimits): (step: Step) => Promise<StepResult> {
  const queue: Entry[] = [];
  /** Actors that a step in the queue will look at, whatever is due. */
  const looking = new Set<string>();
  const busy = new Set<string>();
  let running = 0;
  let slow = 0;
  let scheduled = false;

  const hasRoom = (): boolean => running < limits.lanes && running === slow;
  const pump = (): void => {
    scheduled = false;
    while (hasRoom()) {
      const entries = takeBatch(queue, busy, limits.maxBatch);
      for (const { step } of entries) if (step.type === 'advance') looking.delete(step.actorId);
      if (entries.length === 0) return;
      void run(entries);
    }
  };
  const run = async (entries: readonly Entry[]): Promise<void> => {
    running += 1;
    const ended = limits.lanes > 1 ? new AbortController() : null;
    const watched = ended && noticeSlow(ended.signal);
    await commitEntries(ports, entries);
    ended?.abort('committed');
    if (await watched) slow -= 1;
    running -= 1;
    for (const { step } of entries) busy.delete(step.actorId);
    pump();
  };
  /** @returns whether it was counted as slow */
  const noticeSlow = async (ended: AbortSignal): Promise<boolean> => {
    await ports.delay(slowMs, ended);
    if (ended.aborted) return false;
    slow += 1;
    pump();
    return true;
  };

  return (step) => {
    if (step.type === 'advance' && looking.has(step.actorId)) return Promise.resolve(joined);
    if (step.type === 'advance' && step.until === null) looking.add(step.actorId);
    return new Promise((resolve, reject) => {
      queue.push({ step, resolve, reject });
      if (scheduled) return;
      // Steps of the same turn share a commit.
      scheduled = true;
      ports.afterTurn(pump);
    });
  };
}

/** Of a wake-up whose actor is about to be looked at in this very process. */
const joined: StepResult = { answer: { type: 'applied' }, revision: 0, next: { type: 'joined' } };

/** At most one step per actor; a second one waits for the next batch, in its order. */
function takeBatch(queue: Entry[], busy: Set<string>, maxBatch: number): Entry[] {
  const taken: Entry[] = [];
  const left: Entry[] = [];
  const skipped = new Set<string>();
  for (const entry of queue) {
    const { actorId } = entry.step;
    if (taken.length < maxBatch && !busy.has(actorId) && !skipped.has(actorId)) {
      busy.add(actorId);
      taken.push(entry);
    } else {
      skipped.add(actorId);
      left.push(entry);
    }
  }
  queue.splice(0, queue.length, ...left);
  return taken;
}

/** Settles every entry, however the store behaves: retries conflicts, splits around a guilty step. Never throws. */
async function commitEntries(ports: GroupCommitPorts, entries: readonly Entry[], tries = 0): Promise<void> {
  for (let retries = tries; ; retries += 1) {
    const steps = entries.map(({ step }) => step);
    let batch: BatchResult;
    try {
      batch = await commitOnce(ports, steps);
    } catch (error) {
      const kind = error instanceof StoreError ? error.kind : 'rejected';
      ports.onRetry(kind);
      if (kind === 'conflict' && retries < maxConflictRetries) continue;
      if (kind === 'unavailable' || entries.length === 1) {
        for (const entry of entries) entry.reject(error);
        return;
      }
      // Somewhere in here is the guilty step: alone it fails alone. The halves have one more try each: a lock that is held
      // for long would else be waited for again and again, and its neighbours with it.
      const half = Math.ceil(entries.length / 2);
      await commitEntries(ports, entries.slice(0, half), maxConflictRetries - 1);
      await commitEntries(ports, entries.slice(half), maxConflictRetries - 1);
      return;
    }
    for (const [i, entry] of entries.entries()) {
      const result = batch.results[i];
      if (result) entry.resolve(result);
      else entry.reject(new Error('a step was left without a result'));
    }
    // Outside the try: what has committed must not be written again because a listener broke.
    ports.onCommitted(batch, steps);
    return;
  }
}

async function commitOnce(ports: GroupCommitPorts, steps: readonly Step[]): Promise<BatchResult> {
  for (let losses = 1; ; losses += 1) {
    const commitId = ports.newId();
    try {
      return await ports.commit(steps, commitId);
    } catch (error) {
      if (!(error instanceof LostCommit)) throw error;
      if (await lookUp(ports, commitId, steps)) return error.batch;
      if (losses === maxLosses) throw new StoreError('unavailable', 'no COMMIT gets through', { cause: error });
    }
  }
}

/** The answer to COMMIT was lost. Carries what the batch would have answered, in case it did commit. */
export class LostCommit extends Error {
  override readonly name = 'LostCommit';
  readonly batch: BatchResult;

  constructor(batch: BatchResult, cause: unknown) {
    super('the answer to COMMIT was lost', { cause });
    this.batch = batch;
  }
}

async function lookUp(ports: GroupCommitPorts, commitId: string, steps: readonly Step[]): Promise<boolean> {
  for (let lookups = 1; ; lookups += 1) {
    try {
      return await ports.hasCommit(
        commitId,
        steps.map(({ actorId }) => actorId),
      );
    } catch (error) {
      if (lookups >= maxLookups)
        throw new StoreError('unavailable', 'whether it committed is unknown', { cause: error, commitUnknown: true });
      await ports.delay(firstLookupDelayMs * 2 ** lookups);
    }
  }
}
