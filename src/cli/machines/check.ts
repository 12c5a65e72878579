/** `waybill machines check`: the gate before a deployment: can this build move every actor that is stored? */
import type { Command } from 'commander';
import { checkVersions, type Tally, type VersionGroup, type VersionReport } from '../../audit/check-versions.ts';
import { actorMachines } from '../../compose.ts';
import { migrations } from '../../machines/migrations.ts';
import { assertMigrated } from '../../persistence/migrate.ts';
import { openPool } from '../../persistence/pool.ts';
import { openDatabase } from '../database.ts';
import { exitCodes, type Wrap } from '../invocation.ts';
import { textTable } from '../table.ts';

export function checkCommand(machines: Command, wrap: Wrap): void {
  machines
    .command('check')
    .description(
      'what this build would do with every unfinished actor; exit code 1 if it cannot move one. Writes nothing',
    )
    .action(
      wrap(async ({ config, json, print }) => {
        const database = await openDatabase(config, { log: (line) => process.stderr.write(`${line}\n`), join: true });
        try {
          await assertMigrated(database.url);
          const pool = await openPool({ url: database.url, maxConnections: 2 });
          const report = await checkVersions(pool, { machines: actorMachines(), migrations }).finally(() => pool.end());
          print(json ? JSON.stringify(report) : renderVersions(report));
          return report.clean ? exitCodes.done : exitCodes.problem;
        } finally {
          await database.close();
        }
      }),
    );
}

/** A line per machine, version and state; what is wrong below it; and a verdict. */
export function renderVersions({ groups, actors, clean }: VersionReport): string {
  const total = groups.reduce((sum, group) => sum + group.actors, 0);
  if (total === 0) return 'no unfinished actors: any version of any machine can be deployed';
  const table = textTable(
    ['machine', 'version', 'state', 'actors', 'verdict', 'becomes', 'effects', 'timers'],
    groups.map((group) => [
      group.machine,
      group.version,
      group.state,
      group.actors,
      group.verdict,
      becomes(group),
      tallied(group.effects),
      tallied(group.timers),
    ]),
  );
  const verdict = clean
    ? `this build can move all ${total} unfinished actors: ${actors.stays} stay, ${actors.migrates} migrate`
    : `this build cannot move ${actors.lacks + actors.fails} of ${total} unfinished actors: do not deploy it`;
  return [table, '', ...groups.flatMap(problemsOf), verdict].join('\n');
}

function becomes({ to, states }: VersionGroup): string {
  const names = Object.entries(states).map(([state, n]) => (Object.keys(states).length > 1 ? `${n} ${state}` : state));
  return names.length === 0 || to === null ? '' : `v${to} ${names.join(', ')}`;
}

function tallied({ kept, begun, dropped }: Tally): string {
  const sum = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((a, b) => a + b, 0);
  const parts = [
    [sum(kept), 'kept'],
    [sum(begun), 'begun'],
    [sum(dropped), 'dropped'],
  ] as const;
  return parts.flatMap(([n, what]) => (n > 0 ? [`${n} ${what}`] : [])).join(', ');
}

function problemsOf({ machine, version, state, problems }: VersionGroup): string[] {
  return problems.map(
    ({ reason, actors, ids }) =>
      `${machine} v${version} ${state}: ${reason} (${actors} actors: ${ids.join(', ')}${actors > ids.length ? ', …' : ''})`,
  );
}
