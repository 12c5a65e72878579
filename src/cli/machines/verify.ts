/** `waybill machines verify`: enumerates what each machine can do, and judges it. */
import type { Command } from 'commander';
import { actorMachine, type ActorMachine } from '../../actors/index.ts';
import { machines as listed } from '../../machines/index.ts';
import { type Verdict, verify } from '../../verifier/index.ts';
import { exitCodes, type Wrap } from '../invocation.ts';
import { type MachineFinding, renderFigures, renderFinding } from '../render-verdict.ts';
import type { Listed } from './keep.ts';
import { verifyKept } from './verify-kept.ts';

/** One more thing that is checked of all listed machines, beside their properties. */
export interface Check {
  /** One line: what was looked at, and how much of it. */
  readonly figures: string;
  readonly findings: readonly MachineFinding[];
  /** Nothing is wrong with these, but somebody may want to know. */
  readonly hints: readonly string[];
}

/** Further checks, in the order in which they are told. */
const checks: readonly ((machines: readonly ActorMachine[]) => Promise<Check>)[] = [verifyKept];

/** What was found of all chosen machines. */
export interface Verification {
  readonly isProven: boolean;
  readonly verdicts: readonly Verdict[];
  readonly checks: readonly Check[];
  readonly findings: readonly MachineFinding[];
}

export function verifyCommand(machines: Command, wrap: Wrap): void {
  machines
    .command('verify')
    .description('enumerate everything that can happen to the machines, and check every property in every situation')
    .option('--machine <id>', 'this machine alone, all its versions')
    .action(
      wrap(async ({ json, print }, { machine: only }: { machine?: string }) => {
        if (only !== undefined && !listed.some(({ machine }) => machine.id === only)) {
          process.stderr.write(`waybill: no machine is named ${only}\n`);
          return exitCodes.problem;
        }
        const verification = await verifyMachines(listed, only);
        print(json ? JSON.stringify(asJson(verification)) : render(verification));
        return verification.isProven ? exitCodes.done : exitCodes.problem;
      }),
    );
}

/** @param only the machine to look at; the others are known to the checks, but not judged */
export async function verifyMachines(all: readonly Listed[], only?: string): Promise<Verification> {
  const isChosen = (id: string) => only === undefined || id === only;
  const verdicts = all
    .filter(({ machine }) => isChosen(machine.id))
    .map(({ machine, version, environment }) => verify(actorMachine(machine, version), environment));
  const every = all.map(({ machine, version }) => actorMachine(machine, version));
  const checked = await Promise.all(checks.map((check) => check(every)));
  const findings = [
    ...verdicts.flatMap(({ machine, version, findings: own }) =>
      own.map((finding): MachineFinding => ({ ...finding, machine, version })),
    ),
    ...checked.flatMap((check) => check.findings).filter(({ machine }) => isChosen(machine)),
  ];
  const isProven = findings.length === 0 && verdicts.every((verdict) => verdict.isProven);
  return { isProven, verdicts, checks: checked, findings };
}

function render({ verdicts, checks: checked, findings }: Verification): string {
  return [
    renderFigures(verdicts),
    ...checked.map(({ figures }) => figures),
    ...checked.flatMap(({ hints }) => hints.map((hint) => `hint: ${hint}`)),
    ...findings.map((finding) => `\n${renderFinding(finding)}`),
  ].join('\n');
}

function asJson({ isProven, verdicts, checks: checked, findings }: Verification) {
  const machines = verdicts.map(({ machine, version, states, situations, edges, transitions, ...rest }) => ({
    machine,
    version,
    states,
    situations,
    edges,
    transitions,
    properties: rest.properties,
    capped_at: rest.cappedAt,
    proven: rest.isProven,
    elapsed_ms: Math.round(rest.elapsedMs),
  }));
  return { proven: isProven, machines, findings, hints: checked.flatMap(({ hints }) => hints) };
}
