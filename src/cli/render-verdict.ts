/** What `waybill machines verify` found, for people. Pure. */
import type { Finding, Verdict } from '../verifier/index.ts';
import { duration, textTable } from './table.ts';

/** A finding of one version of one machine. */
export type MachineFinding = Finding & { readonly machine: string; readonly version: string };

/** @param verdicts one per listed version */
export function renderFigures(verdicts: readonly Verdict[]): string {
  const head = ['machine', 'version', 'states', 'situations', 'edges', 'transitions', 'properties', 'time', 'verdict'];
  return textTable(
    head,
    verdicts.map((verdict) => [
      verdict.machine,
      verdict.version,
      verdict.states,
      verdict.situations,
      verdict.edges,
      `${verdict.transitions.taken} of ${verdict.transitions.declared}`,
      `${verdict.properties.filter(({ holds }) => holds).length} of ${verdict.properties.length}`,
      duration(verdict.elapsedMs),
      verdict.isProven ? 'proven' : 'not proven',
    ]),
  );
}

/** Property, promise, what is wrong, and a shortest way to it, numbered. */
export function renderFinding({ machine, version, property, promise, message, path }: MachineFinding): string {
  const lines = shortened(path.map((step, i) => `    ${String(i + 1).padStart(2)}  ${step}`));
  return [`${machine} v${version}: ${property} is broken (${promise})`, `  ${message}`, ...lines].join('\n');
}

/** A search that was cut off leaves ways that nobody reads. */
const maxLines = 60;

function shortened(lines: readonly string[]): readonly string[] {
  if (lines.length <= maxLines) return lines;
  const half = maxLines / 2;
  return [...lines.slice(0, half), `        … ${lines.length - maxLines} more …`, ...lines.slice(-half)];
}
