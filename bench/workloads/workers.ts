/** What a second worker gives or takes on one machine: the same load with one and with two of them, in turns. */
import { loadEngine } from '../engines/catalog.ts';
import { openLab } from '../engines/lab.ts';
import { runTrial, type Trial } from '../engines/trial.ts';
import { ratios, spread } from '../figures.ts';
import { summary, summaryColumns, summaryRow } from './summary.ts';
import type { Workload } from './workload.ts';

const warmUp = 200;

export const workers: Workload = async ({ options, backend, report, profileTo }) => {
  const { n, rounds, inFlight, paced, perSecond, concurrency, maxBatch } = options;
  const engine = await loadEngine('waybill');
  await using lab = await openLab(backend);
  const load = { n, warmUp, inFlight, paced, perSecond, decline: false };
  const trials: [one: Trial[], two: Trial[]] = [[], []];
  for (let round = 1; round <= rounds; round += 1) {
    const turns = [1, 2] as const;
    for (const count of round % 2 === 1 ? turns : turns.toReversed()) {
      const trial = await runTrial(lab, { engine, load, profileTo, workers: count }, { concurrency, maxBatch });
      trials[count - 1]?.push(trial);
      report.say({ round, backend, workers: count, ...trial });
    }
  }
  const [one, two] = trials;
  const rates = (those: readonly Trial[]) => those.map(({ sagasPerSecond }) => sagasPerSecond);
  report.say({ backend, twoToOne: spread(ratios(rates(two), rates(one))) });
  const rows = [summary('one worker', one, one), summary('two workers', two, one)];
  report.table(summaryColumns, rows.map(summaryRow));
};
