/** Runs of chaos and of the simulation that were kept, one line of JSON each: what the table in docs/reliability.md adds up. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';

const file = 'docs/reliability-runs.jsonl';
const root = new URL('../../', import.meta.url);

export interface KeptRun {
  readonly kind: 'chaos' | 'simulation';
  /** As typed, so that anybody can do it again. */
  readonly command: string;
  /** ISO date. */
  readonly date: string;
  readonly commit: string;
  readonly seconds: number;
  readonly orders: number;
  /** How often each fault struck. */
  readonly struck: Readonly<Record<string, number>>;
  /** Broken promises, as `id: what was found`. Empty: all of them held. */
  readonly broken: readonly string[];
  /** What else was counted. */
  readonly seen: Readonly<Record<string, number>>;
}

export function readKeptRuns(): readonly KeptRun[] {
  const path = new URL(file, root);
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as KeptRun);
}

export function keepRun(run: Omit<KeptRun, 'date' | 'commit'>, commit: string): void {
  const kept: KeptRun = { ...run, date: new Date().toISOString().slice(0, 10), commit };
  appendFileSync(new URL(file, root), `${JSON.stringify(kept)}\n`);
}

/** @throws if the work tree differs from the commit: the record would name code that nobody has */
export function cleanCommit(): string {
  const git = (...args: string[]): string => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
  const changed = git('status', '--porcelain', '--', '.', ':!docs').trim();
  if (changed !== '') throw new Error(`a run is kept with its commit, so commit first:\n${changed}`);
  return git('rev-parse', '--short=10', 'HEAD');
}
