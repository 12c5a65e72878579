/** What is said of each box of a machine's chart: how many actors stand there, how many of them parked. Pure. */
import type { MachineState } from '../../../../src/console/schemas.ts';
import type { BoxFacts } from '../../chart/box-facts.ts';

/** @param boxOf the box that a state is drawn in */
export function factsOf(
  states: readonly MachineState[],
  boxOf: ReadonlyMap<string, string>,
): ReadonlyMap<string, BoxFacts> {
  const sums = new Map<string, { actors: number; parked: number }>();
  for (const { state, actors, parked } of states) {
    const box = boxOf.get(state);
    if (box === undefined || actors === 0) continue;
    const sum = sums.get(box) ?? { actors: 0, parked: 0 };
    sums.set(box, { actors: sum.actors + actors, parked: sum.parked + parked });
  }
  return new Map(
    [...sums].map(([box, { actors, parked }]) => [
      box,
      { text: String(actors), tone: parked > 0 ? 'attention' : 'plain' },
    ]),
  );
}
