/**
 * One run on one backend: starts the system and its customers, lets the faults strike side by side, restarts every
 * process in turn, waits for the end of every order, and judges.
 */
import { type Item, openShop, overHttp } from '../support/shop.ts';
import { readRecords } from '../support/system-records.ts';
import { chance } from './chance.ts';
import { createCounters } from './counters.ts';
import { type Customers, startCustomers } from './customers.ts';
import { countScenarios, droppedFigure, figuresOf } from './figures.ts';
import { rollOver } from './process-faults.ts';
import { type Backend, expectedFaults, type Profile } from './profiles.ts';
import { resumeQueue } from './queue-faults.ts';
import { strike } from './strike.ts';
import { startSystem, type System } from './system.ts';
import { allEnded, judge, type Verdict } from './verdicts.ts';

export interface ChaosOptions {
  readonly profile: Profile;
  readonly backend: Backend;
  readonly seed: number;
  readonly say: (line: string) => void;
}

export interface Outcome {
  /** How often each fault struck. */
  readonly struck: ReadonlyMap<string, number>;
  /** Faults of the profile that never struck: then the run shows nothing. */
  readonly missing: readonly string[];
  readonly verdicts: readonly Verdict[];
  /** Orders by status, and what else was counted on the way. */
  readonly figures: ReadonlyMap<string, number>;
}

export async function chaos({ profile, backend, seed, say }: ChaosOptions): Promise<Outcome> {
  const counters = createCounters(expectedFaults(backend, profile.tracks));
  await using opened = new AsyncDisposableStack();
  const system = await startSystem(backend, profile.tracks, seed, counters);
  opened.defer(() => system.stop());
  const records = readRecords(system.databaseUrl);
  opened.defer(() => records.close());
  const customers = await letCustomersIn(system, profile, seed);
  say(`${system.members.length} processes are up; faults strike for ${profile.faultSeconds} s`);
  await strike(system, counters, { profile, seed });
  say('every process is restarted in turn');
  await rollOver(system, counters);
  await resumeQueue(system);
  const healedAtMs = performance.now();
  say(`the last fault is over; ${await records.unfinished()} orders and notices are on their way`);
  await customers.stop();
  const ended = await allEnded(records);
  const drainedMs = performance.now() - healedAtMs;
  say('judging');
  await countScenarios(records, counters);
  const verdicts = [ended, ...(await judge(system, records, customers))];
  const figures = await figuresOf({ system, records, customers, drainedMs });
  const missing = counters.missing();
  const noFenced = profile.needsFenced && figures.get(droppedFigure) === 0;
  return {
    struck: counters.all(),
    missing: noFenced ? [...missing, droppedFigure] : missing,
    verdicts,
    figures,
  };
}

/** So many that orders seldom want the same: a hot product has a test of its own. */
const products = 40;

async function letCustomersIn(system: System, profile: Profile, seed: number): Promise<Customers> {
  const [edge] = system.edges;
  if (!edge) throw new Error('no edge');
  const shop = openShop(overHttp(edge.url));
  const stock = 1_000_000;
  const ids = await Promise.all(Array.from({ length: products }, () => shop.product({ stock })));
  // The last one runs out: a refusal among the orders.
  const scarce = await shop.product({ stock: 20 });
  const items: Item[] = [...ids, scarce, scarce].map((productId) => ({ productId, quantity: 1 }));
  const edges = system.edges.map(({ url }) => url);
  return startCustomers({ edges, customers: profile.customers, items, chance: chance(seed + 1) });
}
