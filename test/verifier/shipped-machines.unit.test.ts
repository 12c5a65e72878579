import { describe, expect, it } from 'vitest';
import { actorMachine } from '../../src/actors/index.ts';
import { machines } from '../../src/machines/index.ts';
import { explore, verdictOn } from '../../src/verifier/index.ts';

describe.each(machines)('$machine.id v$version', ({ machine: chart, version, environment }) => {
  const machine = actorMachine(chart, version);
  const exploration = explore(machine, environment);

  it('holds every property in every situation', () => {
    const { findings, cappedAt, isProven, transitions } = verdictOn(machine, environment, exploration);
    expect({ findings, cappedAt, isProven }).toEqual({ findings: [], cappedAt: null, isProven: true });
    expect(transitions).toEqual({ declared: machine.transitions.length, taken: machine.transitions.length });
  });

  it('is explored by the very steps that the runtime takes', () => {
    const { nodes, edges } = exploration;
    // One of each kind: the same event in the same state, taking the same way.
    const kinds = new Map(
      edges.map((edge) => [JSON.stringify([nodes[edge.from]?.row.path, edge.event, edge.taken]), edge]),
    );
    expect(kinds.size).toBeGreaterThan(machine.transitions.length);
    for (const { from, event } of kinds.values()) {
      const before = nodes[from]?.row.snapshot;
      const state = before ? machine.rehydrate(before).state : null;
      const plain = state ? machine.step(state, event) : machine.start(environment.input);
      const { taken: _, ...traced } = machine.trace(state, event);
      expect({ ...traced, state: null }).toEqual({ ...plain, state: null });
    }
  });
});
