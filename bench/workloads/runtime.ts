/**
 * The four-step saga through the library, alone or with its peers: all engines once in every round, so that what the machine
 * does meanwhile strikes all alike. With `decline` every payment is declined, and what was done before is undone.
 */
import { loadEngine, type NamedEngine, peersOf } from '../engines/catalog.ts';
import { type Lab, NoRedis, openLab } from '../engines/lab.ts';
import { runTrial, type Trial } from '../engines/trial.ts';
import { summary, summaryColumns, summaryRow } from './summary.ts';
import type { Workload, WorkloadPorts } from './workload.ts';

export const runtime: Workload = (ports) => measure(ports, false);

export const decline: Workload = (ports) => measure(ports, true);

const product = 'waybill';
const warmUp = 200;

async function measure(ports: WorkloadPorts, declined: boolean): Promise<void> {
  const { options, backend, report } = ports;
  const names = options.engines ?? [product, ...(options.peers ? peersOf(backend) : [])];
  const loaded = await Promise.all(names.map(loadEngine));
  const engines = declined ? loaded.filter(({ engine }) => !engine.neverDeclines) : loaded;
  const trials = new Map<string, (Trial | null)[]>(engines.map(({ name }) => [name, []]));
  await using lab = await openLab(backend);
  for (let round = 1; round <= options.rounds; round += 1)
    // From either end, so that a machine that slows down or speeds up favours nobody.
    for (const engine of round % 2 === 1 ? engines : engines.toReversed()) {
      const trial = await tried(ports, lab, engine, declined);
      trials.get(engine.name)?.push('failed' in trial ? null : trial);
      report.say({ round, backend, engine: engine.name, ...trial });
    }
  const ours = trials.get(product) ?? [];
  const summaries = [...trials].map(([engine, those]) => summary(engine, those, ours));
  for (const each of summaries) report.say({ backend, ...each });
  report.table(summaryColumns, summaries.map(summaryRow));
  if (ours.length > 0 && ours.every((trial) => trial === null)) throw new Error('no run of Waybill counts');
}

/** A peer that fails takes no one down; that it failed is reported. */
async function tried(
  { options, profileTo }: WorkloadPorts,
  lab: Lab,
  engine: NamedEngine,
  declined: boolean,
): Promise<Trial | { readonly failed: string }> {
  const n = Math.max(1, Math.round(options.n * (engine.engine.share ?? 1)));
  const { inFlight, paced, perSecond, concurrency, maxBatch } = options;
  const load = { n, warmUp: Math.min(warmUp, n), inFlight, paced, perSecond, decline: declined };
  try {
    const tuning = engine.name === product ? { concurrency, maxBatch } : {};
    return await runTrial(lab, { engine, load, profileTo }, tuning);
  } catch (error) {
    if (error instanceof NoRedis || engine.name === product) throw error;
    return { failed: error instanceof Error ? error.message : String(error) };
  }
}
