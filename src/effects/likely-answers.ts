/** What participants may answer an actor, for simulating it: nobody is asked. */
import type { LikelyAnswers, SettledOutcome } from '../actors/index.ts';
import { machines, orderAnswers, orderMachine } from '../machines/index.ts';
import type { OrderContext } from '../machines/order-context.ts';

/**
 * An order's own amounts and products where they matter, else the specimens that its machine is verified against.
 * @returns for an effect of which nothing is known, no answers
 */
export function likelyAnswersOf(machineId: string): LikelyAnswers {
  const entry = machines.findLast(({ machine }) => machine.id === machineId);
  const specimens: Specimens = entry?.environment.effects ?? {};
  return ({ src }, context) => {
    // The context of an actor is of its machine's type: nobody else writes it.
    const own: Readonly<Record<string, readonly SettledOutcome[]>> =
      machineId === orderMachine.id ? orderAnswers(context as OrderContext) : {};
    if (Object.hasOwn(own, src)) return own[src] ?? [];
    return Object.hasOwn(specimens, src) ? (specimens[src]?.outcomes ?? []) : [];
  };
}

type Specimens = Readonly<Record<string, { readonly outcomes: readonly SettledOutcome[] }>>;
