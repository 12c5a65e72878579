/** What is said of each box of a machine's chart: who stands there, how long it is stayed in, how often calls fail. Pure. */
import type { MachineState } from '../../../../src/console/schemas.ts';
import type { BoxFacts } from '../../chart/box-facts.ts';
import { duration, number, percent } from '../../ui/format.ts';

/** From here on a state's calls fail too often to be chance. */
export const failingFrom = 0.1;

export function isSlow({ dwell_ms, expected_ms }: Pick<MachineState, 'dwell_ms' | 'expected_ms'>): boolean {
  return dwell_ms.p95 !== null && expected_ms !== null && dwell_ms.p95 > expected_ms;
}

interface Sum {
  readonly actors: number;
  readonly parked: number;
  readonly p95Ms: number | null;
  readonly errorRate: number | null;
  readonly isSlow: boolean;
}

const nothing: Sum = { actors: 0, parked: 0, p95Ms: null, errorRate: null, isSlow: false };

/**
 * Where several states share a box, all that stand there, and the longest dwell and the highest error rate of any.
 * @param boxOf the box that a state is drawn in
 * @param waits whether a state waits for a person, whose time says nothing of the machine
 */
export function factsOf(
  states: readonly MachineState[],
  boxOf: ReadonlyMap<string, string>,
  waits: (state: string) => boolean,
): ReadonlyMap<string, BoxFacts> {
  const sums = new Map<string, Sum>();
  for (const state of states) {
    const box = boxOf.get(state.state);
    if (box === undefined) continue;
    const sum = sums.get(box) ?? nothing;
    const isPersons = waits(state.state);
    sums.set(box, {
      actors: sum.actors + state.actors,
      parked: sum.parked + state.parked,
      p95Ms: isPersons ? sum.p95Ms : greater(sum.p95Ms, state.dwell_ms.p95),
      errorRate: greater(sum.errorRate, state.error_rate),
      isSlow: sum.isSlow || (!isPersons && isSlow(state)),
    });
  }
  return new Map([...sums].flatMap(([box, sum]) => (isWorthSaying(sum) ? [[box, asFacts(sum)]] : [])));
}

const greater = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.max(a, b);

const isWorthSaying = ({ actors, p95Ms }: Sum): boolean => actors > 0 || (p95Ms !== null && p95Ms > 0);

function asFacts({ actors, parked, p95Ms, errorRate, isSlow: slow }: Sum): BoxFacts {
  const text = [
    ...(actors > 0 ? [number(actors)] : []),
    ...(p95Ms !== null && p95Ms > 0 ? [`p95 ${duration(p95Ms)}`] : []),
    ...(errorRate !== null && errorRate > 0 ? [`✕ ${percent(errorRate)}`] : []),
  ].join(' · ');
  const isFailing = errorRate !== null && errorRate >= failingFrom;
  return { text, tone: isFailing ? 'bad' : parked > 0 || slow ? 'attention' : 'plain' };
}
