/** Counts what the runtime reports. Labels come from code and charts alone, so there are few. */
import type { Attributes, Counter, Meter } from '@opentelemetry/api';
import type { Observation, TransitionRecord } from '../actors/index.ts';
import type { ChartFacts } from './chart-facts.ts';
import type { Milestones } from './milestones.ts';

type Observed<Type extends Observation['type']> = Observation & { readonly type: Type };

/** From a commit to the next one of an actor that goes on at once, up to a week's wait. */
const dwellBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3_600];

export function runtimeMetrics(
  meter: Meter,
  facts: ChartFacts,
  milestones: Milestones,
): (observation: Observation) => void {
  const counters = createCounters(meter, milestones);
  const count = (name: string, labels?: Attributes): void => counters.get(name)?.add(1, labels);
  const actorsPerCommit = meter.createHistogram('commit_batch_actors', {
    description: 'Actors per committed batch',
    advice: { explicitBucketBoundaries: [1, 2, 4, 8, 16, 32, 64, 128, 256] },
  });
  const steps = meter.createHistogram('saga_step_duration_seconds', {
    description: 'How long actors stayed in a state, by machine and the state left',
    advice: { explicitBucketBoundaries: dwellBuckets },
  });
  const sagas = meter.createHistogram('saga_duration_seconds', {
    description: 'From the start of an actor to its end, by machine and final state',
    advice: { explicitBucketBoundaries: dwellBuckets },
  });

  const left = (machine: string, { from, to, atMs }: TransitionRecord, enteredAtMs: number): void => {
    if (from === null || from === to) return;
    const dwellMs = Math.max(0, atMs - enteredAtMs);
    steps.record(dwellMs / 1_000, { machine, state: from });
    const deadline = facts.deadlineOf(machine, from);
    if (!deadline) return;
    count('saga_steps_total', { machine, step: deadline.step });
    if (dwellMs > deadline.expectedMs) count('saga_steps_late_total', { machine, step: deadline.step });
  };
  const transition = ({ machine, record, before, ended, startedAtMs }: Observed<'transition'>): void => {
    countMilestones(count, milestones, machine, record);
    count('actor_transitions_total', { machine, state: record.to });
    if (before) left(machine, record, before.enteredAtMs);
    if (ended) sagas.record(Math.max(0, record.atMs - startedAtMs) / 1_000, { machine, state: record.to });
  };
  const outcome = (effect: string, result: string): void => {
    count('effect_outcomes_total', { effect, outcome: result });
    if (result === 'done') return;
    const participant = effect.split('.', 1)[0];
    if (participant === 'inventory') count('inventory_failures_total', { effect, outcome: result });
    if (participant === 'payments') count('payment_failures_total', { effect, outcome: result });
  };

  return (observation) => {
    switch (observation.type) {
      case 'transition':
        return transition(observation);
      case 'event-ignored':
        return count('actor_events_ignored_total');
      case 'effect-outcome':
        return outcome(observation.effect, observation.outcome);
      case 'outcome-stale':
        return count('effect_outcomes_stale_total', { effect: invokeOf(observation.effectId) });
      case 'outcome-fenced':
        return count('effect_outcomes_fenced_total', { effect: invokeOf(observation.effectId) });
      case 'lease-expired':
        return count('leases_expired_total', { effect: invokeOf(observation.effectId) });
      case 'parked':
        return count('actors_parked_total', { machine: observation.machine, reason: reasonOf(observation) });
      case 'unknown-version':
        return count('actor_unknown_version_total', { machine: observation.machine, version: observation.version });
      case 'migrated': {
        const { machine, from, to } = observation;
        return count('actors_migrated_total', { machine, from, to });
      }
      case 'commit':
        count('commits_total');
        return actorsPerCommit.record(observation.actors);
      case 'commit-retried':
        return count('commits_retried_total', { reason: observation.reason });
    }
  };
}

const counterDescriptions: Readonly<Record<string, string>> = {
  actor_transitions_total: 'Committed transitions, by machine and state entered',
  actor_events_ignored_total: 'Events that the state did not accept',
  effect_outcomes_total: 'Outcomes of effects, by effect and kind',
  effect_outcomes_stale_total: 'Outcomes dropped because their effect was no longer pending',
  effect_outcomes_fenced_total: 'Outcomes dropped because their lease had been claimed anew',
  inventory_failures_total: 'Outcomes of inventory effects other than done',
  payment_failures_total: 'Outcomes of payment effects other than done',
  leases_expired_total: 'Remote calls whose lease ran out before an outcome came',
  saga_steps_total: 'States left of steps that say how long they should take',
  saga_steps_late_total: 'Those of them that took longer',
  actors_parked_total: 'Actors that were parked, by machine and reason',
  actor_unknown_version_total: 'Visits to actors of a machine version that is not registered here',
  actors_migrated_total: 'Actors taken to another machine version, by machine and versions',
  commits_total: 'Committed batches',
  commits_retried_total: 'Batches that were rolled back and tried again',
};

/** Shown from the start, without labels of their own: an alert on a rate needs the zero before the first one. */
const shownFromTheStart = ['saga_steps_total', 'saga_steps_late_total', 'commits_total'];

function createCounters(meter: Meter, milestones: Milestones): ReadonlyMap<string, Counter> {
  const counters = new Map<string, Counter>();
  for (const [name, description] of Object.entries(counterDescriptions)) {
    const counter = meter.createCounter(name, { description });
    counters.set(name, counter);
    if (shownFromTheStart.includes(name)) counter.add(0);
  }
  for (const { counters: described, started, states } of Object.values(milestones)) {
    for (const [name, description] of Object.entries(described))
      counters.set(name, meter.createCounter(name, { description }));
    const marks = [...(started === undefined ? [] : [{ counter: started }]), ...Object.values(states)];
    for (const mark of marks) counters.get(mark.counter)?.add(0, 'labels' in mark ? mark.labels : undefined);
  }
  return counters;
}

function countMilestones(
  count: (name: string, labels?: Attributes) => void,
  milestones: Milestones,
  machine: string,
  { from, to }: TransitionRecord,
): void {
  const marks = milestones[machine];
  if (marks === undefined) return;
  if (from === null && marks.started !== undefined) count(marks.started);
  const reached = from === to ? undefined : marks.states[to];
  if (reached) count(reached.counter, reached.labels);
}

/** A machine's reason is one of its states; the runtime's own may be any text. */
function reasonOf({ parking }: Observed<'parked'>): string {
  return parking.by === 'machine' ? parking.reason : 'runtime';
}

/** `<invoke id>@<revision>`: the first part comes from the machine, the second grows without end. */
function invokeOf(effectId: string): string {
  return effectId.split('@', 1)[0] ?? effectId;
}
