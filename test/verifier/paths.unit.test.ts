import { describe, expect, it } from 'vitest';
import { createMachine } from 'xstate';
import { actorMachine } from '../../src/actors/index.ts';
import { machines } from '../../src/machines/index.ts';
import { explore } from '../../src/verifier/explore.ts';
import type { MachineEnvironment } from '../../src/verifier/exploration.ts';
import { coveringPaths, type MachinePath } from '../../src/verifier/paths.ts';

const blank: MachineEnvironment = {
  input: null,
  effects: {},
  events: [],
  operatorEvents: [],
  accepted: {},
  maxAttempts: 5,
};

const seen = ({ name, steps }: MachinePath): [string, string[]] => [name, steps.map(({ to }) => to)];

describe('coveringPaths of a small machine', () => {
  const door = actorMachine(
    createMachine({
      id: 'door',
      initial: 'open',
      states: {
        open: { on: { SHUT: 'shut', BREAK: 'broken' } },
        shut: { after: { dusk: 'locked' }, on: { OPEN: 'open', BREAK: 'broken' } },
        locked: { on: { BREAK: 'broken' } },
        broken: { type: 'final' },
      },
    }).provide({ delays: { dusk: 1_000 } }),
    '1',
  );
  const environment = { ...blank, events: [{ type: 'SHUT' }, { type: 'OPEN' }, { type: 'BREAK' }] };
  const explored = explore(door, environment);

  it('takes every transition, each path from the start to an end, and is named for what is new in it', () => {
    const { paths, coverage } = coveringPaths(explored, door);
    expect(paths.map(seen)).toEqual([
      ['BREAK', ['open', 'broken']],
      ['SHUT; timer dusk; BREAK', ['open', 'shut', 'locked', 'broken']],
      ['OPEN; BREAK', ['open', 'shut', 'open', 'shut', 'broken']],
    ]);
    expect(coverage).toEqual({
      states: { covered: 4, total: 4 },
      transitions: { covered: 6, total: 6 },
      deliveries: { covered: 0, total: 0 },
      paths: 3,
      steps: 11,
      longest: 5,
      uncovered: [],
    });
    const [first] = paths[0]?.steps ?? [];
    expect([first?.delivery, first?.from, first?.event, first?.node]).toEqual([
      { type: 'start' },
      null,
      { type: 'xstate.init', input: null },
      explored.nodes[0],
    ]);
  });

  it('tells what a driver cannot bring about as uncovered', () => {
    const { paths, coverage } = coveringPaths(explored, door, {
      level: 'deliveries',
      accept: ({ delivery }) => delivery.type !== 'timer',
    });
    expect(paths.flatMap(({ steps }) => steps).filter(({ delivery }) => delivery.type === 'timer')).toEqual([]);
    expect(coverage.uncovered).toEqual([
      'locked',
      'shut: after dusk',
      'locked: BREAK',
      'shut: timer dusk by shut: after dusk',
      'locked: BREAK by locked: BREAK',
    ]);
  });

  it('lists a transition that nothing takes', () => {
    const { coverage } = coveringPaths(explore(door, blank), door);
    expect(coverage.uncovered).toEqual(door.transitions.map(({ id }) => id));
  });

  it('covers what else it is asked for', () => {
    const alsoCover = ({ from }: { from: number }): string[] => [`left ${explored.nodes[from]?.row.path ?? ''}`];
    const { coverage } = coveringPaths(explored, door, { alsoCover });
    expect(coverage.deliveries).toEqual({ covered: 4, total: 4 });
  });
});

describe('coveringPaths of machines that never end', () => {
  const lamp = actorMachine(
    createMachine({
      id: 'lamp',
      initial: 'off',
      states: { off: { on: { PRESS: 'on' } }, on: { on: { PRESS: 'off' } } },
    }),
    '1',
  );

  it('stops once nothing new is left', () => {
    const { paths, coverage } = coveringPaths(explore(lamp, { ...blank, events: [{ type: 'PRESS' }] }), lamp);
    expect([paths.map(seen), coverage.uncovered]).toEqual([[['PRESS', ['off', 'on', 'off']]], []]);
  });
});

const shipped = machines.map(({ machine: chart, version, environment }) => {
  const machine = actorMachine(chart, version);
  return { id: machine.id, machine, explored: explore(machine, environment) };
});

describe.each(shipped)('coveringPaths of $id', ({ machine, explored }) => {
  it.each(['transitions', 'deliveries'] as const)('shows every state and transition: %s', (level) => {
    const { paths, coverage } = coveringPaths(explored, machine, { level });
    expect(coverage.uncovered).toEqual([]);
    expect(coverage.transitions).toEqual({ covered: machine.transitions.length, total: machine.transitions.length });
    expect(new Set(paths.map(({ name }) => name)).size).toBe(paths.length);
    for (const { steps } of paths) {
      const [first, ...rest] = steps;
      expect([first?.delivery.type, first?.from]).toEqual(['start', null]);
      expect(rest.map(({ from }) => from)).toEqual(steps.slice(0, -1).map(({ to }) => to));
      expect(steps.at(-1)?.node.row.snapshot.status).toBe('done');
    }
  });

  it('gives the same paths every time, few and short enough to be driven on the real system', () => {
    const { paths, coverage } = coveringPaths(explored, machine);
    expect(coveringPaths(explored, machine).paths).toEqual(paths);
    expect(coverage.paths).toBeLessThanOrEqual(25);
    expect(coverage.steps).toBeLessThanOrEqual(260);
    expect(coverage.longest).toBeLessThanOrEqual(40);
  });
});
