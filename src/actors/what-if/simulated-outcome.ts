/** Which outcome a what-if stands for. Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { Outcome, PendingEffect, SettledOutcome } from '../ports.ts';
import type { WhatIf } from './what-if.ts';

/** The pending effects that a name may mean: one by its id or its invoke, else all of that effect. */
export function matchingEffects(effects: readonly PendingEffect[], name: string): readonly PendingEffect[] {
  const exact = effects.filter(({ id, invoke }) => id === name || invoke === name);
  return exact.length > 0 ? exact : effects.filter(({ src }) => src === name);
}

/**
 * @param likely the participant's answers, the likely one of each kind first
 * @returns the likely answer of that kind, with the fields that the what-if gives; null if nothing is known of it
 */
export function outcomeOf(
  { outcome, value }: WhatIf & { readonly type: 'outcome' },
  likely: readonly SettledOutcome[],
): Outcome | null {
  switch (outcome) {
    case 'failed':
    case 'unknown':
      return { type: outcome, code: textOf(value?.['code']), message: textOf(value?.['message']) };
    case 'done':
    case 'refused': {
      const known = likely.filter(({ type }) => type === outcome);
      if (!value) return known[0] ?? null;
      // `{"code":"authorization_expired"}` means the answer with that code, with whatever else belongs to it.
      const agreeing = (answer: SettledOutcome): number =>
        Object.entries(value).filter(([key, field]) => isDeepStrictEqual(answer.value[key], field)).length;
      const [closest] = known.toSorted((a, b) => agreeing(b) - agreeing(a));
      return { type: outcome, value: { ...closest?.value, ...value } };
    }
    default:
      return outcome satisfies never;
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : 'simulated');
