/** Makes a failing run as small as it goes: fewer orders, fewer kinds of faults, and it still fails. */
import { type FaultKind, faultKinds } from './faults.ts';
import { type Run, type RunOptions, simulate } from './simulate.ts';

export interface Minimal {
  readonly options: RunOptions;
  readonly run: Run;
}

export async function minimise(seed: number, failing: Run): Promise<Minimal> {
  let found: Minimal = { options: { orders: failing.orders }, run: failing };
  const smaller = async (options: RunOptions): Promise<void> => {
    const run = await simulate(seed, options);
    if (run.violations.length > 0) found = { options, run };
  };
  for (let orders = 1; orders < failing.orders && found.run.orders === failing.orders; orders += 1)
    await smaller({ orders });
  let without: FaultKind[] = [];
  for (const kind of faultKinds) {
    await smaller({ ...found.options, without: [...without, kind] });
    without = [...(found.options.without ?? [])];
  }
  return found;
}
