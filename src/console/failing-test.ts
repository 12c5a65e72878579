/** An order's log as a test of its machine, which fails until the last expectation is what the machine does. Pure. */
import type { ActorEvent, Json } from '../actors/index.ts';
import type { ReplayedTransition } from './log-replay.ts';

export interface TestCase {
  readonly orderId: string;
  readonly machine: string;
  readonly version: string;
  /** From revision 1 on. */
  readonly log: readonly ReplayedTransition[];
  /** The state that the last event should have led to. */
  readonly expected: string;
}

/** Who has it in hand: names a person. Machines do not look at any of it. */
const withheld: ReadonlyMap<string, string> = new Map([
  ['userId', '00000000-0000-4000-8000-000000000000'],
  ['by', 'withheld'],
  ['why', 'withheld'],
]);

/** @returns TypeScript, to be saved below `test/`; it names no person */
export function failingTest({ orderId, machine, version, log, expected }: TestCase): string {
  const steps = log.map(({ record }) => `  ${JSON.stringify({ event: anonymous(record.event), to: record.to })},`);
  const last = log.at(-1)?.record;
  return [
    `/** Order ${orderId} on ${machine} ${version}, up to revision ${last?.revision ?? 0}: what it did, and what it should have done. */`,
    "import { expect, it } from 'vitest';",
    "import { type ActorEvent, type LiveState, replay } from '../src/actors/index.ts';",
    "import { actorMachines } from '../src/compose.ts';",
    '',
    '/** Its log, without names and reasons. */',
    'const log: readonly { readonly event: ActorEvent; readonly to: string }[] = [',
    ...steps,
    '];',
    '',
    '/** Where the last event should have led. Say what you expect. */',
    `const expected = ${JSON.stringify(expected)};`,
    '',
    `it('order ${orderId}: leads to ' + expected, () => {`,
    `  const machine = actorMachines().find(({ id, version }) => id === ${JSON.stringify(machine)} && version === ${JSON.stringify(version)});`,
    `  if (!machine) throw new Error(${JSON.stringify(`${machine} ${version} is not in this build`)});`,
    '  let state: LiveState | null = null;',
    '  let path: string | null = null;',
    '  for (const [i, { event, to }] of log.entries()) {',
    '    const step = replay(machine, state, event);',
    '    state = step.state;',
    '    path = step.view.path;',
    '    if (i < log.length - 1) expect(path).toBe(to);',
    '  }',
    '  expect(path).toBe(expected);',
    '});',
    '',
  ].join('\n');
}

function anonymous(event: ActorEvent): Json {
  return without(event);
}

function without(value: Json): Json {
  if (Array.isArray(value)) return value.map(without);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const instead = withheld.get(key);
      return [key, instead !== undefined && typeof inner === 'string' ? instead : without(inner)];
    }),
  );
}
