/**
 * The generated parts of docs/verification.md are those of this code. `UPDATE=1 npx vitest run` on this file writes
 * them.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { actorMachine } from '../../src/actors/index.ts';
import { renderFinding } from '../../src/cli/render-verdict.ts';
import { machines } from '../../src/machines/index.ts';
import { verify } from '../../src/verifier/index.ts';
import { properties } from '../../src/verifier/properties.ts';
import type { Fault } from './fault.ts';
import { type Theme, themes, verdictWith } from './planted-faults.ts';

const page = new URL('../../docs/verification.md', import.meta.url);

it.each([
  ['figures', figures],
  [
    'properties',
    () =>
      table(
        ['property', 'promise'],
        properties.map(({ name, promise }) => [code(name), promise]),
      ),
  ],
  ['counterexample', counterexample],
  ['planted-faults', () => Object.values(themes).map(faultTable).join('\n')],
])('docs/verification.md: %s', (name, render) => {
  const fresh = withSection(readFileSync(page, 'utf8'), name, render());
  if (process.env['UPDATE'] === '1') writeFileSync(page, fresh);
  expect(readFileSync(page, 'utf8')).toBe(fresh);
});

/** @throws if the page lacks the section's marks */
function withSection(text: string, name: string, content: string): string {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [text.indexOf(open), text.indexOf(close)];
  if (from < 0 || to < from) throw new Error(`docs/verification.md has no section ${name}`);
  return `${text.slice(0, from)}${open}\n\n${content}\n${text.slice(to)}`;
}

function figures(): string {
  const rows = machines.map(({ machine, version, environment }) => {
    const { states, situations, edges, transitions, isProven } = verify(actorMachine(machine, version), environment);
    const taken = `${transitions.taken} of ${transitions.declared}`;
    return [machine.id, version, `${states}`, `${situations}`, `${edges}`, taken, isProven ? 'proven' : 'not proven'];
  });
  return table(['machine', 'version', 'states', 'situations', 'edges', 'transitions taken', 'verdict'], rows);
}

function counterexample(): string {
  const { soil, faults } = themes.undo;
  const fault = faults[0];
  const { machine, version, findings } = fault ? verdictWith(fault.plant, soil) : raise('no fault is planted');
  const finding = findings.find(({ property }) => property === fault?.found) ?? raise('it is not found');
  return `\`\`\`text\n${renderFinding({ ...finding, machine, version })}\n\`\`\`\n`;
}

function faultTable({ name, faults }: Theme): string {
  const rows = faults.map(({ title, found, also }: Fault) => [title, [found, ...also].map(code).join(', ')]);
  return `${name}\n\n${table(['fault', 'found by'], rows)}`;
}

/** Columns as wide as their widest cell, as the formatter leaves them. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |\n`;
  return [head, widths.map((width) => '-'.repeat(width)), ...rows].map(line).join('');
}

function raise(message: string): never {
  throw new Error(message);
}

function code(name: string): string {
  return `\`${name}\``;
}
