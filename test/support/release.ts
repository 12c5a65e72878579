/** Other releases of this program: copies of its source in which the order machine has another version. */
import { cp, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

export interface Release {
  /** The program, for `spawnWaybill` and `startMember`. */
  readonly bin: string;
  remove(): Promise<void>;
}

/** Which versions of the order machine a release lists, and how it gets from the first to the second. */
export interface ReleaseOptions {
  readonly versions: readonly ('1' | '2')[];
  readonly migrates: boolean;
}

export async function makeRelease({ versions, migrates }: ReleaseOptions): Promise<Release> {
  const directory = await mkdtemp(join(tmpdir(), 'waybill-release-'));
  const at = (path: string): string => join(directory, path);
  for (const part of ['bin', 'src', 'sql', 'package.json']) await cp(join(root, part), at(part), { recursive: true });
  for (const part of ['node_modules', 'console']) await symlink(join(root, part), at(part));
  await writeFile(at('src/machines/order-2.ts'), secondVersion(await readFile(at('src/machines/order.ts'), 'utf8')));
  await rename(at('src/machines/index.ts'), at('src/machines/released.ts'));
  await writeFile(at('src/machines/index.ts'), index(versions));
  if (migrates) await writeFile(at('src/machines/migrations.ts'), migrations);
  return { bin: at('bin/waybill.js'), remove: () => rm(directory, { recursive: true, force: true }) };
}

/** Two states are named otherwise, and the context has one more field. */
function secondVersion(source: string): string {
  const edits: readonly (readonly [RegExp, string])[] = [
    [/^ {4}authorizing: \{/m, '    authorizingPayment: {'],
    [/initial: 'authorizing'/, `initial: 'authorizingPayment'`],
    [/^( +)parked: \{/gm, '$1needsHelp: {'],
    [/target: 'parked'/g, `target: 'needsHelp'`],
    [/newOrder\(input\)/, `({ ...newOrder(input), channel: 'web' })`],
    [/^ {2}version: '1'/m, `  version: '2'`],
  ];
  return edits.reduce((text, [pattern, replacement]) => {
    if (text.search(pattern) < 0) throw new Error(`the order machine has nothing like ${String(pattern)}`);
    return text.replace(pattern, replacement);
  }, source);
}

const index = (versions: ReleaseOptions['versions']): string => `
import { orderMachine as second } from './order-2.ts';
import { machines as released } from './released.ts';
export * from './released.ts';
const [order, ...others] = released;
const versions = { 1: order, 2: { ...order, machine: second, version: '2' } };
export const machines = [...${JSON.stringify(versions)}.map((version) => versions[version]), ...others];
`;

const parkedStates = [
  'confirmingOrder',
  'committingStock',
  ...['undoingPayment', 'releasingStock', 'cancellingOrder'].map((undo) => `compensating.${undo}`),
];

const migrations = `
export const migrations = [
  {
    machine: 'order',
    from: '1',
    to: '2',
    states: ${JSON.stringify({
      authorizing: 'authorizingPayment',
      ...Object.fromEntries(parkedStates.map((state) => [`${state}.parked`, `${state}.needsHelp`])),
    })},
    context: (context) => ({ ...context, channel: 'web' }),
  },
];
`;
