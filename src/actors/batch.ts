/** What one batch will write: carries out the plans of its steps, each at most one transition, and collects. Pure. */
import { type Plan, seen } from './decide.ts';
import { claim } from './fence.ts';
import { interpret, type Interpretation } from './interpret.ts';
import type { Migrated } from './migrate.ts';
import type { FindMigration } from './migration.ts';
import type {
  ActorRow,
  Changes,
  Companion,
  LockedActor,
  NewMessage,
  Observation,
  Parking,
  ParkingProjection,
  Participant,
  ProjectedParking,
  ProjectedTransition,
  Projection,
  StateView,
  TransitionRecord,
  Wake,
} from './ports.ts';
import type { Next } from './steps.ts';
import { mustMoveWake, wakeAt } from './wake.ts';
import type { ActorMachine, MachineStep } from './xstate/actor-machine.ts';

/** What a batch needs to know of the system; the same for all batches. */
export interface BatchSystem<Tx> {
  readonly machineOf: (machine: string, version?: string) => ActorMachine | null;
  readonly migrationOf: FindMigration;
  readonly participants: readonly Participant<Tx>[];
  readonly isRemote: (effect: string) => boolean;
  readonly companions: ReadonlyMap<string, Companion<Tx, unknown>>;
  readonly projections: ReadonlyMap<string, Projection<Tx>>;
  readonly parkingProjections: ReadonlyMap<string, ParkingProjection<Tx>>;
  readonly random: () => number;
  readonly leaseMarginMs: number;
  readonly redeliveryMs: number;
  /** How long until the outbox brings what this process leaves to others. */
  readonly handOverMs: () => number;
}

/** How long an actor of an unknown version is left to others before it is looked at again. */
const leftForOthersMs = 1_000;

export class Batch<Tx> {
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
      case 'migrate':
        this.#migrate(plan, action.migrated);
        return;
      case 'local':
        throw new Error('a local effect was not run');
    }
  }

  changes(): Changes {
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
    // Who un-parks an actor leaves it to others.
    this.#wake(locked, row, next.type === 'again', plan.step.type === 'unpark' ? this.system.handOverMs() : undefined);
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
    this.#sent.push(...done.messages);
    for (const message of done.messages) this.publish.add(message.targetId);
    this.#log(done, plan.locked?.row ?? null, plan.action.type === 'move' ? plan.action.state.view : null, step.view);
    if (done.row.parked) this.#observeParking(done.row, done.row.parked);
    const { row, next } = this.#goOn(plan, done.row, step.view);
    if (plan.action.type === 'start') {
      this.started.push(row);
      const dueAtMs = wakeAt(row, this.nowMs, this.#laterMs(next));
      if (dueAtMs !== null) this.#wakeInserts.push({ actorId: row.id, dueAtMs });
    } else {
      this.#updates.push(row);
      if (plan.locked) this.#wake(plan.locked, row, next.type === 'again' || next.type === 'call', this.#laterMs(next));
    }
    if (next.type === 'handedOver') this.publish.add(row.id);
    plan.result = { answer: { type: 'applied' }, revision: row.revision, next };
  }

  #compute(plan: Plan): { step: MachineStep; done: Interpretation } {
    const { action } = plan;
    if (action.type !== 'start' && action.type !== 'move') throw new Error('nothing to compute');
    // Whom its messages go to is always left to others.
    const commit = { id: this.commitId, nowMs: this.nowMs, redeliveryMs: this.system.handOverMs() };
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
    this.#observeParking(locked.row, parking);
    this.#consumed.splice(0, this.#consumed.length, ...this.#consumed.filter((id) => id !== plan.consumes?.id));
    this.#keep(plan, { ...locked.row, parked: parking }, { type: 'parked' });
  }

  /** Whatever the step came for is done in the next commit, on the version that runs here. */
  #migrate(plan: Plan, migrated: Migrated): void {
    const { locked } = plan;
    if (!locked) throw new Error('only a locked actor can be migrated');
    const { row, record, view } = migrated;
    // What the old version said of its state, nobody here knows any more.
    this.#log(migrated, locked.row, { path: locked.row.path, tags: [], meta: {} }, view);
    const { machine, version: to, parked } = row;
    this.observations.push({ type: 'migrated', ...seen(row), machine, from: locked.row.version, to });
    if (parked && !locked.row.parked) this.#observeParking(row, parked);
    this.#updates.push(row);
    this.#wake(locked, row, true);
    plan.result = { answer: { type: 'applied' }, revision: record.revision, next: { type: 'migrated' } };
  }

  /** One transition, for the log, the projections and the observer. */
  #log(
    { row, record }: Pick<Interpretation, 'row' | 'record'>,
    before: ActorRow | null,
    from: StateView | null,
    to: StateView,
  ): void {
    const { machine, traceparent } = row;
    const { actorId, revision, event } = record;
    const { context } = row.snapshot;
    this.#transitions.push(record);
    this.projected.push({ machine, transition: { actorId, revision, event, from, to, context, traceparent } });
    this.observations.push({
      type: 'transition',
      machine,
      record,
      tags: to.tags,
      startedAtMs: row.startedAtMs,
      ended: row.snapshot.status !== 'active',
      before,
    });
  }

  #observeParking(row: ActorRow, parking: Parking): void {
    this.observations.push({ type: 'parked', ...seen(row), machine: row.machine, parking });
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

  #laterMs(next: Next): number {
    return next.type === 'handedOver' ? this.system.handOverMs() : this.system.redeliveryMs;
  }

  #wake(locked: LockedActor, row: ActorRow, goesOn: boolean, laterMs = this.system.redeliveryMs): void {
    const dueAtMs = wakeAt(row, this.nowMs, laterMs);
    if (dueAtMs === null) {
      if (locked.wake) this.#wakeDeletes.push(row.id);
    } else if (!locked.wake) {
      this.#wakeInserts.push({ actorId: row.id, dueAtMs });
    } else if (mustMoveWake(locked.wake, dueAtMs, this.nowMs, goesOn)) {
      this.#wakeUpdates.push({ actorId: row.id, dueAtMs });
    }
  }
}
