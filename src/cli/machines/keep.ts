/** `waybill machines keep`: keeps what each version of a machine does, before it is released. */
import type { Command } from 'commander';
import { actorMachine } from '../../actors/index.ts';
import { machines } from '../../machines/index.ts';
import {
  checkKept,
  explore,
  keepHistories,
  type KeptHistories,
  type MachineEnvironment,
  printKept,
} from '../../verifier/index.ts';
import { exitCodes, type Wrap } from '../invocation.ts';
import { textTable } from '../table.ts';
import { keptDirectory, readKept, writeKept } from './kept-files.ts';

/** A machine as it is listed, and what it is verified against. */
export interface Listed {
  readonly machine: Parameters<typeof actorMachine>[0];
  readonly version: string;
  readonly environment: MachineEnvironment;
}

export interface Keeping {
  readonly machine: string;
  readonly version: string;
  /** `refused`: the version is kept already and does something else now. Nothing was written for it. */
  readonly result: 'written' | 'unchanged' | 'other histories' | 'refused';
  readonly histories: number;
  readonly steps: number;
}

export function keepCommand(machinesCommand: Command, wrap: Wrap): void {
  machinesCommand
    .command('keep')
    .description('keep what the machines of this source do, each version once, so that verify finds a change')
    .option('--machine <id>', 'of this machine alone')
    .option('--force', 'write again what is kept already: only for a version that was never released')
    .action(
      wrap(async ({ json, print }, options: { machine?: string; force?: boolean }) => {
        const listed = machines.filter(
          ({ machine }) => options.machine === undefined || machine.id === options.machine,
        );
        if (listed.length === 0) {
          process.stderr.write(`waybill: no machine is named ${options.machine}\n`);
          return exitCodes.problem;
        }
        const keepings = await keep(listed, { force: options.force === true });
        print(json ? JSON.stringify(keepings) : renderKeepings(keepings));
        return keepings.some(({ result }) => result === 'refused') ? exitCodes.problem : exitCodes.done;
      }),
    );
}

/** Writes a file for each version that has none; one that has is written again with `force` only. */
export async function keep(
  listed: readonly Listed[],
  { force, directory = keptDirectory }: { readonly force: boolean; readonly directory?: string },
): Promise<readonly Keeping[]> {
  const kept = await readKept(directory);
  const keepings: Keeping[] = [];
  for (const { machine: chart, version, environment } of listed) {
    const machine = actorMachine(chart, version);
    const fresh = keepHistories(machine, environment, explore(machine, environment));
    const old = kept.find((it) => it.machine === machine.id && it.version === version);
    const isSame = old !== undefined && printKept(old) === printKept(fresh);
    const changed = old !== undefined && checkKept([machine], [old]).findings.length > 0;
    const result = isSame ? 'unchanged' : force || !old ? 'written' : changed ? 'refused' : 'other histories';
    if (result === 'written') await writeKept(fresh, directory);
    keepings.push({ machine: machine.id, version, result, ...sizeOf(result === 'written' ? fresh : (old ?? fresh)) });
  }
  return keepings;
}

function sizeOf({ histories }: KeptHistories): Pick<Keeping, 'histories' | 'steps'> {
  return { histories: histories.length, steps: histories.reduce((sum, { steps }) => sum + steps.length, 0) };
}

const explanations: Readonly<Record<Keeping['result'], string | null>> = {
  written: null,
  unchanged: null,
  'other histories':
    'is as it was kept; its histories would be chosen otherwise now (its environment has changed): --force writes them',
  refused:
    'is kept already and does something else now: list the changed machine under a new version. `waybill machines verify` tells the difference; --force is only for a version that was never released.',
};

function renderKeepings(keepings: readonly Keeping[]): string {
  const rows = keepings.map(({ machine, version, result, histories, steps }) => [
    machine,
    version,
    result,
    histories,
    steps,
  ]);
  const notes = keepings.flatMap(({ machine, version, result }) => {
    const explanation = explanations[result];
    return explanation === null ? [] : [`${machine} v${version} ${explanation}`];
  });
  return [textTable(['machine', 'version', '', 'histories', 'steps'], rows), ...notes].join('\n');
}
