/** Drives many paths over several lanes, audits what they left behind, and counts what was shown. */
import { type ActorMachine, type LiveState, type TransitionRecord } from '../../../src/actors/index.ts';
import { audit } from '../../../src/audit/audit.ts';
import { textTable } from '../../../src/cli/table.ts';
import type { MachinePath } from '../../../src/verifier/paths.ts';
import type { Crash } from './crashes.ts';
import { drivePath } from './drive.ts';
import { type Counts, type Form, type Lane, noCounts, openLane } from './lane.ts';

/** One life to lead. */
export interface Assignment {
  readonly machine: ActorMachine;
  readonly path: MachinePath;
  readonly seed: number;
  /** Default: drawn with the seed. */
  readonly crash?: Crash;
}

export interface RunOptions {
  readonly form: Form;
  /** Null: wake-ups over Postgres. */
  readonly redisUrls: readonly (string | null)[];
  readonly assignments: readonly Assignment[];
}

export interface Run {
  /** What went wrong, path by path; then whatever the audits found. */
  readonly problems: readonly string[];
  /** Machine → what the logs show. */
  readonly shown: ReadonlyMap<string, Shown>;
  readonly counts: Counts;
  readonly elapsedMs: number;
}

export interface Shown {
  paths: number;
  steps: number;
  readonly states: Set<string>;
  readonly transitions: Set<string>;
}

/** What is broken for good is seen on a few paths. */
const maxProblems = 3;

/** One lane per queue: on each, path after path, since they share its clock. */
export async function runPaths({ form, redisUrls, assignments }: RunOptions): Promise<Run> {
  const startedAt = performance.now();
  const waiting = [...assignments];
  const problems: string[] = [];
  const shown = new Map<string, Shown>();
  const work = async (redisUrl: string | null): Promise<Counts> => {
    const lane = await openLane(form, redisUrl);
    try {
      for (let next = waiting.shift(); next && problems.length < maxProblems; next = waiting.shift()) {
        const records = await drivePath(lane, next.machine, next.path, next);
        note(shown, next, records);
      }
      problems.push(...(await findings(lane)));
    } catch (error) {
      // The order it was at has not ended, and would disturb what follows.
      problems.push(error instanceof Error ? error.message : String(error));
    } finally {
      await lane.close();
    }
    return lane.counts;
  };
  const counts = await Promise.all(redisUrls.map(work));
  return { problems, shown, counts: counts.reduce(sum, noCounts()), elapsedMs: performance.now() - startedAt };
}

function sum(a: Counts, b: Counts): Counts {
  const total = noCounts();
  for (const name of countNames) total[name] = a[name] + b[name];
  return total;
}

const countNames = ['wakeUps', 'commits', 'crashes', 'leasesExpired', 'fenced', 'stale', 'lateCalls'] as const;

async function findings(lane: Lane): Promise<string[]> {
  const report = await audit(lane.pool, { machines: lane.machines, live: false });
  return report.findings.map((finding) => `the audit finds ${JSON.stringify(finding)}`);
}

/** By the log as it was stored, replayed: not by what the path promised. */
function note(shown: Map<string, Shown>, { machine }: Assignment, records: readonly TransitionRecord[]): void {
  const entry = shown.get(machine.id) ?? { paths: 0, steps: 0, states: new Set(), transitions: new Set() };
  shown.set(machine.id, entry);
  entry.paths += 1;
  entry.steps += records.length;
  let state: LiveState | null = null;
  for (const { event, to } of records) {
    const step = machine.trace(state, event);
    state = step.state;
    entry.states.add(to);
    for (const id of step.taken) entry.transitions.add(id);
  }
}

/** The coverage table: one line per machine, of what there is to be shown. */
export function coverageTable(
  title: string,
  run: Run,
  reachable: ReadonlyMap<string, { readonly states: number; readonly transitions: number }>,
): string {
  const { counts } = run;
  const rows = [...run.shown].map(([machine, { states, transitions, paths, steps }]) => [
    machine,
    `${states.size} of ${reachable.get(machine)?.states ?? 0}`,
    `${transitions.size} of ${reachable.get(machine)?.transitions ?? 0}`,
    paths,
    steps,
  ]);
  const sums = [
    `${counts.crashes} crashes`,
    `${counts.wakeUps} wake-ups, each delivered twice`,
    `${counts.leasesExpired} leases expired`,
    `${counts.fenced} outcomes fenced, ${counts.stale} stale`,
    `${counts.lateCalls} calls once more after the end`,
    `${counts.commits} commits`,
    `${(run.elapsedMs / 1_000).toFixed(1)} s`,
  ];
  return `${title}\n${textTable(['machine', 'states', 'transitions', 'paths', 'steps'], rows)}\n${sums.join(' · ')}\n`;
}
