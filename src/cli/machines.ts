/** `waybill machines`: what this build runs. */
import type { Command } from 'commander';
import { actorMachines } from '../compose.ts';
import { statelyJson } from '../diagrams/index.ts';
import { exitCodes, type Wrap } from './invocation.ts';
import { checkCommand } from './machines/check.ts';
import { exportCommand } from './machines/export.ts';
import { keepCommand } from './machines/keep.ts';
import { verifyCommand } from './machines/verify.ts';
import { textTable } from './table.ts';

export function machineCommands(waybill: Command, wrap: Wrap): void {
  const machines = waybill.command('machines').description('the machines of this build');
  machines
    .command('list')
    .description('machines and their versions')
    .action(
      wrap(async ({ json, print }) => {
        const rows = actorMachines().map(({ id, version, structureHash }) => ({
          id,
          version,
          structure_hash: structureHash,
        }));
        if (json) print(JSON.stringify(rows));
        else {
          const lines = rows.map((row) => [row.id, row.version, row.structure_hash]);
          print(textTable(['machine', 'version', 'structure'], lines));
        }
        return exitCodes.done;
      }),
    );
  checkCommand(machines, wrap);
  exportCommand(machines, wrap);
  keepCommand(machines, wrap);
  verifyCommand(machines, wrap);
  machines
    .command('show <id>')
    .description('a machine’s newest definition as JSON, as createMachine and Stately’s tools take it')
    .action(
      wrap(async ({ print }, id: string) => {
        const machine = actorMachines().findLast((candidate) => candidate.id === id);
        if (!machine) {
          process.stderr.write(`waybill: no machine is named ${id}\n`);
          return exitCodes.problem;
        }
        print(statelyJson(machine.config).trimEnd());
        return exitCodes.done;
      }),
    );
}
