/** What a million waiting actors cost those that move: the same load beside none and beside all of them, in turns. */
import { loadEngine } from '../engines/catalog.ts';
import { openLab } from '../engines/lab.ts';
import { openStand, type Trial } from '../engines/trial.ts';
import { ratios, spread } from '../figures.ts';
import { addWaitingActors, checkWaitingActors } from '../runtime/waiting-actors.ts';
import { summary, summaryColumns, summaryRow } from './summary.ts';
import type { Workload } from './workload.ts';

const warmUp = 200;

export const cold: Workload = async ({ options, backend, report, profileTo }) => {
  const { n, rounds, inFlight, paced, perSecond, concurrency, maxBatch, preload } = options;
  const engine = await loadEngine('waybill');
  const tuning = { concurrency, maxBatch };
  await using lab = await openLab(backend);
  await using empty = await openStand(lab, engine, tuning);
  await using loaded = await openStand(lab, engine, tuning);
  report.say({ backend, waiting: preload, size: await addWaitingActors(loaded.settings, preload) });
  const load = { n, warmUp, inFlight, paced, perSecond, decline: false };
  const stands = { empty, loaded };
  const trials: Record<keyof typeof stands, Trial[]> = { empty: [], loaded: [] };
  for (let round = 1; round <= rounds; round += 1) {
    const turns = ['empty', 'loaded'] as const;
    for (const kind of round % 2 === 1 ? turns : turns.toReversed()) {
      // The audit replays the logs of all actors, and those of the waiting ones say the same a million times.
      const trial = await stands[kind].run({
        load,
        profileTo: kind === 'loaded' ? profileTo : null,
        check: kind === 'empty',
      });
      trials[kind].push(trial);
      report.say({ round, backend, table: kind, ...trial });
    }
  }
  await checkWaitingActors(loaded.settings, preload);
  const rates = (kind: keyof typeof trials) => trials[kind].map(({ sagasPerSecond }) => sagasPerSecond);
  report.say({ backend, waiting: preload, loadedToEmpty: spread(ratios(rates('loaded'), rates('empty'))) });
  const rows = [
    summary('empty table', trials.empty, trials.empty),
    summary(`beside ${preload} waiting`, trials.loaded, trials.empty),
  ];
  report.table(summaryColumns, rows.map(summaryRow));
};
