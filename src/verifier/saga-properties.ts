/** What was armed is undone: all of it, once, in order, and never past the pivot. */
import type { ExploredNode } from './exploration.ts';
import { hasEnded, inNode, onEdge, type Property, type Step, stepsOf } from './property.ts';

export const sagaProperties: readonly Property[] = [
  {
    name: 'final-means-settled',
    promise: 'an ended saga holds nothing; or it passed the pivot, all it asked for was done, and nothing was undone',
    *find({ rules, exploration }) {
      const { undos, pivots } = rules.declarations;
      if (undos.length === 0 && pivots.size === 0) return;
      for (const node of exploration.nodes)
        if (hasEnded(node)) for (const message of unsettled(node)) yield inNode(node, message);
    },
  },
  {
    name: 'ends-alike',
    promise: 'past the pivot all ways to one end did the same effects, but for those that say `optional: true`',
    *find({ rules, exploration }) {
      const ends = exploration.nodes.filter((node) => hasEnded(node) && node.ghost.pivotPassed);
      for (const alike of Map.groupBy(ends, ({ row }) => row.path).values()) {
        const all = new Set(alike.flatMap(({ ghost }) => Object.keys(ghost.participants)));
        const needed = all.difference(rules.declarations.optional);
        for (const node of alike)
          for (const effect of needed)
            if (!(effect in node.ghost.participants)) yield inNode(node, `${node.row.path} without ${effect}`);
      }
    },
  },
  {
    name: 'undos-declared',
    promise: 'an effect before the pivot names its undo, or says by `undo: null` that it needs none; undos need none',
    *find({ rules, exploration }) {
      const { undoOf, needsNoUndo, undos, pivots } = rules.declarations;
      if (undos.length === 0 && pivots.size === 0) return;
      for (const step of stepsOf(exploration))
        for (const effect of step.edge.armed)
          if (!step.to.ghost.pivotPassed && ![...undos, ...undoOf.keys(), ...needsNoUndo, ...pivots].includes(effect))
            yield onEdge(step, `${effect} is armed before the pivot, and declares no undo`);
    },
  },
  {
    name: 'none-forgotten',
    promise: 'every effect that was armed is undone before the end, whatever its last outcome, or the pivot is passed',
    *find({ exploration }) {
      for (const node of exploration.nodes)
        if (hasEnded(node) && !node.ghost.pivotPassed)
          for (const [undo, { owed }] of Object.entries(node.ghost.obligations))
            if (owed) yield inNode(node, `${node.row.path} while ${undo} is owed`);
    },
  },
  {
    name: 'no-undo-unarmed',
    promise: 'nothing is undone that was never armed, or that was refused for good',
    *find(subject) {
      for (const { step, undo, before } of subject.undosArmed)
        if (before.obligations[undo]?.owed !== true && !before.undone.includes(undo))
          yield onEdge(step, `${undo} is armed, but there is nothing that it would undo`);
    },
  },
  {
    name: 'undone-once',
    promise: 'what was undone is not undone again',
    *find(subject) {
      for (const { step, undo, before } of subject.undosArmed)
        if (before.obligations[undo]?.owed !== true && before.undone.includes(undo))
          yield onEdge(step, `${undo} is armed after it was done`);
    },
  },
  {
    name: 'declared-order',
    promise: 'undos are done in the order in which the chart declares their states',
    *find({ rules, exploration }) {
      const { undos } = rules.declarations;
      for (const step of stepsOf(exploration)) {
        const [earlier, later] = step.to.ghost.undone.slice(-2);
        if (earlier === undefined || later === undefined) continue;
        if (step.from?.ghost.undone.length === step.to.ghost.undone.length) continue;
        if (undos.indexOf(earlier) > undos.indexOf(later))
          yield onEdge(step, `${earlier} is done before ${later}, which is declared first`);
      }
    },
  },
  {
    name: 'left-pending-is-owed',
    promise: 'who leaves an effect pending owes its undo from then on',
    *find(subject) {
      for (const step of stepsOf(subject.exploration))
        for (const src of leftPending(step)) {
          const undo = subject.rules.declarations.undoOf.get(src) ?? src;
          if (step.to.ghost.obligations[undo]?.owed !== true)
            yield onEdge(step, `${src} is left pending, and no undo is owed for it`);
        }
    },
  },
  {
    name: 'pivot-is-final',
    promise: 'once the pivot took effect nothing is undone any more',
    *find(subject) {
      for (const { step, undo, before } of subject.undosArmed)
        if (before.pivotPassed) yield onEdge(step, `${undo} is armed past the pivot`);
    },
  },
];

function* unsettled({ row, ghost }: ExploredNode): Iterable<string> {
  if (!ghost.pivotPassed) {
    for (const [undo, { held }] of Object.entries(ghost.obligations))
      if (held) yield `${row.path} while what ${undo} would give back is held`;
    return;
  }
  for (const undo of ghost.undone) yield `${row.path} past the pivot, with ${undo} done`;
  for (const [effect, standing] of Object.entries(ghost.participants))
    if (standing !== 'did') yield `${row.path} past the pivot, and ${effect} is not done`;
}

/** Effects that were pending and are so no more, without their outcome. */
function leftPending({ edge, from, to }: Step): string[] {
  const { delivery } = edge;
  return (from?.row.effects ?? [])
    .filter(({ id }) => !(delivery.type === 'outcome' && delivery.effect.id === id))
    .filter(({ invoke }) => !to.row.effects.some((effect) => effect.invoke === invoke))
    .map(({ src }) => src);
}
