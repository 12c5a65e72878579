import { describe, expect, it } from 'vitest';
import { type ActorMachine, type ActorRow, dryStart, dryStep } from '../../../src/actors/index.ts';
import type { MachinePath } from '../../../src/verifier/paths.ts';
import { crashesOf, pausesOf } from './crashes.ts';
import { instantsOf } from './instants.ts';
import { shippedPaths } from './shipped-paths.ts';

/** With the explorer's one random value. */
const firstBackoffMs = 750;
const { assignments } = shippedPaths('deliveries', 1);

/** Every step of the path at its instant, with the timers that would have been due first. */
function overtaken(machine: ActorMachine, { steps }: MachinePath, instants: readonly number[]): string[] {
  let row: ActorRow | null = null;
  return steps.flatMap(({ delivery, event }, step) => {
    const nowMs = instants[step] ?? Number.NaN;
    const before: ActorRow | null = row;
    if (!before) {
      row = dryStart(machine, 'an actor', event['input'] ?? null, nowMs).row;
      return [];
    }
    const fired = delivery.type === 'timer' ? before.timers.find(({ id }) => id === delivery.timer.id) : undefined;
    const settled =
      delivery.type === 'outcome' ? before.effects.find(({ invoke }) => invoke === delivery.effect.invoke) : undefined;
    const cause = { event, ...(settled ? { settled } : {}), ...(fired ? { timer: fired } : {}) };
    row = dryStep(machine, before, cause, nowMs).row;
    const isEarly = fired !== undefined && fired.dueAtMs > nowMs;
    const due = before.timers.filter((timer) => timer !== fired && timer.dueAtMs <= nowMs);
    return [
      ...(isEarly ? [`step ${step}: ${fired.id} is not due`] : []),
      ...due.map(({ id }) => `step ${step}: ${id}`),
    ];
  });
}

describe('the instants of a path', () => {
  it('make every timer that it wants the first one due, and no other', () => {
    const wrong = assignments.flatMap(({ machine, path }) =>
      overtaken(machine, path, instantsOf(machine, path.steps)()).map((problem) => `${path.name}: ${problem}`),
    );
    expect(wrong).toEqual([]);
  });

  it('never go back, and leave time for the others wherever the process dies', () => {
    for (const { machine, path } of assignments) {
      const at = instantsOf(machine, path.steps);
      for (const crash of crashesOf(path.steps, () => true)) {
        const pauses = pausesOf(path.steps, crash, null);
        const instants = at(pauses);
        expect(instants).toEqual(instants.toSorted((a, b) => a - b));
        for (const { from, to, ms } of pauses) expect(instants[to]).toBeGreaterThanOrEqual((instants[from] ?? 0) + ms);
      }
    }
  });

  it('an expiry overtakes a shorter wait only if it was waited for before', () => {
    const found = assignments.flatMap(({ machine, path }) =>
      path.steps.flatMap(({ delivery, node }, step) => {
        const next = path.steps[step + 1]?.delivery;
        if (delivery.type !== 'outcome' || next?.type !== 'timer' || node.row.timers.length < 3) return [];
        return next.timer.id.includes('Expiry') ? [{ machine, path, step }] : [];
      }),
    );
    expect(found.length).toBeGreaterThan(0);
    for (const { machine, path, step } of found) {
      const instants = instantsOf(machine, path.steps)();
      // It was all but due when the backoff began.
      expect((instants[step + 1] ?? 0) - (instants[step] ?? 0)).toBeLessThan(firstBackoffMs);
    }
  });

  it('a path that no clock could show is refused', () => {
    const cancelled = assignments.flatMap(({ machine, path }) =>
      path.steps.flatMap(({ to }, step) =>
        to.endsWith('.backingOff') && path.steps[step + 1]?.event.type === 'CANCEL' ? [{ machine, path, step }] : [],
      ),
    );
    const [first] = cancelled;
    if (!first) throw new Error('no path is cancelled while it backs off');
    const { machine, path, step } = first;
    // No backoff is as long: its timer would come before the customer.
    const pause = { from: step, to: step + 1, ms: 65_000 };
    expect(() => instantsOf(machine, path.steps)([pause])).toThrow('no clock could show this path');
  });
});
