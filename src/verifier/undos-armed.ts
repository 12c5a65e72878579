/** Finds where an exploration arms undos, with what was owed just before. */
import type { Exploration } from './exploration.ts';
import { afterArming, afterDelivery, blankGhost, type Rules } from './ghost.ts';
import { stepsOf, type UndoArmed } from './property.ts';

/** One delivery may arm several, each with what the ones before it made true. */
export function undosArmed(exploration: Exploration, rules: Rules): readonly UndoArmed[] {
  const { undos } = rules.declarations;
  const found: UndoArmed[] = [];
  for (const step of stepsOf(exploration)) {
    const { edge, from, to } = step;
    if (!edge.armed.some((effect) => undos.includes(effect))) continue;
    const move = { before: from?.row ?? null, ...edge, after: to.row };
    let before = afterDelivery(from?.ghost ?? blankGhost, move, rules);
    for (const effect of edge.armed) {
      if (undos.includes(effect)) found.push({ step, undo: effect, before });
      before = afterArming(before, effect, rules);
    }
  }
  return found;
}
