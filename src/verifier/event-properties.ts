/** Everything that comes is dealt with: taken where it should be, ignored elsewhere, and never counted twice. */
import { activeLeaves } from '../actors/index.ts';
import type { Delivery, ExploredFault } from './exploration.ts';
import { matchesPattern } from './matches-pattern.ts';
import { hasEnded, inNode, onEdge, type Property, stepsOf, type Subject, type Violation } from './property.ts';

export const eventProperties: readonly Property[] = [
  {
    name: 'nothing-throws',
    promise: 'no guard, assign, delay or input throws, whatever comes',
    find: ({ exploration }) => faultsOf(exploration.faults, 'threw', ({ message }) => message),
  },
  {
    name: 'events-handled',
    promise: 'every outcome and every timer is taken; events from outside are taken where declared, and only there',
    *find(subject) {
      const { exploration, rules } = subject;
      const { faults, nodes } = exploration;
      yield* faultsOf(faults, 'undeclared', ({ message }) => message);
      yield* faultsOf(
        faults,
        'not-taken',
        ({ from, delivery }) => `${nodes[from]?.row.path ?? 'nothing'} does not take ${whatOf(delivery)}`,
      );
      for (const step of stepsOf(exploration)) {
        const { delivery, event } = step.edge;
        if (delivery.type !== 'event' || !step.from) continue;
        const leaves = activeLeaves(step.from.row.snapshot.value);
        const declared = rules.environment.accepted[event.type] ?? [];
        if (!declared.some((pattern) => matchesPattern(leaves, pattern)))
          yield onEdge(step, `${step.from.row.path} takes ${event.type}, which is declared to be ignored there`);
      }
      if (exploration.cappedAt === null) yield* untaken(subject);
    },
  },
  {
    name: 'taken-is-told',
    promise: 'a situation says of exactly those events from outside that it takes that it takes them',
    needsAll: true,
    *find({ machine, rules, exploration, leaving }) {
      const known = new Set(rules.environment.events.map(({ type }) => type));
      const throws = new Set(exploration.faults.filter(({ type }) => type === 'threw').map(({ from }) => from));
      for (const node of exploration.nodes) {
        // What throws is neither taken nor ignored: another property's finding.
        if (hasEnded(node) || throws.has(node.id)) continue;
        const taken = new Set(
          (leaving[node.id] ?? []).flatMap(({ delivery, event }) => (delivery.type === 'event' ? [event.type] : [])),
        );
        const told = new Set(
          machine.acceptedEvents(machine.rehydrate(node.row.snapshot).state).filter((type) => known.has(type)),
        );
        for (const type of taken.difference(told))
          yield inNode(node, `${node.row.path} takes ${type}, and does not say so`);
        for (const type of told.difference(taken))
          yield inNode(node, `${node.row.path} says that it takes ${type}, and does not`);
      }
    },
  },
  {
    name: 'statuses-in-order',
    promise: 'every state has a known public status, and they follow each other as published',
    *find({ rules, exploration }) {
      const { statuses } = rules.environment;
      if (!statuses) return;
      for (const node of exploration.nodes) {
        const { status } = node.view.meta;
        if (typeof status !== 'string') yield inNode(node, `${node.row.path} has no public status`);
        else if (!statuses[status]) yield inNode(node, `${node.row.path} has the unknown status ${status}`);
      }
      for (const step of stepsOf(exploration)) {
        const before = step.from?.view.meta['status'];
        const after = step.to.view.meta['status'];
        if (typeof before !== 'string' || typeof after !== 'string' || before === after) continue;
        if (statuses[before]?.includes(after) === false) yield onEdge(step, `${after} is published after ${before}`);
      }
    },
  },
  {
    name: 'stale-changes-nothing',
    promise: 'an outcome that comes twice, or late, changes nothing',
    find: ({ exploration }) =>
      faultsOf(
        exploration.faults.filter(({ delivery }) => delivery.type !== 'timer'),
        'counted-again',
        ({ message }) => message,
      ),
  },
  {
    name: 'timers-once',
    promise: 'every timer is set once, and gone or set anew for later once it fired',
    *find({ exploration }) {
      yield* faultsOf(
        exploration.faults.filter(({ delivery }) => delivery.type === 'timer'),
        'counted-again',
        ({ message }) => message,
      );
      for (const node of exploration.nodes) {
        const ids = node.row.timers.map(({ id }) => id);
        for (const id of new Set(ids.filter((id, i) => ids.indexOf(id) !== i)))
          yield inNode(node, `the timer ${id} is set twice`);
      }
    },
  },
];

function* faultsOf(
  faults: readonly ExploredFault[],
  type: ExploredFault['type'],
  say: (fault: ExploredFault) => string,
): Iterable<Violation> {
  for (const fault of faults) if (fault.type === type) yield { message: say(fault), at: { type: 'fault', fault } };
}

function whatOf(delivery: Delivery): string {
  switch (delivery.type) {
    case 'outcome':
      return `the outcome ${delivery.outcome} of ${delivery.effect.src}`;
    case 'timer':
      return `its timer ${delivery.timer.id}`;
    case 'start':
    case 'event':
      return `the ${delivery.type}`;
  }
}

/** Declared acceptances that never happen: in no situation of a state, or of no state at all. */
function* untaken({ rules, exploration }: Subject): Iterable<Violation> {
  const takenIn = new Map<string, Set<string>>();
  for (const { edge, from } of stepsOf(exploration)) {
    if (edge.delivery.type !== 'event' || !from) continue;
    const paths = takenIn.get(edge.event.type) ?? new Set<string>();
    takenIn.set(edge.event.type, paths.add(from.row.path));
  }
  for (const [type, patterns] of Object.entries(rules.environment.accepted))
    for (const pattern of patterns) {
      const found = exploration.nodes.filter(
        (node) => !hasEnded(node) && matchesPattern(activeLeaves(node.row.snapshot.value), pattern),
      );
      if (found.length === 0)
        yield {
          message: `${type} is declared to be taken in ${pattern}, where no situation is`,
          at: { type: 'chart', state: '' },
        };
      for (const node of found)
        if (takenIn.get(type)?.has(node.row.path) !== true)
          yield inNode(node, `${node.row.path} never takes ${type}, as is declared`);
    }
}
