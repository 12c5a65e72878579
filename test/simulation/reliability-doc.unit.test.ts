/**
 * The table of planted faults in docs/reliability.md is that of the code, and every fault can still be planted.
 * `UPDATE=1 npx vitest run` on this file writes the table.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Mutant } from './mutant.ts';
import { mutants } from './mutants.ts';

const root = new URL('../../', import.meta.url);
const page = new URL('docs/reliability.md', root);

it('docs/reliability.md: planted faults', () => {
  const tables = Object.entries(mutants).map(([theme, group]) => `${theme}\n\n${tableOf(group)}`);
  const fresh = withSection(readFileSync(page, 'utf8'), 'planted-faults', tables.join('\n'));
  if (process.env['UPDATE'] === '1') writeFileSync(page, fresh);
  expect(readFileSync(page, 'utf8')).toBe(fresh);
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
  return table(['fault', 'where', 'found by', 'seeds'], rows);
}

/** @throws if the section's marks are not there */
function withSection(text: string, name: string, content: string): string {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [text.indexOf(open), text.indexOf(close)];
  if (from < 0 || to < from) throw new Error(`docs/reliability.md has no section ${name}`);
  return `${text.slice(0, from)}${open}\n\n${content}\n${text.slice(to)}`;
}

/** Columns as wide as their widest cell, as the formatter leaves them. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |\n`;
  return [head, widths.map((width) => '-'.repeat(width)), ...rows].map(line).join('');
}
