/** The hottest functions of a CPU profile, by the time spent in themselves. */
import { readdir, readFile } from 'node:fs/promises';

interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

export interface HotFunction {
  readonly name: string;
  readonly selfMs: number;
  /** Of the time in which the process did anything, in percent. */
  readonly percent: number;
}

const idle = '(idle)';

/** @param profile as V8 writes it */
export function hottest(
  profile: Profile,
  limit: number,
): { readonly busyMs: number; readonly functions: HotFunction[] } {
  const nameOf = new Map(profile.nodes.map(({ id, callFrame }) => [id, label(callFrame)]));
  const selfUs = new Map<string, number>();
  for (const [i, id] of profile.samples.entries()) {
    const name = nameOf.get(id) ?? '';
    selfUs.set(name, (selfUs.get(name) ?? 0) + (profile.timeDeltas[i] ?? 0));
  }
  selfUs.delete(idle);
  const busyUs = [...selfUs.values()].reduce((sum, us) => sum + us, 0);
  const functions = [...selfUs]
    .sort(([, a], [, b]) => b - a)
    .slice(0, limit)
    .map(([name, us]) => ({
      name,
      selfMs: Math.round(us / 1_000),
      percent: Math.round((us * 1_000) / busyUs) / 10,
    }));
  return { busyMs: Math.round(busyUs / 1_000), functions };
}

/** With the file as it is below the project or node_modules, which says more than its whole path. */
function label({ functionName, url, lineNumber }: Profile['nodes'][number]['callFrame']): string {
  if (url === '') return functionName || '(anonymous)';
  const file = url.replace(/^.*\/node_modules\//, '').replace(/^file:.*\/(src|bench|test)\//, '$1/');
  return `${functionName || '(anonymous)'} ${file}:${lineNumber + 1}`;
}

const hotFunctions = 15;

/** @returns of each profile in the directory */
export async function profilesIn(directory: string) {
  const files = (await readdir(directory)).filter((name) => name.endsWith('.cpuprofile')).sort();
  return Promise.all(
    files.map(async (file) => ({
      profile: file,
      ...hottest(JSON.parse(await readFile(`${directory}/${file}`, 'utf8')) as Profile, hotFunctions),
    })),
  );
}
