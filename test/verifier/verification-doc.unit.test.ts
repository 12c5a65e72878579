/**
 * The generated parts of docs/verification.md are those of this code. `UPDATE=1 npx vitest run` on this file writes
 * them.
 */
import { it } from 'vitest';
import { actorMachine } from '../../src/actors/index.ts';
import { renderFinding } from '../../src/cli/render-verdict.ts';
import { machines } from '../../src/machines/index.ts';
import { verify } from '../../src/verifier/index.ts';
import { properties } from '../../src/verifier/properties.ts';
import { expectSection } from '../support/expect-section.ts';
import { markdownTable } from '../support/generated-page.ts';
import type { Fault } from './fault.ts';
import { type Theme, themes, verdictWith } from './planted-faults.ts';

const page = new URL('../../docs/verification.md', import.meta.url);

it.each([
  ['figures', figures],
  [
    'properties',
    () =>
      markdownTable(
        ['property', 'promise'],
        properties.map(({ name, promise }) => [code(name), promise]),
      ),
  ],
  ['counterexample', counterexample],
  ['planted-faults', () => Object.values(themes).map(faultTable).join('\n')],
])('docs/verification.md: %s', (name, render) => {
  expectSection(page, name, render());
});

function figures(): string {
  const rows = machines.map(({ machine, version, environment }) => {
    const { states, situations, edges, transitions, isProven } = verify(actorMachine(machine, version), environment);
    const taken = `${transitions.taken} of ${transitions.declared}`;
    return [machine.id, version, `${states}`, `${situations}`, `${edges}`, taken, isProven ? 'proven' : 'not proven'];
  });
  return markdownTable(['machine', 'version', 'states', 'situations', 'edges', 'transitions taken', 'verdict'], rows);
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
  return `${name}\n\n${markdownTable(['fault', 'found by'], rows)}`;
}

function raise(message: string): never {
  throw new Error(message);
}

function code(name: string): string {
  return `\`${name}\``;
}
