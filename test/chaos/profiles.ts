/** What a run does to the system, and for how long. */
import { type CrashLabel, crashLabels } from '../../src/crash-points/crash-points.ts';

export type Backend = 'redis' | 'postgres';

/** What strikes side by side, each at a pace of its own. */
export const trackNames = ['kills', 'zombies', 'weather', 'store', 'commits', 'overtaking', 'queue', 'clocks'] as const;
export type TrackName = (typeof trackNames)[number];

export interface Profile {
  readonly name: string;
  /** How long faults strike, in seconds; then every process is restarted in turn, and the rest is waited for. */
  readonly faultSeconds: number;
  readonly customers: number;
  /** Whether a run must have dropped the outcome of a zombie. */
  readonly needsFenced: boolean;
  readonly tracks: readonly TrackName[];
  /** So many times as often as usual. */
  readonly pace: number;
}

/** An order that is to be cancelled and undone while everything else breaks takes a long time to get there. */
const soon = trackNames.filter((name) => name !== 'overtaking');
const everything = { customers: 16, needsFenced: false, tracks: trackNames, pace: 1 } as const;

export const profiles: Readonly<Record<'short' | 'night', Profile>> = {
  short: { ...everything, name: 'short', faultSeconds: 65, tracks: soon },
  night: { ...everything, name: 'night', faultSeconds: 3_600, customers: 20, needsFenced: true },
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

const faultsOfTracks: Readonly<Record<TrackName, readonly string[]>> = {
  kills: [...crashLabels.map(killAt), faults.kill],
  zombies: [faults.zombie],
  weather: [faults.weather],
  store: [faults.terminated, faults.crash],
  commits: [faults.answerLost, faults.commitLost],
  overtaking: [faults.overtaken],
  queue: [faults.flushed, faults.redisKilled, faults.doubled, faults.dropped, faults.reordered],
  clocks: [faults.clockOff],
};
const onRedisAlone: readonly string[] = [faults.flushed, faults.redisKilled];
/** In every run: by what customers pay with, and at its end. */
const always = [faults.scenario, faults.rolled];

/** What has to strike in a run of these tracks with this backend. */
export function expectedFaults(backend: Backend, tracks: readonly TrackName[] = trackNames): string[] {
  const names = [...tracks.flatMap((track) => faultsOfTracks[track]), ...always];
  return names.filter((name) => backend === 'redis' || !onRedisAlone.includes(name));
}
