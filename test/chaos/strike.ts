/** Lets faults strike for as long as the profile says: in each track one after the other, the tracks side by side. */
import { setTimeout as sleep } from 'node:timers/promises';
import { chance, type Chance, deck } from './chance.ts';
import type { Counters } from './counters.ts';
import { overtakeByUndo } from './gateway-faults.ts';
import { killOne, raiseZombie, spoilWeather } from './process-faults.ts';
import { faults, type Profile, type TrackName } from './profiles.ts';
import { flushAll, killRedis, tamperWithJobs } from './queue-faults.ts';
import { commitLoser, crashPostgres, terminateBackends } from './store-faults.ts';
import type { System } from './system.ts';

/** A slow machine gets more time for what has not struck yet. */
const maxOvertime = 3;
/** Counted only when all is over. */
const byTheEnd: readonly string[] = [faults.scenario, faults.rolled];

/** Counters of a process die with it: those of its last moments are not counted. */
const watchMs = 500;

/** @param options `seed`: chooses the victims, and the order and the pauses of each track */
export async function strike(
  system: System,
  counters: Counters,
  { profile, seed }: { readonly profile: Profile; readonly seed: number },
): Promise<void> {
  const ending = new AbortController();
  const over = ending.signal;
  const watch = async (): Promise<void> => {
    const begunMs = performance.now();
    for (;;) {
      await Promise.all(system.members.map((member) => member.look()));
      await sleep(watchMs);
      const seconds = (performance.now() - begunMs) / 1_000;
      const late = seconds > profile.faultSeconds * maxOvertime;
      if (late || (seconds > profile.faultSeconds && counters.missing(byTheEnd).length === 0)) return ending.abort();
    }
  };
  const run = async ({ pauseMs, faults: cards }: Track, n: number): Promise<void> => {
    const luck = chance(seed * 100 + n);
    const next = deck(cards, luck);
    for (;;) {
      await sleep(luck.between(pauseMs.from, pauseMs.to) / profile.pace, undefined, { signal: over }).catch(
        () => undefined,
      );
      if (over.aborted) return;
      await next()(luck);
    }
  };
  await Promise.all([
    watch(),
    ...tracksOf(system, counters, seed)
      .filter(({ name }) => profile.tracks.includes(name))
      .map(run),
  ]);
}

const overtakers = 3;

interface Track {
  readonly name: TrackName;
  readonly pauseMs: { readonly from: number; readonly to: number };
  readonly faults: readonly ((chance: Chance) => Promise<void> | void)[];
}

function tracksOf(system: System, counters: Counters, seed: number): Track[] {
  const tamper = (luck: Chance): Promise<void> => tamperWithJobs(system, counters, luck);
  const loseCommit = commitLoser(system, counters, chance(seed + 2));
  const onRedis = system.redisUrl === null ? [] : [() => flushAll(system, counters), () => killRedis(system, counters)];
  return [
    { name: 'kills', pauseMs: { from: 1_500, to: 3_500 }, faults: [(luck) => killOne(system, counters, luck)] },
    { name: 'zombies', pauseMs: { from: 500, to: 1_500 }, faults: [(luck) => raiseZombie(system, counters, luck)] },
    { name: 'weather', pauseMs: { from: 12_000, to: 20_000 }, faults: [() => spoilWeather(system, counters)] },
    {
      name: 'store',
      // Not so often that no zombie ever finds its connections as it left them.
      pauseMs: { from: 8_000, to: 16_000 },
      faults: [() => crashPostgres(system, counters), (luck) => terminateBackends(system, counters, luck)],
    },
    { name: 'commits', pauseMs: { from: 200, to: 800 }, faults: [loseCommit] },
    // Each takes as long as an undo does, which is long while everything else breaks.
    ...Array.from({ length: overtakers }, (): Track => ({
      name: 'overtaking',
      pauseMs: { from: 500, to: 2_000 },
      faults: [() => overtakeByUndo(system, counters)],
    })),
    { name: 'queue', pauseMs: { from: 500, to: 1_500 }, faults: [tamper, tamper, tamper, ...onRedis] },
  ];
}
