/** What the command line asks for. */
import { parseArgs } from 'node:util';
import type { QueueBackend } from './engines/engine.ts';

export const help = `npm run bench -- [options]
  --workload runtime  runtime   the four-step saga through the library: submitter and worker, a BullMQ job per saga
                      decline   the same, every payment declined: what was done is undone
                      timers    --n actors whose timers fire, at once and over --seconds
                      cold      the throughput of runtime beside --preload waiting actors, and beside none
                      recover   the worker killed with 1,000 actors in flight: until all have ended
                      workers   runtime with one worker and with two, in turns
                      edge      POST /orders over HTTP to COMPLETED, with every participant; --preload: see below
                      hot       1,000 buyers for 100 pieces of one product; then --n on one product and on 100
                      overload  ten times the customers of its peak; orders ended per second, and when it is over
                      idle      what a stack takes that has nothing to do
                      audit     time and memory of waybill audit, with --preload finished orders
                      pages     the console's pages beside --preload finished orders, each --n times
  --n N               sagas, timers or orders of a round; default by workload
  --rounds 1          repetitions, in turns of all that is compared
  --backend redis     redis, postgres or both
  --in-flight 32      submits or requests at a time
  --rate 20           sagas per second of the slow pace, whose times are p50 and p99
  --paced 200         sagas of the slow pace; 0: none
  --concurrency N     actors in flight per worker; default as in the product
  --max-batch N       steps per commit; default as in the product
  --seconds 10        of each phase (overload), of the spread (timers), of looking (idle)
  --preload N         actors that wait (cold; 1,000,000), finished orders (edge, audit, pages)
  --peers             also other engines and floors, in turns (runtime, decline); once: npm ci --prefix bench/peers
  --engines a,b       these engines instead, waybill among them or not
  --cpu-prof          profiles of the processes into bench/profiles, and their hottest functions
  --keep              the results into bench/results
  --json              lines of JSON alone, no table`;

const workloadNames = [
  'runtime',
  'decline',
  'timers',
  'cold',
  'recover',
  'workers',
  'edge',
  'hot',
  'overload',
  'idle',
  'audit',
  'pages',
] as const;

export type WorkloadName = (typeof workloadNames)[number];

export interface Options {
  readonly workload: WorkloadName;
  readonly n: number;
  readonly rounds: number;
  readonly backends: readonly QueueBackend[];
  readonly inFlight: number;
  readonly perSecond: number;
  readonly paced: number;
  readonly concurrency: number | null;
  readonly maxBatch: number | null;
  readonly seconds: number;
  readonly preload: number;
  readonly peers: boolean;
  /** Null: Waybill alone, or with its peers. */
  readonly engines: readonly string[] | null;
  readonly cpuProf: boolean;
  readonly keep: boolean;
  readonly json: boolean;
}

const defaultN: Readonly<Record<WorkloadName, number>> = {
  runtime: 5_000,
  decline: 5_000,
  timers: 10_000,
  cold: 5_000,
  recover: 1_000,
  workers: 5_000,
  edge: 2_000,
  hot: 2_000,
  overload: 0,
  idle: 0,
  audit: 0,
  pages: 20,
};

/** An edge holds more requests than a program that calls the library submits at a time. */
const edgeInFlight = 64;
const million = 1_000_000;

/** @returns null when only help was asked for. @throws when an option is not one, or is no number where one belongs */
export function readOptions(args: readonly string[]): Options | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      workload: { type: 'string', default: 'runtime' },
      n: { type: 'string' },
      rounds: { type: 'string', default: '1' },
      backend: { type: 'string', default: 'redis' },
      'in-flight': { type: 'string' },
      rate: { type: 'string', default: '20' },
      paced: { type: 'string', default: '200' },
      concurrency: { type: 'string' },
      'max-batch': { type: 'string' },
      seconds: { type: 'string', default: '10' },
      preload: { type: 'string' },
      peers: { type: 'boolean', default: false },
      engines: { type: 'string' },
      'cpu-prof': { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const workload = workloadOf(values.workload);
  const isEdge = ['edge', 'hot', 'overload'].includes(workload);
  return {
    workload,
    n: count('n', values.n) ?? defaultN[workload],
    rounds: count('rounds', values.rounds) ?? 1,
    backends: backendsOf(values.backend),
    inFlight: count('in-flight', values['in-flight']) ?? (isEdge ? edgeInFlight : 32),
    perSecond: count('rate', values.rate) ?? 20,
    paced: count('paced', values.paced) ?? 0,
    concurrency: count('concurrency', values.concurrency),
    maxBatch: count('max-batch', values['max-batch']),
    seconds: count('seconds', values.seconds) ?? 10,
    preload: count('preload', values.preload) ?? (['cold', 'pages'].includes(workload) ? million : 0),
    peers: values.peers,
    engines: values.engines === undefined ? null : values.engines.split(',').filter(Boolean),
    cpuProf: values['cpu-prof'],
    keep: values.keep,
    json: values.json,
  };
}

function workloadOf(name: string): WorkloadName {
  const found = workloadNames.find((workload) => workload === name);
  if (!found) throw new Error(`--workload ${name}: there are ${workloadNames.join(', ')}`);
  return found;
}

function backendsOf(name: string): readonly QueueBackend[] {
  if (name === 'both') return ['redis', 'postgres'];
  if (name === 'redis' || name === 'postgres') return [name];
  throw new Error(`--backend ${name}: redis, postgres or both`);
}

function count(option: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new Error(`--${option} ${text}: a whole number`);
  return value;
}
