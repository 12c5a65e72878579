/**
 * All planted faults, by theme. What finds one is an invariant of the simulation by its letter; or a test of the very net
 * that the simulation cannot see missing, since another net hides it.
 */
import type { Mutant } from './mutant.ts';
import { commitMutants } from './mutants-commit.ts';
import { fenceMutants } from './mutants-fence.ts';
import { outboxMutants } from './mutants-outbox.ts';
import { participantMutants, sagaMutants } from './mutants-saga.ts';

export const mutants = {
  'Lease and fence': fenceMutants,
  'The commit': commitMutants,
  'Wake-ups and messages': outboxMutants,
  'The saga': sagaMutants,
  'Effects and participants': participantMutants,
} as const satisfies Readonly<Record<string, readonly Mutant[]>>;
