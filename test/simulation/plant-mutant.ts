/** Plants one fault in a copy of the project, and looks for what finds it. The project itself is never touched. */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Edit, Mutant } from './mutant.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const untilViolation = relative(root, fileURLToPath(new URL('./until-violation.ts', import.meta.url)));
const copied = ['src', 'test', 'sql', 'package.json', 'tsconfig.json', 'vitest.config.ts'];

/** A copy to plant in, again and again. */
export interface Soil {
  /**
   * @returns what found the fault: the seed and the violation, or the tests that failed; null: nothing did
   * @throws when a text to replace is not found exactly once
   */
  tryOut(mutant: Mutant): Promise<Finding | null>;
  remove(): Promise<void>;
}

export type Finding =
  | { readonly type: 'violation'; readonly seed: number; readonly violation: string }
  | { readonly type: 'tests'; readonly failed: readonly string[] };

export async function prepareSoil(): Promise<Soil> {
  const copy = await mkdtemp(join(tmpdir(), 'waybill-mutant-'));
  for (const name of copied) await cp(join(root, name), join(copy, name), { recursive: true });
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
  return {
    async tryOut({ edits, found }) {
      await plant(copy, edits);
      try {
        return await ('by' in found ? runSeeds(copy, found) : runTests(copy, found));
      } finally {
        for (const file of new Set(edits.map((edit) => edit.file))) await cp(join(root, file), join(copy, file));
      }
    },
    remove: () => rm(copy, { recursive: true, force: true }),
  };
}

async function plant(copy: string, edits: readonly Edit[]): Promise<void> {
  for (const { file, find, replace } of edits) {
    const path = join(copy, file);
    const text = await readFile(path, 'utf8');
    const places = text.split(find).length - 1;
    if (places !== 1) throw new Error(`${file} has ${places} places with: ${find}`);
    await writeFile(
      path,
      text.replace(find, () => replace),
    );
  }
}

async function runSeeds(copy: string, { by, within }: { by: string; within: number }): Promise<Finding | null> {
  const { stdout, stderr } = await run(copy, [join(copy, untilViolation), `${within}`, by]);
  const found: unknown = JSON.parse(stdout || raise(stderr));
  return isViolation(found) ? { type: 'violation', ...found } : null;
}

async function runTests(copy: string, { project, file }: { project: string; file: string }): Promise<Finding | null> {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const written = join(copy, 'report.json');
  await rm(written, { force: true });
  const output = ['--reporter', 'json', '--outputFile', written];
  await run(copy, [vitest, 'run', '--project', project, ...output, file]);
  const report = JSON.parse(await readFile(written, 'utf8')) as {
    testResults: { assertionResults: { status: string; title: string }[] }[];
  };
  const results = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  const failed = results.filter(({ status }) => status === 'failed').map(({ title }) => title);
  return failed.length > 0 ? { type: 'tests', failed } : null;
}

/** Longer than any of them takes on a busy machine. */
const timeoutMs = 90_000;

function run(cwd: string, args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  const options = { cwd, timeout: timeoutMs, maxBuffer: 32 * 1024 * 1024 };
  // A failed test makes the command fail: its report tells.
  return new Promise((resolve) => {
    execFile(process.execPath, args, options, (_error, stdout, stderr) => resolve({ stdout, stderr }));
  });
}

function isViolation(found: unknown): found is { seed: number; violation: string } {
  return typeof found === 'object' && found !== null && 'seed' in found && 'violation' in found;
}

function raise(message: string): never {
  throw new Error(message);
}
