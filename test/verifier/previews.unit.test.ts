/** A preview says of each event what the runtime would answer, wherever a machine can get. */
import { expect, test } from 'vitest';
import { decide } from '../../src/actors/decide.ts';
import {
  actorMachine,
  type ActorEvent,
  type ActorMachine,
  type ActorRow,
  simulate,
  wouldApply,
} from '../../src/actors/index.ts';
import { machines } from '../../src/machines/index.ts';
import { explore, type ExploredNode, type MachineEnvironment } from '../../src/verifier/index.ts';

const perState = 12;

/** Situations of every reachable state, spread over what the explorer found there: the shortest way, the longest, between. */
function situationsOf(nodes: readonly ExploredNode[]): readonly ActorRow[] {
  const byState = Map.groupBy(nodes, ({ row }) => row.path);
  return [...byState.values()].flatMap((all) => {
    const stride = Math.max(1, (all.length - 1) / (perState - 1));
    return all.filter((_, i) => Math.floor(i / stride) !== Math.floor((i - 1) / stride)).map(({ row }) => row);
  });
}

const sent = (machine: ActorMachine, row: ActorRow, event: ActorEvent): boolean => {
  const step = { type: 'send', actorId: row.id, event, companion: null } as const;
  const { action } = decide(step, { row, wake: null }, null, {
    machineOf: () => machine,
    migrationOf: () => null,
    isRemote: () => true,
    random: () => 0.5,
    nowMs: 0,
    commitId: '',
  });
  return action.type === 'move';
};

test.each(machines.map((listed) => [listed.machine.id, listed] as const))(
  '%s: in every reachable state the preview of an event is applied where the runtime applies it',
  (_id, { machine: definition, version, environment }) => {
    const machine = actorMachine(definition, version);
    const given: MachineEnvironment = environment;
    const { nodes, cappedAt } = explore(machine, given);
    expect(cappedAt).toBeNull();
    const options = { nowMs: 0, likelyAnswers: () => [] };
    const types = [...new Set(given.events.map(({ type }) => type)), 'NOBODY'];
    // Each as it should be, then without a payload, and one that no machine has.
    const events: readonly ActorEvent[] = [...given.events, ...types.map((type) => ({ type }))];
    const verdicts = situationsOf(nodes).flatMap((row) => {
      const { possible } = simulate(machine, row, [], options).start;
      return events.map((event) => ({
        event,
        at: row.path,
        sent: sent(machine, row, event),
        preview: wouldApply(simulate(machine, row, [{ type: 'event', event }], options)),
        possible: possible.events.includes(event.type),
      }));
    });
    expect(verdicts.filter(({ sent: applied, preview }) => applied !== preview)).toEqual([]);
    expect(verdicts.filter(({ sent: applied, possible }) => applied && !possible)).toEqual([]);
    // What may come is more than what comes without a payload; nothing else is.
    const unfit = verdicts.filter(({ sent: applied, possible }) => possible && !applied);
    expect(unfit.filter(({ event }) => Object.keys(event).length > 1)).toEqual([]);
    // Both answers occur, or this would say nothing.
    expect(new Set(verdicts.map(({ preview }) => preview))).toEqual(new Set([true, false]));
    expect(new Set(verdicts.map(({ at }) => at))).toEqual(new Set(nodes.map(({ row }) => row.path)));
  },
  60_000,
);
