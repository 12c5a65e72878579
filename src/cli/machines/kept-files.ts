/** Where the kept histories of the machines lie: one file per version, part of the source. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type KeptHistories, parseKept, printKept } from '../../verifier/index.ts';

export const keptDirectory = fileURLToPath(new URL('../../machines/histories', import.meta.url));

/** A file there that does not hold the kept histories that its name says. */
export class KeptFileError extends Error {
  override readonly name = 'KeptFileError';
}

/** @throws KeptFileError */
export async function readKept(directory = keptDirectory): Promise<readonly KeptHistories[]> {
  const files = (await namesIn(directory)).filter((name) => name.endsWith('.json')).sort();
  return Promise.all(files.map(async (name) => parse(await readFile(`${directory}/${name}`, 'utf8'), name)));
}

export async function writeKept(kept: KeptHistories, directory = keptDirectory): Promise<void> {
  await mkdir(directory, { recursive: true });
  await writeFile(`${directory}/${fileOf(kept)}`, printKept(kept));
}

/** Nothing was kept yet where there is no directory. */
async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

function parse(text: string, name: string): KeptHistories {
  const kept = parsed(text, name);
  if (fileOf(kept) === name) return kept;
  throw new KeptFileError(`${name} holds the histories of ${kept.machine} v${kept.version}`);
}

function parsed(text: string, name: string): KeptHistories {
  try {
    return parseKept(text);
  } catch (cause) {
    const advice = 'restore it, or delete it and run `waybill machines keep`';
    throw new KeptFileError(`${name} cannot be read: ${advice}`, { cause });
  }
}

const fileOf = ({ machine, version }: Pick<KeptHistories, 'machine' | 'version'>): string =>
  `${machine}@${version}.json`;
