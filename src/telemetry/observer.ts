/** Turns what the runtime reports into metrics and logs. */
import type { Attributes, Counter, Meter } from '@opentelemetry/api';
import type { Logger } from 'pino';
import type { Observation, Observer, Parking, TransitionRecord } from '../actors/ports.ts';

/** Which counters the transitions of a machine move, by the state entered; `started` by the first transition. */
export type Milestones = {
  readonly [machine: string]: {
    readonly started?: string;
    readonly states: { readonly [path: string]: { readonly counter: string; readonly labels?: Attributes } };
  };
};

/** Orders that were accepted, and how they ended. */
export const orderMilestones: Milestones = {
  order: {
    started: 'orders_created_total',
    states: {
      completed: { counter: 'orders_completed_total' },
      failed: { counter: 'orders_failed_total', labels: { stage: 'fulfilment' } },
      authorizationFailed: { counter: 'orders_failed_total', labels: { stage: 'authorization' } },
      cancelled: { counter: 'orders_cancelled_total' },
    },
  },
};

/**
 * Counts by machine, state, effect and outcome, and logs: transitions at debug, retries and compensation at info,
 * parking and unknown versions at warn. Labels come from code alone, never from ids, events or reasons: they stay few.
 * @param meter from a provider that has been started
 */
export function runtimeObserver(meter: Meter, log: Logger, milestones: Milestones = orderMilestones): Observer {
  const counters = createCounters(meter, milestones);
  const actorsPerCommit = meter.createHistogram('commit_batch_actors', {
    description: 'Actors per committed batch',
    advice: { explicitBucketBoundaries: [1, 2, 4, 8, 16, 32, 64, 128, 256] },
  });
  const count = (name: string, labels?: Attributes): void => counters.get(name)?.add(1, labels);
  const versionsSeen = new Set<string>();

  const record = (observation: Observation): void => {
    switch (observation.type) {
      case 'transition':
        countMilestones(count, milestones, observation.machine, observation.record);
        count('actor_transitions_total', { machine: observation.machine, state: observation.record.to });
        return logTransition(log, observation);
      case 'event-ignored':
        count('actor_events_ignored_total');
        return log.debug({ actor_id: observation.actorId, event: observation.event }, 'event ignored');
      case 'effect-outcome':
        count('effect_outcomes_total', { effect: observation.effect, outcome: observation.outcome });
        return logOutcome(log, observation);
      case 'outcome-stale':
        count('effect_outcomes_stale_total', { effect: invokeOf(observation.effectId) });
        return log.info({ actor_id: observation.actorId, effect_id: observation.effectId }, 'outcome dropped: stale');
      case 'outcome-fenced':
        count('effect_outcomes_fenced_total', { effect: invokeOf(observation.effectId) });
        return log.info(
          { actor_id: observation.actorId, effect_id: observation.effectId, claim: observation.token },
          'outcome dropped: fenced',
        );
      case 'lease-expired':
        count('leases_expired_total', { effect: invokeOf(observation.effectId) });
        return log.info({ actor_id: observation.actorId, effect_id: observation.effectId }, 'lease expired');
      case 'parked':
        count('actors_parked_total', { by: observation.parking.by });
        return logParked(log, observation.actorId, observation.parking);
      case 'unknown-version': {
        const { machine, version } = observation;
        count('actor_unknown_version_total', { machine, version });
        // Each such actor comes back every second: say it once.
        if (versionsSeen.has(`${machine}@${version}`)) return;
        versionsSeen.add(`${machine}@${version}`);
        return log.warn({ machine, version, actor_id: observation.actorId }, 'machine version is not registered here');
      }
      case 'migrated': {
        const { machine, from, to } = observation;
        count('actors_migrated_total', { machine, from, to });
        return log.info({ actor_id: observation.actorId, machine, from, to }, 'actor migrated');
      }
      case 'commit':
        count('commits_total');
        return actorsPerCommit.record(observation.actors);
      case 'commit-retried':
        count('commits_retried_total', { reason: observation.reason });
        return log.info({ reason: observation.reason }, 'commit retried');
      default:
        return assertNever(observation);
    }
  };
  return {
    observe(observation) {
      try {
        record(observation);
      } catch (error) {
        // The runtime goes on whatever happens to what it reports.
        log.error({ err: error, observation: observation.type }, 'observation lost');
      }
    },
  };
}

const counterDescriptions: Readonly<Record<string, string>> = {
  actor_transitions_total: 'Committed transitions, by machine and state entered',
  actor_events_ignored_total: 'Events that the state did not accept',
  effect_outcomes_total: 'Outcomes of effects, by effect and kind',
  effect_outcomes_stale_total: 'Outcomes dropped because their effect was no longer pending',
  effect_outcomes_fenced_total: 'Outcomes dropped because their lease had been claimed anew',
  leases_expired_total: 'Remote calls whose lease ran out before an outcome came',
  actors_parked_total: 'Actors that were parked, by whom',
  actor_unknown_version_total: 'Visits to actors of a machine version that is not registered here',
  actors_migrated_total: 'Actors taken to another machine version, by machine and versions',
  commits_total: 'Committed batches',
  commits_retried_total: 'Batches that were rolled back and tried again',
};

function createCounters(meter: Meter, milestones: Milestones): ReadonlyMap<string, Counter> {
  const counters = new Map<string, Counter>();
  for (const [name, description] of Object.entries(counterDescriptions)) {
    counters.set(name, meter.createCounter(name, { description }));
  }
  for (const { started, states } of Object.values(milestones)) {
    const marks = [...(started === undefined ? [] : [{ counter: started }]), ...Object.values(states)];
    for (const { counter, labels } of marks) {
      const instrument =
        counters.get(counter) ?? meter.createCounter(counter, { description: counter.replaceAll('_', ' ') });
      counters.set(counter, instrument);
      // Shown from the start: an alert on a rate needs the zero before the first one.
      instrument.add(0, labels);
    }
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

function logTransition(log: Logger, { machine, record, tags }: Observation & { readonly type: 'transition' }): void {
  const line = {
    actor_id: record.actorId,
    machine,
    revision: record.revision,
    event: record.event.type,
    from: record.from,
    to: record.to,
    trace_id: record.traceparent?.slice(3, 35),
  };
  const begins = tags.includes('compensating') && topState(record.from) !== topState(record.to);
  if (begins) log.info(line, 'compensation begins');
  else log.debug(line, 'transition');
}

function logOutcome(log: Logger, observed: Observation & { readonly type: 'effect-outcome' }): void {
  const line = { actor_id: observed.actorId, effect: observed.effect, outcome: observed.outcome };
  if (observed.outcome === 'done') log.debug(line, 'effect answered');
  else log.info(line, 'effect not done');
}

function logParked(log: Logger, actorId: string, parking: Parking): void {
  log.warn({ actor_id: actorId, by: parking.by, reason: parking.reason }, 'actor parked: needs attention');
}

/** `<invoke id>@<revision>`: the first part comes from the machine, the second grows without end. */
function invokeOf(effectId: string): string {
  return effectId.split('@', 1)[0] ?? effectId;
}

function topState(path: string | null): string | undefined {
  return path?.split('.', 1)[0];
}

function assertNever(value: never): never {
  throw new TypeError(`unexpected observation ${JSON.stringify(value)}`);
}
