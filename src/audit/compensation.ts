/** Whether a saga that turned back undid what it had armed: all of it, once, in the order the machine declares. Pure. */
import { type Json, outcomeOfEvent, type StateView, type TransitionRecord, type Undos } from '../actors/index.ts';

/** Of one machine, or of all the versions that a saga went through. */
export type SagaUndos = Pick<Undos, 'byEffect' | 'invokes'>;

/** @returns one entry per thing wrong; none for a saga that is still under way or went through */
export function checkCompensation(
  log: readonly TransitionRecord[],
  undos: SagaUndos,
  end: StateView | null,
): Record<string, Json>[] {
  const status = end?.meta['status'];
  if (status !== 'FAILED' && status !== 'CANCELLED') return [];
  const owed = owedUndos(log, undos);
  const done = doneUndos(log, undos);
  const problems: Record<string, Json>[] = [];
  for (const undo of new Set(undos.byEffect.values())) {
    const times = done.filter((other) => other === undo).length;
    const expected = owed.has(undo) ? 1 : 0;
    if (times !== expected) problems.push({ undo, times, expected });
  }
  const declared = [...new Set(undos.invokes.values())].filter((undo) => done.includes(undo));
  if (problems.length === 0 && declared.join() !== done.join()) problems.push({ undone: done, declared });
  return problems;
}

/** Every effect that was armed owes its undo, unless it was refused for good. */
function owedUndos(log: readonly TransitionRecord[], { byEffect }: SagaUndos): Set<string> {
  const owing = new Map<string, string>();
  const armed = new Map<string, string>();
  for (const record of log) {
    const settled = outcomeOfEvent(record.event);
    if (settled?.outcome === 'refused') owing.delete(armed.get(settled.invoke) ?? '');
    for (const { id, src } of record.armed) {
      armed.set(id.split('@')[0] ?? '', src);
      const undo = byEffect.get(src);
      if (undo) owing.set(src, undo);
    }
  }
  return new Set(owing.values());
}

/** A settlement recorded by a person counts as the undo of the state it was sent to. */
function doneUndos(log: readonly TransitionRecord[], { invokes }: SagaUndos): string[] {
  const undos = new Set(invokes.values());
  let asked: string | undefined;
  return log.flatMap((record) => {
    const settled = outcomeOfEvent(record.event);
    const undo = settled?.outcome === 'done' ? invokes.get(settled.invoke) : undefined;
    const done = record.event.type === 'RESOLVE' ? asked : undo;
    for (const { src } of record.armed) if (undos.has(src)) asked = src;
    return done === undefined ? [] : [done];
  });
}
