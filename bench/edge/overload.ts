/**
 * Ten times the customers of the peak. First the number of customers is looked for at which most orders get to their end;
 * then, by turns, so that whatever else the machine does strikes both alike: the peak, ten times as many customers, and at
 * once the peak again, until all is as before.
 */
import { drained, type Phase, phase } from './customers.ts';
import { round, spread } from '../figures.ts';
import type { BenchStack } from './stack.ts';

export interface OverloadOptions {
  readonly stack: BenchStack;
  readonly products: readonly string[];
  /** Of each phase. */
  readonly seconds: number;
  readonly rounds: number;
  readonly say: (line: object) => void;
}

const customersTried = [32, 64, 128];
const times = 10;
/** Of the peak's goodput; below it the overload is not over. */
const normalShare = 0.8;
const normalWithinS = 60;
const windowS = 2;

export async function overload({ say, rounds, ...options }: OverloadOptions) {
  const { pool } = options.stack;
  let phases = 0;
  const run = (customers: number, seconds = options.seconds): Promise<Phase> =>
    phase({ ...options, customers, seconds, name: `phase-${phases++}` });

  // Cold code and cold connections are nobody's peak.
  await run(customersTried[0] ?? 1);
  let peak = { customers: 0, goodput: -1 };
  for (const customers of customersTried) {
    const { goodput } = await run(customers);
    await drained(pool);
    if (goodput > peak.goodput) peak = { customers, goodput };
  }

  const [peaks, overs]: [Phase[], Phase[]] = [[], []];
  const normalAfterS: number[] = [];
  for (let n = 1; n <= rounds; n += 1) {
    const before = await run(peak.customers);
    await drained(pool);
    const over = await run(peak.customers * times);
    const normalS = await untilNormal(() => run(peak.customers, windowS), before);
    const drainedMs = await drained(pool);
    say({ round: n, customers: peak.customers, peak: before, overload: over, normalAfterS: normalS, drainedMs });
    peaks.push(before);
    overs.push(over);
    normalAfterS.push(normalS ?? Infinity);
  }
  return {
    customers: peak.customers,
    /** Goodput under overload as a share of the peak's. */
    share: spread(ratios(overs, peaks, ({ goodput }) => goodput)),
    /** The same over all rounds together: on a machine that stands still now and then, rounds differ much. */
    shareOfAll: round(sum(overs) / sum(peaks)),
    /** The same per second of processor time that the system got: what is left when others use the machine too. */
    shareByCpu: spread(ratios(peaks, overs, ({ cpuMsPerOrder }) => cpuMsPerOrder)),
    normalAfterS: spread(normalAfterS),
  };
}

const sum = (phases: readonly Phase[]): number => phases.reduce((all, { goodput }) => all + goodput, 0);

/** Round by round; one in which either shows nothing has none. */
function ratios(above: readonly Phase[], below: readonly Phase[], of: (one: Phase) => number | null): number[] {
  return above.flatMap((one, i) => {
    const [a, b] = [of(one), below[i] ? of(below[i]) : null];
    return a === null || !b ? [] : [a / b];
  });
}

/** Under the peak's load. @returns after how many seconds the goodput, or the cost of an order, was as before; null if it never was */
async function untilNormal(run: () => Promise<Phase>, before: Phase): Promise<number | null> {
  const startedAtMs = performance.now();
  const elapsedS = (): number => round((performance.now() - startedAtMs) / 1_000);
  while (elapsedS() < normalWithinS) {
    const { goodput } = await run();
    if (goodput >= before.goodput * normalShare) return elapsedS();
  }
  return null;
}
