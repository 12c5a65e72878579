/**
 * One transaction for many actors: lock them, find out what is due for each, run the local effects and companions of
 * all in one call each, make one transition per actor, write snapshots, log and outbox, commit.
 * Source: the transactional outbox and the fenced commit (docs/adr/0001, 0002); group commit after Gray & Reuter 1992, §9.
 */
import { claim } from './fence.ts';
import { interpret, type Interpretation } from './interpret.ts';
import { decide, type Plan } from './decide.ts';
import type {
  ActorRow,
  Companion,
  CompanionAnswer,
  EffectRequest,
  LockedActor,
  NewMessage,
  Observation,
  ParkingProjection,
  Participant,
  Projection,
  ProjectedParking,
  ProjectedTransition,
  SettledOutcome,
  StateView,
  StoreTransaction,
  TransitionRecord,
  Wake,
} from './ports.ts';
import { StoreError } from './ports.ts';
import type { Next, Step, StepResult } from './steps.ts';
import { mustMoveWake, wakeAt } from './wake.ts';
import { type ActorMachine, type MachineStep, settledEvent } from './xstate-adapter.ts';

/** What a batch needs to know of the system; the same for all batches. */
export interface BatchSystem<Tx> {
  readonly machineOf: (machine: string, version?: string) => ActorMachine | null;
  readonly participants: readonly Participant<Tx>[];
  readonly isRemote: (effect: string) => boolean;
  readonly companions: ReadonlyMap<string, Companion<Tx, unknown>>;
  readonly projections: ReadonlyMap<string, Projection<Tx>>;
  readonly parkingProjections: ReadonlyMap<string, ParkingProjection<Tx>>;
  readonly random: () => number;
  readonly leaseMarginMs: number;
  readonly redeliveryMs: number;
}

export interface BatchResult {
  /** One per step, in the order given. */
  readonly results: readonly StepResult[];
  /** Actors to wake once the commit is durable. */
  readonly publish: readonly string[];
  readonly observations: readonly Observation[];
}

/** How long an actor of an unknown version is left to others before it is looked at again. */
const leftForOthersMs = 1_000;

/** @param steps 1–256, at most one per actor */
export async function commitBatch<Tx>(
  system: BatchSystem<Tx>,
  tx: StoreTransaction<Tx>,
  steps: readonly Step[],
  commitId: string,
): Promise<BatchResult> {
  const nowMs = await tx.begin(commitId);
  const batch = new Batch(system, commitId, nowMs);
  const plans = await lockAndDecide(batch, tx, steps);
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

async function lockAndDecide<Tx>(batch: Batch<Tx>, tx: StoreTransaction<Tx>, steps: readonly Step[]): Promise<Plan[]> {
  const sorted = [...steps].sort((a, b) => (a.actorId < b.actorId ? -1 : 1));
  const locked = new Map((await tx.lock(sorted.map((step) => step.actorId))).map((actor) => [actor.row.id, actor]));
  const moving = sorted.filter((step) => step.type === 'advance').map((step) => step.actorId);
  const messages = new Map(
    (moving.length > 0 ? await tx.dueMessages(moving, batch.nowMs) : []).map((message) => [message.targetId, message]),
  );
  return sorted.map((step) =>
    decide(step, locked.get(step.actorId) ?? null, messages.get(step.actorId) ?? null, {
      ...batch.system,
      nowMs: batch.nowMs,
      commitId: batch.commitId,
    }),
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

/** The idempotency key of an effect: the same across attempts, redeliveries and RETRY. */
export const effectKey = (actorId: string, effect: string): string => `${actorId}:${effect}`;

function settleLocal<Tx>(batch: Batch<Tx>, plan: Plan, outcome: SettledOutcome | undefined): void {
  if (plan.action.type !== 'local') return;
  if (!outcome) throw new Error(`no outcome for ${plan.action.effect.src}`);
  const { effect, state } = plan.action;
  batch.observations.push({
    type: 'effect-outcome',
    actorId: plan.step.actorId,
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

/** Collects what one batch will write. */
class Batch<Tx> {
  readonly system: BatchSystem<Tx>;
  readonly commitId: string;
  readonly nowMs: number;
  readonly started: ActorRow[] = [];
  readonly projected: { machine: string; transition: ProjectedTransition }[] = [];
  readonly parkings: { machine: string; parking: ProjectedParking }[] = [];
  readonly observations: Observation[] = [];
  readonly publish = new Set<string>();
  readonly #updates: ActorRow[] = [];
  readonly #transitions: TransitionRecord[] = [];
  readonly #wakeInserts: Wake[] = [];
  readonly #wakeUpdates: Wake[] = [];
  readonly #wakeDeletes: string[] = [];
  readonly #consumed: string[] = [];
  readonly #sent: NewMessage[] = [];

  constructor(system: BatchSystem<Tx>, commitId: string, nowMs: number) {
    this.system = system;
    this.commitId = commitId;
    this.nowMs = nowMs;
  }

  /** Carries out one plan: at most one transition. */
  settle(plan: Plan): void {
    this.observations.push(...plan.observations);
    if (plan.consumes) this.#consumed.push(plan.consumes.id);
    const { action } = plan;
    switch (action.type) {
      case 'answer':
        plan.result = { answer: action.answer, revision: plan.locked?.row.revision ?? 0, next: action.next };
        return;
      case 'nothing':
        this.#settleNothing(plan, action.next);
        return;
      case 'rewrite':
        this.#keep(plan, action.row, action.next);
        return;
      case 'claim':
        this.#claim(plan, action.row, action.effectId);
        return;
      case 'start':
      case 'move':
        this.#move(plan);
        return;
      case 'local':
        throw new Error('a local effect was not run');
    }
  }

  changes() {
    const byActor = (a: { readonly actorId: string }, b: { readonly actorId: string }) =>
      a.actorId < b.actorId ? -1 : 1;
    return {
      commitId: this.commitId,
      nowMs: this.nowMs,
      updates: this.#updates,
      transitions: this.#transitions,
      wakeInserts: this.#wakeInserts.sort(byActor),
      wakeUpdates: this.#wakeUpdates.sort(byActor),
      wakeDeletes: this.#wakeDeletes.sort(),
      messagesConsumed: this.#consumed,
      messagesSent: this.#sent,
    };
  }

  #settleNothing(plan: Plan, next: Next): void {
    const { locked } = plan;
    plan.result = { answer: { type: 'applied' }, revision: locked?.row.revision ?? 0, next };
    if (!locked) return;
    if (next.type === 'left') this.#wakeUpdates.push({ actorId: locked.row.id, dueAtMs: this.nowMs + leftForOthersMs });
    else if (next.type !== 'handedOver') this.#wake(locked, locked.row, next.type === 'again');
  }

  /** Writes the row again without a transition: a lease given back, a timer dropped, a parking. */
  #keep(plan: Plan, row: ActorRow, next: Next): void {
    const { locked } = plan;
    if (!locked) throw new Error('only a locked actor can be rewritten');
    this.#updates.push(row);
    // The runtime's parking, or its end; a machine's comes and goes with a transition.
    if (row.parked !== locked.row.parked)
      this.parkings.push({ machine: row.machine, parking: { actorId: row.id, parking: row.parked } });
    this.#wake(locked, row, next.type === 'again');
    // An event that only got its actor parked was not applied.
    const refused = plan.step.type === 'send' && row.parked;
    plan.result = {
      answer: refused ? { type: 'refused', detail: { ...row.parked } } : { type: 'applied' },
      revision: row.revision,
      next,
    };
  }

  #claim(plan: Plan, row: ActorRow, effectId: string): void {
    const claimed = this.#claimed(row, effectId);
    this.#keep(plan, claimed.row, claimed.next);
  }

  #claimed(row: ActorRow, effectId: string): { row: ActorRow; next: Next } {
    const pending = row.effects.find(({ id }) => id === effectId);
    if (!pending) throw new Error(`${effectId} is not pending`);
    const effect = claim(pending, { nowMs: this.nowMs, marginMs: this.system.leaseMarginMs, commitId: this.commitId });
    return {
      row: { ...row, effects: row.effects.map((other) => (other.id === effectId ? effect : other)) },
      next: { type: 'call', effect, traceparent: row.traceparent },
    };
  }

  #move(plan: Plan): void {
    let made: { step: MachineStep; done: Interpretation };
    try {
      made = this.#compute(plan);
    } catch (error) {
      this.#parkPoisoned(plan, error);
      return;
    }
    const { step, done } = made;
    this.#transitions.push(done.record);
    this.#sent.push(...done.messages);
    for (const message of done.messages) this.publish.add(message.targetId);
    this.#project(plan, step, done);
    this.observations.push({
      type: 'transition',
      machine: done.row.machine,
      record: done.record,
      tags: step.view.tags,
    });
    if (done.row.parked) this.observations.push({ type: 'parked', actorId: done.row.id, parking: done.row.parked });
    const { row, next } = this.#goOn(plan, done.row, step.view);
    if (plan.action.type === 'start') {
      this.started.push(row);
      const dueAtMs = wakeAt(row, this.nowMs, this.system.redeliveryMs);
      if (dueAtMs !== null) this.#wakeInserts.push({ actorId: row.id, dueAtMs });
    } else {
      this.#updates.push(row);
      if (plan.locked) this.#wake(plan.locked, row, next.type === 'again' || next.type === 'call');
    }
    if (next.type === 'handedOver') this.publish.add(row.id);
    plan.result = { answer: { type: 'applied' }, revision: row.revision, next };
  }

  #compute(plan: Plan): { step: MachineStep; done: Interpretation } {
    const { action } = plan;
    if (action.type !== 'start' && action.type !== 'move') throw new Error('nothing to compute');
    const commit = { id: this.commitId, nowMs: this.nowMs, redeliveryMs: this.system.redeliveryMs };
    if (action.type === 'start')
      return { step: action.step, done: interpret(action.row, action.step, action.cause, commit) };
    const row = plan.locked?.row;
    const machine = row && this.system.machineOf(row.machine, row.version);
    if (!row || !machine) throw new Error('only a locked actor of a known machine can move');
    const step = machine.step(action.state.state, action.cause.event);
    return { step, done: interpret(row, step, action.cause, commit) };
  }

  /** A guard threw, a snapshot grew too large: this actor stands still, its neighbours in the batch go on. */
  #parkPoisoned(plan: Plan, error: unknown): void {
    const { locked } = plan;
    // What a companion or a participant has written must not stay without its transition: roll it back.
    const wroteAlready = plan.companion !== null || (plan.action.type === 'move' && plan.action.cause.remote === false);
    if (!locked || wroteAlready) throw error;
    const parking = { by: 'runtime', reason: error instanceof Error ? error.message : String(error) } as const;
    this.observations.push({ type: 'parked', actorId: locked.row.id, parking });
    this.#consumed.splice(0, this.#consumed.length, ...this.#consumed.filter((id) => id !== plan.consumes?.id));
    this.#keep(plan, { ...locked.row, parked: parking }, { type: 'parked' });
  }

  #project(plan: Plan, step: MachineStep, done: Interpretation): void {
    const { action } = plan;
    const from: StateView | null = action.type === 'move' ? action.state.view : null;
    const { actorId, revision, event } = done.record;
    this.projected.push({
      machine: done.row.machine,
      transition: {
        actorId,
        revision,
        event,
        from,
        to: step.view,
        context: done.row.snapshot.context,
        traceparent: done.row.traceparent,
      },
    });
  }

  /** Whether this process carries on: it claims a remote effect in the very commit that armed it. */
  #goOn(plan: Plan, row: ActorRow, view: StateView): { row: ActorRow; next: Next } {
    if (row.snapshot.status !== 'active') return { row, next: { type: 'done' } };
    if (row.parked) return { row, next: { type: 'parked' } };
    const { step } = plan;
    // Messages come one at a time, and before effects: there may be another.
    if (plan.consumes || (plan.action.type === 'start' && step.type === 'advance'))
      return { row, next: { type: 'again' } };
    const effect = row.effects.find((pending) => pending.lease === null || pending.lease.untilMs <= this.nowMs);
    const goesOn = step.type === 'advance' || step.type === 'outcome' || (step.type === 'start' && step.until !== null);
    // Due timers come before effects, and before waiting: one may be a stop that forbids the call.
    if (goesOn && row.timers.some(({ dueAtMs }) => dueAtMs <= this.nowMs)) return { row, next: { type: 'again' } };
    if (!effect) return { row, next: { type: 'waiting' } };
    if (!goesOn || (step.until !== null && view.tags.includes(step.until)))
      return { row, next: { type: 'handedOver' } };
    if (!this.system.isRemote(effect.src) || effect.claims > 0) return { row, next: { type: 'again' } };
    return this.#claimed(row, effect.id);
  }

  #wake(locked: LockedActor, row: ActorRow, goesOn: boolean): void {
    const dueAtMs = wakeAt(row, this.nowMs, this.system.redeliveryMs);
    if (dueAtMs === null) {
      if (locked.wake) this.#wakeDeletes.push(row.id);
    } else if (!locked.wake) {
      this.#wakeInserts.push({ actorId: row.id, dueAtMs });
    } else if (mustMoveWake(locked.wake, dueAtMs, this.nowMs, goesOn)) {
      this.#wakeUpdates.push({ actorId: row.id, dueAtMs });
    }
  }
}
