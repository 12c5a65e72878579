/** `waybill machines export`: a machine as Stately's tools take it, or as a picture. */
import { readFile, writeFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import type { ActorMachine } from '../../actors/index.ts';
import { actorMachines } from '../../compose.ts';
import {
  activeStates,
  chartOf,
  type Detail,
  details,
  type DiagramFormat,
  diagramFormats,
  drawChart,
  intoMarkdown,
  statelyJson,
  statelySource,
} from '../../diagrams/index.ts';
import { type ExitCode, exitCodes, type Invocation, type Wrap } from '../invocation.ts';

const sourceFormats = ['json', 'stately'] as const;

interface ExportOptions {
  readonly format: (typeof sourceFormats)[number] | DiagramFormat;
  readonly version?: string;
  readonly out?: string;
  readonly detail?: Detail;
  readonly state?: string;
}

export function exportCommand(machines: Command, wrap: Wrap): void {
  machines
    .command('export <id>')
    .description('a machine for Stately’s editor, or as a diagram')
    .addOption(
      new Option('--format <format>', 'json, stately (createMachine source), mermaid, dot, svg')
        .choices([...sourceFormats, ...diagramFormats])
        .default('json'),
    )
    .option('--version <version>', 'default: the newest')
    .option('--out <file>', 'write a file; in a Markdown page, replace the diagram between <!-- machine ID --> marks')
    .addOption(new Option('--detail <detail>', 'diagrams: all states, or a box per step').choices([...details]))
    .option('--state <path>', 'diagrams: highlight a state, as `orders show` and `parked list` print it')
    .action(wrap(exportMachine));
}

async function exportMachine({ print }: Invocation, id: string, options: ExportOptions): Promise<ExitCode> {
  const { format, version, out } = options;
  if (isSource(format) && (options.state !== undefined || options.detail !== undefined))
    return refuse(exitCodes.wrongUse, `--state and --detail are for diagrams: ${diagramFormats.join(', ')}`);
  if (out?.endsWith('.md') && format !== 'mermaid')
    return refuse(exitCodes.wrongUse, 'a Markdown page takes --format mermaid');
  const versions = actorMachines().filter((machine) => machine.id === id);
  if (versions.length === 0) return refuse(exitCodes.problem, `no machine is named ${id}`);
  const machine = versions.findLast((candidate) => version === undefined || candidate.version === version);
  if (!machine)
    return refuse(
      exitCodes.problem,
      `${id} has no version ${version}, but ${versions.map((it) => it.version).join(', ')}`,
    );
  const text = await textOf(machine, options);
  if (text === null) return refuse(exitCodes.problem, `${id} ${machine.version} has no state ${options.state}`);
  if (out === undefined) {
    print(text.trimEnd());
    return exitCodes.done;
  }
  try {
    return await save(out, id, text);
  } catch (error) {
    return refuse(exitCodes.problem, error instanceof Error ? error.message : String(error));
  }
}

const isSource = (format: ExportOptions['format']): format is (typeof sourceFormats)[number] =>
  sourceFormats.some((source) => source === format);

/** @returns null if the machine has no such state */
async function textOf({ config }: ActorMachine, { format, detail, state }: ExportOptions): Promise<string | null> {
  if (format === 'json') return statelyJson(config);
  if (format === 'stately') return statelySource(config);
  const chart = chartOf(config);
  const active = state === undefined ? [] : activeStates(chart, state);
  return active === null ? null : drawChart(chart, format, { detail: detail ?? 'states', active });
}

async function save(file: string, id: string, text: string): Promise<ExitCode> {
  if (!file.endsWith('.md')) {
    await writeFile(file, text);
    return exitCodes.done;
  }
  const page = intoMarkdown(await readFile(file, 'utf8'), id, text);
  if (page === null)
    return refuse(exitCodes.problem, `${file} has no place for it: <!-- machine ${id} --> … <!-- /machine -->`);
  await writeFile(file, page);
  return exitCodes.done;
}

function refuse(code: ExitCode, message: string): ExitCode {
  process.stderr.write(`waybill: ${message}\n`);
  return code;
}
