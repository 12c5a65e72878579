/** The log lines of what the runtime reports: what goes on by itself at debug or info, what needs a person at warn. */
import type { Logger } from 'pino';
import { type Observation, transitionSpanId } from '../actors/index.ts';

/** Every line of an actor carries its trace: the span is that of the transition it stands at. */
export function runtimeLog(log: Logger): (observation: Observation) => void {
  const versionsSeen = new Set<string>();
  return (observation) => {
    switch (observation.type) {
      case 'transition':
        return logTransition(log, observation);
      case 'event-ignored':
        return log.debug({ ...actorOf(observation), event: observation.event }, 'event ignored');
      case 'effect-outcome':
        return logOutcome(log, observation);
      case 'outcome-stale':
        return log.info({ ...actorOf(observation), effect_id: observation.effectId }, 'outcome dropped: stale');
      case 'outcome-fenced':
        return log.info(
          { ...actorOf(observation), effect_id: observation.effectId, claim: observation.token },
          'outcome dropped: fenced',
        );
      case 'lease-expired':
        return log.info({ ...actorOf(observation), effect_id: observation.effectId }, 'lease expired');
      case 'parked': {
        const { machine, parking } = observation;
        const line = { ...actorOf(observation), machine, by: parking.by, reason: parking.reason };
        return log.warn(line, 'actor parked: needs attention');
      }
      case 'unknown-version': {
        const { machine, version } = observation;
        // Each such actor comes back every second: say it once.
        if (versionsSeen.has(`${machine}@${version}`)) return;
        versionsSeen.add(`${machine}@${version}`);
        return log.warn({ machine, version, ...actorOf(observation) }, 'machine version is not registered here');
      }
      case 'migrated': {
        const { machine, from, to } = observation;
        return log.info({ ...actorOf(observation), machine, from, to }, 'actor migrated');
      }
      case 'commit':
        return;
      case 'commit-retried':
        return log.info({ reason: observation.reason }, 'commit retried');
      default:
        return assertNever(observation);
    }
  };
}

type Observed<Type extends Observation['type']> = Observation & { readonly type: Type };

function logTransition(log: Logger, { machine, record, tags }: Observed<'transition'>): void {
  const begins = tags.includes('compensating') && topState(record.from) !== topState(record.to);
  // Not even the line is made up where nobody reads it: this is the hot path.
  if (!begins && !log.isLevelEnabled('debug')) return;
  const { event, from, to } = record;
  const line = { ...actorOf(record), machine, event: event.type, from, to };
  if (begins) log.info(line, 'compensation begins');
  else log.debug(line, 'transition');
}

function logOutcome(log: Logger, observed: Observed<'effect-outcome'>): void {
  const isFine = observed.outcome === 'done';
  if (isFine && !log.isLevelEnabled('debug')) return;
  const line = { ...actorOf(observed), effect: observed.effect, outcome: observed.outcome };
  if (isFine) log.debug(line, 'effect answered');
  else log.info(line, 'effect not done');
}

/** Which actor at which revision, and where in its trace that is. */
function actorOf({
  actorId,
  revision,
  traceparent,
}: {
  actorId: string;
  revision: number;
  traceparent: string | null;
}) {
  const trace = traceparent && {
    trace_id: traceparent.slice(3, 35),
    span_id: transitionSpanId(actorId, revision),
  };
  return { actor_id: actorId, revision, ...trace };
}

function topState(path: string | null): string | undefined {
  return path?.split('.', 1)[0];
}

function assertNever(value: never): never {
  throw new TypeError(`unexpected observation ${JSON.stringify(value)}`);
}
