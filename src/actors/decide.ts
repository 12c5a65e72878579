/** What one step does to one locked actor: pure, before any write. Messages come first, then timers, then the effect. */
import { checkFence, giveBack, isLeased, maxClaims, maxNotNowMs, replaceEffect, unclaim } from './fence.ts';
import type { Cause } from './interpret.ts';
import { migrate, type Migrated } from './migrate.ts';
import type { FindMigration, MigrationPath } from './migration.ts';
import type { ActorRow, Json, LockedActor, Message, Observation, PendingEffect, Seen } from './ports.ts';
import type { Answer, CompanionCall, Next, Step, StepResult } from './steps.ts';
import { versionGate } from './version-gate.ts';
import type { ActorMachine, MachineStep } from './xstate/actor-machine.ts';
import { initEvent, settledEvent, uncertainEvent } from './xstate/events.ts';

/** A step with what is to be done for it. The batch fills `result`. */
export interface Plan {
  readonly step: Step;
  readonly locked: LockedActor | null;
  readonly observations: readonly Observation[];
  /** The message that this commit applies or ignores, and therefore deletes. */
  readonly consumes: Message | null;
  readonly companion: CompanionCall | null;
  action: Action;
  result: StepResult;
}

export type Action =
  | { readonly type: 'start'; readonly row: ActorRow; readonly step: MachineStep; readonly cause: Cause }
  | { readonly type: 'move'; readonly state: MachineStep; readonly cause: Cause }
  | { readonly type: 'migrate'; readonly migrated: Migrated }
  | { readonly type: 'local'; readonly state: MachineStep; readonly effect: PendingEffect }
  | { readonly type: 'claim'; readonly row: ActorRow; readonly effectId: string }
  | { readonly type: 'rewrite'; readonly row: ActorRow; readonly next: Next }
  | { readonly type: 'nothing'; readonly next: Next }
  | { readonly type: 'answer'; readonly answer: Answer; readonly next: Next };

export interface DecisionContext {
  readonly machineOf: (machine: string, version?: string) => ActorMachine | null;
  readonly migrationOf: FindMigration;
  readonly isRemote: (effect: string) => boolean;
  readonly random: () => number;
  readonly nowMs: number;
  readonly commitId: string;
}

type Decision = Pick<Plan, 'action'> & Partial<Pick<Plan, 'observations' | 'consumes' | 'companion'>>;

const waiting: Decision = { action: { type: 'nothing', next: { type: 'waiting' } } };
const again: Decision = { action: { type: 'nothing', next: { type: 'again' } } };

/** For an actor that another transaction is moving. */
export function passBy(step: Step): Plan {
  return planOf(step, null, { action: { type: 'nothing', next: { type: 'busy' } } });
}

export function decide(
  step: Step,
  locked: LockedActor | null,
  message: Message | null,
  context: DecisionContext,
): Plan {
  return planOf(step, locked, decideFor(step, locked, message, context));
}

function planOf(step: Step, locked: LockedActor | null, decision: Decision): Plan {
  return {
    step,
    locked,
    observations: decision.observations ?? [],
    consumes: decision.consumes ?? null,
    companion: decision.companion ?? null,
    action: decision.action,
    result: { answer: { type: 'applied' }, revision: locked?.row.revision ?? 0, next: { type: 'waiting' } },
  };
}

function decideFor(
  step: Step,
  locked: LockedActor | null,
  message: Message | null,
  context: DecisionContext,
): Decision {
  if (step.type === 'start') return locked ? refusal('exists', { actor: step.actorId }) : start(step, context);
  if (!locked) return step.type === 'advance' && message ? startByMessage(message, context) : absent(step);
  const { row } = locked;
  if (row.snapshot.status === 'done') return ended(step, row, message);
  if (step.type === 'park') return park(row, step.reason);
  if (step.type === 'unpark') return unpark(step, row);
  const gate = versionGate(row, context);
  if (gate.type === 'lacks') return leave(step, row);
  if (row.parked?.by === 'runtime')
    return step.type === 'send'
      ? refusal('refused', { ...row.parked })
      : { action: { type: 'nothing', next: { type: 'parked' } } };
  if (gate.type === 'migrates') return migrateFirst(gate.path, row, context);
  const { machine } = gate;
  try {
    return decideActive(step, { row, machine, state: rehydrated(machine, row), message }, context);
  } catch (error) {
    // A snapshot that does not fit, a guard that throws: this actor stands still, the batch goes on.
    return park(row, error instanceof Error ? error.message : String(error));
  }
}

function decideActive(step: ActiveStep, subject: ActiveSubject, context: DecisionContext): Decision {
  switch (step.type) {
    case 'send':
      return send(step, subject.machine, subject.state);
    case 'advance':
      return advance(step, subject, context);
    case 'outcome':
      return settle(step, subject, context);
    case 'notNow':
      return putOff(step, subject, context);
  }
}

/** Nothing moves it any more, whatever its version; messages for it are consumed. */
function ended(step: Step, row: ActorRow, message: Message | null): Decision {
  const done: Decision = { action: { type: 'nothing', next: { type: 'done' } } };
  switch (step.type) {
    case 'send':
      return refusal('refused', { reason: 'not accepted', state: row.path });
    case 'unpark':
      return refusal('refused', { reason: 'not parked by the runtime' });
    case 'outcome':
      return { ...done, observations: [{ type: 'outcome-stale', ...seen(row), effectId: step.effectId }] };
    case 'advance':
      return message ? { ...again, consumes: message, observations: [ignored(row, message.event.type)] } : done;
    case 'start':
    case 'notNow':
    case 'park':
      return done;
  }
}

/** Restores the state and makes sure that every stored effect still belongs to it. */
function rehydrated(machine: ActorMachine, row: ActorRow): MachineStep {
  const state = machine.rehydrate(row.snapshot);
  const lost = row.effects.find((effect) => state.invokes.get(effect.invoke) !== effect.src);
  if (lost) throw new Error(`the pending effect ${lost.id} (${lost.src}) is not one of the state ${state.view.path}`);
  return state;
}

function start(step: Step & { type: 'start' }, context: DecisionContext): Decision {
  const { action } = startOf(step.actorId, step.machine, step.input, step.traceparent, context);
  return { action, companion: step.companion };
}

/** A message finds nobody: its target begins, and takes the message in its next step. */
function startByMessage(message: Message, context: DecisionContext): Decision {
  if (!context.machineOf(message.targetMachine)) return { action: { type: 'nothing', next: { type: 'left' } } };
  return startOf(message.targetId, message.targetMachine, { id: message.targetId }, message.traceparent, context);
}

function startOf(
  id: string,
  machineId: string,
  input: Json,
  traceparent: string | null,
  context: DecisionContext,
): Decision {
  const machine = context.machineOf(machineId);
  if (!machine) throw new Error(`no machine is named ${machineId}`);
  const step = machine.start(input);
  const row: ActorRow = {
    id,
    machine: machine.id,
    version: machine.version,
    structureHash: machine.structureHash,
    revision: 0,
    path: step.view.path,
    snapshot: step.snapshot,
    timers: [],
    effects: [],
    parked: null,
    traceparent,
    startedAtMs: context.nowMs,
    enteredAtMs: context.nowMs,
  };
  return { action: { type: 'start', row, step, cause: { event: initEvent(input) } } };
}

function absent(step: Step): Decision {
  if (step.type === 'send') return refusal('refused', { reason: 'absent' });
  return { action: { type: 'nothing', next: { type: 'absent' } } };
}

function refusal(type: 'refused' | 'exists', detail: Json): Decision {
  return { action: { type: 'answer', answer: { type, detail }, next: { type: 'waiting' } } };
}

function leave(step: Step, row: ActorRow): Decision {
  const observations: Observation[] = [
    { type: 'unknown-version', ...seen(row), machine: row.machine, version: row.version },
  ];
  if (step.type === 'send') return { ...refusal('refused', { reason: 'unknown version' }), observations };
  return { action: { type: 'nothing', next: { type: 'left' } }, observations };
}

/** A commit of its own, before whatever the step wants. What cannot be mapped stands still, as it was, for a person. */
function migrateFirst(path: MigrationPath, row: ActorRow, context: DecisionContext): Decision {
  const migrated = migrate(path, row, { id: context.commitId, nowMs: context.nowMs });
  if (migrated.type === 'migrated') return { action: { type: 'migrate', migrated } };
  return park(row, `it cannot be migrated to v${path.target.version}: ${migrated.reason}`);
}

function park(row: ActorRow, reason: string): Decision {
  const parked = { by: 'runtime', reason } as const;
  return {
    action: { type: 'rewrite', row: { ...row, parked }, next: { type: 'parked' } },
    observations: [{ type: 'parked', ...seen(row), machine: row.machine, parking: parked }],
  };
}

/** Only what the runtime parked: a machine's parked state is left by an event. */
function unpark(step: Step & { type: 'unpark' }, row: ActorRow): Decision {
  if (row.parked?.by !== 'runtime') return refusal('refused', { reason: 'not parked by the runtime' });
  return {
    action: { type: 'rewrite', row: { ...row, parked: null }, next: { type: 'again' } },
    companion: step.companion,
  };
}

function send(step: Step & { type: 'send' }, machine: ActorMachine, state: MachineStep): Decision {
  if (!machine.accepts(state.state, step.event))
    return refusal('refused', { reason: 'not accepted', state: state.view.path });
  return { action: { type: 'move', state, cause: { event: step.event } }, companion: step.companion };
}

interface Subject {
  readonly row: ActorRow;
  readonly state: MachineStep;
}

type ActiveStep = Step & { type: 'send' | 'advance' | 'outcome' | 'notNow' };
type ActiveSubject = Subject & { readonly machine: ActorMachine; readonly message: Message | null };

function advance(step: Step & { type: 'advance' }, subject: ActiveSubject, context: DecisionContext): Decision {
  const { row, machine, state, message } = subject;
  if (message) return applyMessage(message, row, machine, state);
  if (row.parked) return { action: { type: 'nothing', next: { type: 'parked' } } };
  const timer = row.timers.filter(({ dueAtMs }) => dueAtMs <= context.nowMs).sort((a, b) => a.dueAtMs - b.dueAtMs)[0];
  if (timer) {
    if (machine.accepts(state.state, timer.event))
      return { action: { type: 'move', state, cause: { event: timer.event, timer } } };
    const timers = row.timers.filter((other) => other.id !== timer.id);
    return {
      action: { type: 'rewrite', row: { ...row, timers }, next: { type: 'again' } },
      observations: [ignored(row, timer.event.type)],
    };
  }
  // Whoever brought it there has handed it over; its wake row stays as that commit set it.
  if (step.until !== null && state.view.tags.includes(step.until))
    return { action: { type: 'nothing', next: { type: 'handedOver' } } };
  const effect = row.effects.find((pending) => !isLeased(pending, context.nowMs));
  if (!effect) return waiting;
  return context.isRemote(effect.src)
    ? claimRemote(row, state, effect, context)
    : { action: { type: 'local', state, effect } };
}

/** Applied or ignored, a message is deleted in this very commit. */
function applyMessage(message: Message, row: ActorRow, machine: ActorMachine, state: MachineStep): Decision {
  if (row.parked !== null || !machine.accepts(state.state, message.event))
    return { ...again, consumes: message, observations: [ignored(row, message.event.type)] };
  return { action: { type: 'move', state, cause: { event: message.event } }, consumes: message };
}

const ignored = (row: ActorRow, event: string): Observation => ({ type: 'event-ignored', ...seen(row), event });

/** Which actor, for an observation. */
export function seen({ id, revision, traceparent }: ActorRow): Seen {
  return { actorId: id, revision, traceparent };
}

function claimRemote(row: ActorRow, state: MachineStep, effect: PendingEffect, context: DecisionContext): Decision {
  const observations: Observation[] =
    effect.lease && effect.notNowSinceMs === null ? [{ type: 'lease-expired', ...seen(row), effectId: effect.id }] : [];
  if (effect.claims < maxClaims) return { action: { type: 'claim', row, effectId: effect.id }, observations };
  const outcome = {
    type: 'unknown',
    code: 'claims_spent',
    message: `claimed ${effect.claims} times without an outcome`,
  } as const;
  return {
    action: {
      type: 'move',
      state,
      cause: { event: uncertainEvent(effect.invoke, outcome, context.random()), settled: effect, remote: true },
    },
    observations: [...observations, { type: 'effect-outcome', ...seen(row), effect: effect.src, outcome: 'unknown' }],
  };
}

function settle(step: Step & { type: 'outcome' }, { row, state }: Subject, context: DecisionContext): Decision {
  const verdict = checkFence(row, step.effectId, step.token);
  if (verdict.type === 'stale')
    return { ...again, observations: [{ type: 'outcome-stale', ...seen(row), effectId: step.effectId }] };
  if (verdict.type === 'fenced')
    return {
      ...again,
      observations: [{ type: 'outcome-fenced', ...seen(row), effectId: step.effectId, token: step.token }],
    };
  const { effect } = verdict;
  const { outcome } = step;
  const event =
    outcome.type === 'done' || outcome.type === 'refused'
      ? settledEvent(effect.invoke, outcome)
      : uncertainEvent(effect.invoke, outcome, context.random());
  return {
    // Under the token that it came with, not the row's: the log must be able to show a fence that does not hold.
    action: { type: 'move', state, cause: { event, settled: { ...effect, token: step.token }, remote: true } },
    observations: [{ type: 'effect-outcome', ...seen(row), effect: effect.src, outcome: outcome.type }],
  };
}

/** The call was not made: the lease goes back, unless that has been the answer for too long. */
function putOff(step: Step & { type: 'notNow' }, { row, state }: Subject, context: DecisionContext): Decision {
  const verdict = checkFence(row, step.effectId, step.token);
  if (verdict.type !== 'current') return again;
  const { effect } = verdict;
  const sinceMs = effect.notNowSinceMs ?? context.nowMs;
  if (!step.late && context.nowMs - sinceMs >= maxNotNowMs) {
    const outcome = {
      type: 'failed',
      code: 'not_now',
      message: 'the participant was not to be called for too long',
    } as const;
    const event = uncertainEvent(effect.invoke, outcome, context.random());
    return {
      action: { type: 'move', state, cause: { event, settled: { ...effect, token: step.token }, remote: true } },
      observations: [{ type: 'effect-outcome', ...seen(row), effect: effect.src, outcome: 'failed' }],
    };
  }
  if (step.late)
    return { action: { type: 'rewrite', row: replaceEffect(row, unclaim(effect)), next: { type: 'again' } } };
  const given = giveBack(effect, context.nowMs, step.retryAfterMs, context.commitId);
  return { action: { type: 'rewrite', row: replaceEffect(row, given), next: { type: 'waiting' } } };
}
