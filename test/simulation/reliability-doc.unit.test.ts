/**
 * The table of planted faults in docs/reliability.md is that of the code, and every fault can still be planted.
 * `UPDATE=1 npx vitest run` on this file writes the table.
 */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { expectSection } from '../support/expect-section.ts';
import { markdownTable } from '../support/generated-page.ts';
import type { Mutant } from './mutant.ts';
import { mutants } from './mutants.ts';

const root = new URL('../../', import.meta.url);
const page = new URL('docs/reliability.md', root);

it('docs/reliability.md: planted faults', () => {
  const tables = Object.entries(mutants).map(([theme, group]) => `${theme}\n\n${tableOf(group)}`);
  expectSection(page, 'planted-faults', tables.join('\n'));
});

const all: readonly Mutant[] = Object.values(mutants).flat();

it.each(all.map((mutant) => [mutant.fault, mutant] as const))('can be planted: %s', (_, { edits, found }) => {
  const textOf = (file: string): string => readFileSync(new URL(file, root), 'utf8');
  const places = edits.map(({ file, find }) => textOf(file).split(find).length - 1);
  const isThere = 'by' in found || textOf(found.file).includes(found.title);
  expect({ places, isThere }).toEqual({ places: edits.map(() => 1), isThere: true });
});

function tableOf(group: readonly Mutant[]): string {
  const rows = group.map(({ fault, edits, found }) => [
    fault,
    [...new Set(edits.map(({ file }) => `\`${file}\``))].join(', '),
    'by' in found ? `\`${found.by}\`` : `\`${found.file}\``,
    'by' in found ? `${found.within}` : '',
  ]);
  return markdownTable(['fault', 'where', 'found by', 'seeds'], rows);
}
