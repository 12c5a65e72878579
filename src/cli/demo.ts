/** `waybill demo`: orders through every outcome on a stack of its own, a worker killed on the way, then the audit. */
import type { Command } from 'commander';
import { closeBooks, playOutage, settle, stockShelves } from './demo/acts.ts';
import { play, type Stage } from './demo/play.ts';
import { type Act, perform } from './demo/progress.ts';
import { type Outcome, outcomeBody, problemsOf, renderOutcome } from './demo/report.ts';
import { outage, type Outage, type Scenario, scenarios } from './demo/scenarios.ts';
import { createStack, type DemoStack } from './demo/stack.ts';
import type { Played } from './demo/verdict.ts';
import { type ExitCode, exitCodes, type Invocation, type Wrap } from './invocation.ts';

export interface DemoOptions {
  /** Leaves the directory with the database and the logs. */
  readonly keep: boolean;
  readonly scenarios: readonly Scenario[];
  /** Null: no worker is killed. */
  readonly outage: Outage | null;
}

export function demoCommand(waybill: Command, wrap: Wrap): void {
  waybill
    .command('demo')
    .description('run orders through every outcome on a stack of its own, kill a worker, audit; under a minute')
    .option('--keep', 'leave the database and the logs')
    .action(wrap((invocation, { keep = false }: { keep?: boolean }) => demo(invocation, { keep, scenarios, outage })));
}

/** @returns `done` only if every order ended as expected and the audit is clean */
export async function demo(invocation: Invocation, options: DemoOptions): Promise<ExitCode> {
  const interrupted = untilInterrupted();
  const stack = await createStack(invocation.config, interrupted.signal);
  try {
    const outcome = await run(stack, invocation, options);
    return conclude(invocation, outcome);
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    process.stderr.write('waybill: interrupted\n');
    return exitCodes.problem;
  } finally {
    await stack.close({ keep: options.keep });
    if (options.keep)
      process.stderr.write(`kept in ${stack.directory}: DATA_DIR=${stack.directory} npx waybill start\n`);
    interrupted.release();
  }
}

async function run(stack: DemoStack, invocation: Invocation, options: DemoOptions): Promise<Outcome> {
  const startedAtMs = performance.now();
  const played = new Map<Scenario, Played>();
  const ordered = [...options.scenarios, ...(options.outage ? [options.outage.struck, options.outage.accepted] : [])];
  let stage: Stage | null = null;
  let closing: Omit<Outcome, 'played' | 'tookMs'> | null = null;
  const acts: Act[] = [
    { title: 'PostgreSQL 18, in a directory of its own', run: () => stack.openDatabase() },
    {
      title: 'edge + orders + inventory + payments + relay, and a worker, as processes',
      async run() {
        const url = await stack.startServices();
        // Shelves are stocked while the worker starts.
        [stage] = await Promise.all([stockShelves(url, stack.signal), stack.startWorker()]);
      },
    },
    {
      title: `${options.scenarios.length} orders at once, one for every way to end`,
      scenes: () => options.scenarios.map((scenario) => scene(there(stage), scenario, played)),
    },
    ...(options.outage ? [outageAct(stack, () => there(stage), options.outage, played)] : []),
    {
      title: 'Everything comes to rest; the audit',
      async run() {
        const unsettled = await settle(stack.pool, stack.signal);
        const { shelves, report } = await closeBooks(stack.pool, there(stage).productIds, ordered);
        closing = { unsettled, shelves, audit: report };
      },
    },
    { title: 'The processes drain', run: () => stack.drain() },
  ];
  await perform(acts, { silent: invocation.json });
  const results = ordered.flatMap((scenario) => played.get(scenario) ?? []);
  return {
    ...there<Omit<Outcome, 'played' | 'tookMs'>>(closing),
    played: results,
    tookMs: performance.now() - startedAtMs,
  };
}

function scene(stage: Stage, scenario: Scenario, played: Map<Scenario, Played>) {
  return {
    title: scenario.name,
    async run(report: (line: string) => void) {
      const result = await play(stage, scenario, report);
      played.set(scenario, result);
      throwProblems([result]);
    },
  };
}

function outageAct(stack: DemoStack, stage: () => Stage, parts: Outage, played: Map<Scenario, Played>): Act {
  return {
    title: 'A worker is killed in the middle of a capture, and another takes over',
    async run(report) {
      const results = await playOutage(stack, stage(), parts, report);
      for (const result of results) played.set(result.scenario, result);
      for (const { scenario, problems } of results)
        for (const problem of problems) report(`${scenario.name}: ${problem}`);
    },
  };
}

/** Shows a scene as failed. */
function throwProblems(results: readonly Played[]): void {
  const problems = results.flatMap((result) => result.problems);
  if (problems.length > 0) throw new Error(problems.join('; '));
}

function conclude({ json, print }: Invocation, outcome: Outcome): ExitCode {
  print(json ? JSON.stringify(outcomeBody(outcome)) : renderOutcome(outcome));
  return problemsOf(outcome).length === 0 ? exitCodes.done : exitCodes.problem;
}

/**
 * Ctrl-C ends the waits, and so does a terminal or a pipe that has gone away (`waybill demo | head`): what was started is
 * then taken down, and neither happening again changes anything about that.
 */
function untilInterrupted() {
  const controller = new AbortController();
  const onSignal = (): void => controller.abort(new Error('interrupted'));
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const outputs = [process.stdout, process.stderr];
  for (const signal of signals) process.on(signal, onSignal);
  for (const output of outputs) output.on('error', onSignal);
  const release = (): void => {
    for (const signal of signals) process.off(signal, onSignal);
  };
  return { signal: controller.signal, release };
}

function there<T>(value: T | null): T {
  if (value === null) throw new Error('an act was left out');
  return value;
}
