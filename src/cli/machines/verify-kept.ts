/** The check of `waybill machines verify` that no listed version does anything else than what was kept of it. */
import type { ActorMachine } from '../../actors/index.ts';
import { checkKept } from '../../verifier/index.ts';
import { readKept } from './kept-files.ts';
import type { Check } from './verify.ts';

export async function verifyKept(machines: readonly ActorMachine[], directory?: string): Promise<Check> {
  const { findings, hints, histories, steps } = checkKept(machines, await readKept(directory));
  return { figures: `kept histories: ${histories} replayed, in ${steps} steps`, findings, hints };
}
