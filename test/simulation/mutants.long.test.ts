/** Plants each fault in a copy of the project: the invariant or the test that is named for it finds it. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Mutant } from './mutant.ts';
import { mutants } from './mutants.ts';
import { type Finding, prepareSoil } from './plant-mutant.ts';

const all: readonly Mutant[] = Object.values(mutants).flat();
const findings = new Map<Mutant, Finding | null | Error>();
/** Copies worked on at a time. */
const lanes = 2;

beforeAll(async () => {
  const waiting = [...all];
  const work = async (): Promise<void> => {
    const soil = await prepareSoil();
    for (let mutant = waiting.shift(); mutant; mutant = waiting.shift())
      findings.set(mutant, await soil.tryOut(mutant).catch(asError));
    await soil.remove();
  };
  await Promise.all(Array.from({ length: lanes }, work));
}, 600_000);

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

describe.each(Object.entries(mutants))('%s', (_, group: readonly Mutant[]) => {
  it.each(group.map((mutant) => [mutant.fault, mutant] as const))('%s', (_fault, mutant) => {
    expect(foundBy(mutant)).toEqual('by' in mutant.found ? mutant.found.by : mutant.found.title);
  });
});

/** The invariant's letter, or the test's title; else whatever came of it. */
function foundBy(mutant: Mutant): unknown {
  const finding = findings.get(mutant);
  if (!finding || finding instanceof Error) return finding;
  if (finding.type === 'violation') return finding.violation.split(':')[0];
  return finding.failed.find((title) => 'title' in mutant.found && title === mutant.found.title) ?? finding.failed;
}
