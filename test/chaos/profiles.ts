/** What a run does to the system, and for how long. */
import { type CrashLabel, crashLabels } from '../../src/crash-points/crash-points.ts';

export type Backend = 'redis' | 'postgres';

export interface Profile {
  readonly name: string;
  /** How long faults strike, in seconds; then every process is restarted in turn, and the rest is waited for. */
  readonly faultSeconds: number;
  readonly customers: number;
  /** Whether a run must have dropped the outcome of a zombie. */
  readonly needsFenced: boolean;
}

export const profiles: Readonly<Record<'short' | 'night', Profile>> = {
  short: { name: 'short', faultSeconds: 65, customers: 16, needsFenced: false },
  night: { name: 'night', faultSeconds: 3_600, customers: 20, needsFenced: true },
};

export const killAt = (label: CrashLabel): string => `kill -9 at ${label}`;

/** Every fault by the name it is counted under. */
export const faults = {
  kill: 'kill -9 at random',
  zombie: 'zombie: stopped for longer than its lease',
  terminated: 'Postgres backend terminated',
  crash: 'Postgres shut down at once and restarted',
  answerLost: 'COMMIT whose answer is lost',
  commitLost: 'COMMIT that never arrives',
  flushed: 'Redis FLUSHALL',
  redisKilled: 'Redis killed, and empty again',
  doubled: 'wake-up job doubled',
  dropped: 'wake-up job dropped',
  reordered: 'wake-up job reordered and late',
  weather: 'gateway slow, and failing a third of its calls',
  overtaken: 'gateway call held past its undo, and refused',
  clockOff: 'process whose clock is an hour off',
  scenario: 'gateway call failed or kept its answer, by token',
  rolled: 'process restarted by SIGTERM under load',
} as const;

/** What has to strike in a run with this backend. */
export function expectedFaults(backend: Backend): string[] {
  const onRedisAlone: readonly string[] = [faults.flushed, faults.redisKilled];
  const others = Object.values(faults).filter((name) => backend === 'redis' || !onRedisAlone.includes(name));
  return [...crashLabels.map(killAt), ...others];
}
