/**
 * One transaction for many actors: lock them, find out what is due for each, run the local effects and companions of
 * all in one call each, make one transition per actor, write snapshots, log and outbox, commit.
 * Source: the transactional outbox and the fenced commit (docs/adr/0001, 0002); group commit after Gray & Reuter 1992, §9.
 */
import { Batch, type BatchSystem } from './batch.ts';
import { decide, passBy, type Plan, seen } from './decide.ts';
import type { CompanionAnswer, EffectRequest, Locked, Observation, SettledOutcome, StoreTransaction } from './ports.ts';
import { StoreError } from './ports.ts';
import { effectKey, type Step, type StepResult } from './steps.ts';
import { settledEvent } from './xstate/events.ts';

export interface BatchResult {
  /** One per step, in the order given. */
  readonly results: readonly StepResult[];
  /** Actors to wake once the commit is durable. */
  readonly publish: readonly string[];
  readonly observations: readonly Observation[];
}

/** @param steps 1–256, at most one per actor */
export async function commitBatch<Tx>(
  system: BatchSystem<Tx>,
  tx: StoreTransaction<Tx>,
  steps: readonly Step[],
  commitId: string,
): Promise<BatchResult> {
  const sorted = [...steps].sort((a, b) => (a.actorId < b.actorId ? -1 : 1));
  const locked = await lockAll(tx, sorted, commitId);
  const batch = new Batch(system, commitId, locked.nowMs);
  const plans = decideAll(batch, sorted, locked);
  await askCompanions(batch, tx, plans);
  await runLocalEffects(batch, tx, plans);
  for (const plan of plans) batch.settle(plan);
  await insertStarted(batch, tx);
  await project(batch, tx);
  await tx.write(batch.changes());
  const byId = new Map(plans.map((plan) => [plan.step.actorId, plan.result]));
  return {
    results: steps.map((step) => {
      const result = byId.get(step.actorId);
      if (!result) throw new Error(`no result for ${step.actorId}`);
      return result;
    }),
    publish: [...batch.publish],
    observations: batch.observations,
  };
}

function lockAll<Tx>(tx: StoreTransaction<Tx>, steps: readonly Step[], commitId: string): Promise<Locked> {
  const idsOf = (some: readonly Step[]): string[] => some.map((step) => step.actorId);
  // Who only looks whether something is due does not wait for somebody who is moving it: processes that were woken for the
  // same actors would wait for each other's batches, one after the other.
  return tx.lock(commitId, {
    waitFor: idsOf(steps.filter(({ type }) => type !== 'advance')),
    ifFree: idsOf(steps.filter(({ type }) => type === 'advance')),
  });
}

function decideAll<Tx>(batch: Batch<Tx>, steps: readonly Step[], { actors, messages, busy }: Locked): Plan[] {
  const locked = new Map(actors.map((actor) => [actor.row.id, actor]));
  const passed = new Set(busy);
  const due = new Map(messages.map((message) => [message.targetId, message]));
  const context = { ...batch.system, nowMs: batch.nowMs, commitId: batch.commitId };
  return steps.map((step) =>
    passed.has(step.actorId)
      ? passBy(step)
      : decide(
          step,
          locked.get(step.actorId) ?? null,
          // Only who looks for what is due takes a message.
          (step.type === 'advance' && due.get(step.actorId)) || null,
          context,
        ),
  );
}

/** A companion that does not answer `written` takes its step out of the batch: nothing else of it is written. */
async function askCompanions<Tx>(batch: Batch<Tx>, tx: StoreTransaction<Tx>, plans: readonly Plan[]): Promise<void> {
  const byName = Map.groupBy(
    plans.filter((plan) => plan.companion !== null),
    (plan) => plan.companion?.name ?? '',
  );
  for (const [name, group] of [...byName].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const companion = batch.system.companions.get(name);
    if (!companion) throw new Error(`no companion is named ${name}`);
    const entries = group.map((plan) => ({ actorId: plan.step.actorId, payload: plan.companion?.payload }));
    const answers = await companion.write(tx.raw, entries, batch.nowMs);
    for (const [i, plan] of group.entries()) applyAnswer(plan, answers[i]);
  }
}

function applyAnswer(plan: Plan, answer: CompanionAnswer | undefined): void {
  if (!answer) throw new Error('a companion left a request without an answer');
  if (answer.type === 'written') return;
  plan.action = { type: 'answer', answer, next: plan.locked ? { type: 'waiting' } : { type: 'absent' } };
}

/** Each participant takes all its requests of the batch in one call, participants in their declared lock order. */
async function runLocalEffects<Tx>(batch: Batch<Tx>, tx: StoreTransaction<Tx>, plans: readonly Plan[]): Promise<void> {
  for (const participant of batch.system.participants) {
    const group = plans.filter(
      (plan) => plan.action.type === 'local' && participant.effects.includes(plan.action.effect.src),
    );
    if (group.length === 0) continue;
    const outcomes = await participant.apply(tx.raw, group.flatMap(requestOf), batch.nowMs);
    for (const [i, plan] of group.entries()) settleLocal(batch, plan, outcomes[i]);
  }
  const orphan = plans.find((plan) => plan.action.type === 'local');
  if (orphan?.action.type === 'local') throw new Error(`no handler for the effect ${orphan.action.effect.src}`);
}

export function requestOf(plan: Plan): EffectRequest[] {
  if (plan.action.type !== 'local') return [];
  const { effect } = plan.action;
  return [
    {
      effect: effect.src,
      key: effectKey(plan.step.actorId, effect.src),
      actorId: plan.step.actorId,
      input: effect.input,
    },
  ];
}

function settleLocal<Tx>(batch: Batch<Tx>, plan: Plan, outcome: SettledOutcome | undefined): void {
  if (plan.action.type !== 'local' || !plan.locked) return;
  if (!outcome) throw new Error(`no outcome for ${plan.action.effect.src}`);
  const { effect, state } = plan.action;
  batch.observations.push({
    type: 'effect-outcome',
    ...seen(plan.locked.row),
    effect: effect.src,
    outcome: outcome.type,
  });
  plan.action = {
    type: 'move',
    state,
    cause: { event: settledEvent(effect.invoke, outcome), settled: effect, remote: false },
  };
}

async function insertStarted<Tx>(batch: Batch<Tx>, tx: StoreTransaction<Tx>): Promise<void> {
  const rows = batch.started;
  if (rows.length === 0) return;
  const inserted = new Set(await tx.insert(rows, batch.nowMs));
  if (rows.every((row) => inserted.has(row.id))) return;
  // Somebody started it between our look and our insert: once more, and the lock will find it.
  throw new StoreError('conflict', 'an actor was started elsewhere at the same time');
}

async function project<Tx>(batch: Batch<Tx>, tx: StoreTransaction<Tx>): Promise<void> {
  const byMachine = Map.groupBy(batch.projected, ({ machine }) => machine);
  for (const [machine, group] of byMachine) {
    const projection = batch.system.projections.get(machine);
    if (projection)
      await projection(
        tx.raw,
        group.map(({ transition }) => transition),
        batch.nowMs,
      );
  }
  for (const [machine, group] of Map.groupBy(batch.parkings, (parked) => parked.machine)) {
    const projection = batch.system.parkingProjections.get(machine);
    if (projection) {
      const parkings = group.map(({ parking }) => parking);
      await projection(tx.raw, parkings, batch.nowMs);
    }
  }
}
