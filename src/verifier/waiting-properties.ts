/** Nobody waits for ever: every situation goes on by itself, by a person who is called, or has ended. */
import { retryEvent } from '../actors/index.ts';
import type { ExploredEdge, ExploredNode } from './exploration.ts';
import { hasEnded, inNode, onEdge, type Property, stepsOf, type Subject } from './property.ts';

export const waitingProperties: readonly Property[] = [
  {
    name: 'can-end',
    promise: 'from every situation some way leads to an end',
    needsAll: true,
    *find(subject) {
      // A machine of parallel regions may end without a final state of its own.
      if (!hasAnEnd(subject.machine) && !subject.exploration.nodes.some(hasEnded)) return;
      const ending = whoCanEnd(subject);
      for (const node of subject.exploration.nodes)
        if (!ending.has(node.id)) yield inNode(node, `no way leads from ${node.row.path} to an end`);
    },
  },
  {
    name: 'waiting-ends',
    promise: 'who awaits no outcome has a timer, or is parked, or awaits the event that starts it',
    needsAll: true,
    *find(subject) {
      const { startedBy } = subject.rules.environment;
      for (const node of subject.exploration.nodes) {
        const { row } = node;
        if (hasEnded(node) || row.parked || row.effects.length > 0 || row.timers.length > 0) continue;
        const isFirst = node.via?.delivery.type === 'start';
        const isAwaited = isFirst && subject.leaving[node.id]?.some(({ event }) => event.type === startedBy) === true;
        if (!isAwaited) yield inNode(node, `${row.path} waits without a timer`);
      }
    },
  },
  {
    name: 'parked-is-still',
    promise: 'a parked actor has no timer and no effect',
    *find({ exploration }) {
      for (const node of exploration.nodes) {
        const { parked, path, timers, effects } = node.row;
        if (!parked) continue;
        for (const { id } of timers) yield inNode(node, `${path} is parked with the timer ${id}`);
        for (const { src } of effects) yield inNode(node, `${path} is parked with the effect ${src}`);
      }
    },
  },
  {
    name: 'parked-reacts',
    promise: 'a parked actor moves on when an operator says so, and at every RETRY that it takes',
    needsAll: true,
    *find(subject) {
      for (const node of subject.exploration.nodes) {
        const { parked, path } = node.row;
        if (!parked) continue;
        if (!isMovedByOperator(subject, node)) yield inNode(node, `no operator event leads out of ${path}`);
        else
          for (const edge of idleRetries(subject, node))
            yield onEdge({ edge }, `RETRY is taken, and ${path} stays parked`);
      }
    },
  },
  {
    name: 'retries-bounded',
    promise: 'an effect is tried no more often than allowed before a person or another step has its turn',
    *find({ rules, exploration }) {
      const { maxAttempts } = rules.environment;
      for (const step of stepsOf(exploration))
        for (const effect of step.edge.armed)
          if ((step.to.ghost.attempts[effect] ?? 0) > maxAttempts)
            yield onEdge(step, `${effect} is tried more than ${maxAttempts} times`);
    },
  },
  {
    name: 'nothing-goes-round',
    promise: 'what does not get done is not tried for ever, not even by turns with other steps',
    *find({ machine, exploration }) {
      if (!hasAnEnd(machine)) return;
      const going = whoGoesRound(exploration);
      for (const step of stepsOf(exploration))
        if (isBadOutcome(step.edge) && going.has(step.edge.from) && going.has(step.edge.to))
          yield onEdge(step, `this may go round for ever, by ${step.to.row.path}`);
    },
  },
  {
    name: 'pending-not-rearmed',
    promise: 'while an effect is pending nothing but its outcome arms it again',
    *find({ exploration }) {
      for (const step of stepsOf(exploration)) {
        const { delivery, armed } = step.edge;
        const settled = delivery.type === 'outcome' ? delivery.effect.id : null;
        for (const { id, src } of step.from?.row.effects ?? [])
          if (id !== settled && armed.includes(src)) yield onEdge(step, `${src} is armed again while it is pending`);
      }
    },
  },
];

const hasAnEnd = ({ states }: Subject['machine']): boolean =>
  states.some(({ path, type }) => type === 'final' && !path.includes('.'));

/** Nodes from which an end can be reached. */
function whoCanEnd({ exploration: { nodes, edges } }: Subject): ReadonlySet<number> {
  const entering = nodes.map((): number[] => []);
  for (const { from, to } of edges) entering[to]?.push(from);
  const found = new Set(nodes.filter(hasEnded).map(({ id }) => id));
  // The set grows while it is walked.
  for (const id of found) for (const from of entering[id] ?? []) found.add(from);
  return found;
}

const isBadOutcome = ({ delivery }: ExploredEdge): boolean =>
  delivery.type === 'outcome' && delivery.outcome !== 'done';

/** What is left when whoever comes to rest, and whoever is only on the way there, is taken out again and again. */
function whoGoesRound({ nodes, edges }: Subject['exploration']): ReadonlySet<number> {
  const going = new Set(nodes.map(({ id }) => id));
  const alone = edges.filter(({ delivery }) => delivery.type === 'outcome' || delivery.type === 'timer');
  for (const end of ['from', 'to'] as const) {
    const other = end === 'from' ? 'to' : 'from';
    const left = nodes.map(() => 0);
    const beyond = nodes.map((): number[] => []);
    for (const edge of alone) {
      if (!going.has(edge.from) || !going.has(edge.to)) continue;
      left[edge[end]] = (left[edge[end]] ?? 0) + 1;
      beyond[edge[other]]?.push(edge[end]);
    }
    const resting = [...going].filter((id) => left[id] === 0);
    for (let id = resting.pop(); id !== undefined; id = resting.pop()) {
      going.delete(id);
      for (const before of beyond[id] ?? []) {
        left[before] = (left[before] ?? 0) - 1;
        if (left[before] === 0) resting.push(before);
      }
    }
  }
  return going;
}

function isMovedByOperator({ rules, exploration, leaving }: Subject, node: ExploredNode): boolean {
  const { operatorEvents } = rules.environment;
  return (leaving[node.id] ?? []).some(
    ({ delivery, event, to }) =>
      delivery.type === 'event' &&
      operatorEvents.includes(event.type) &&
      exploration.nodes[to]?.row.path !== node.row.path,
  );
}

/** Whoever sends RETRY expects the actor to go on, also where another event would settle it. */
function idleRetries({ exploration, leaving }: Subject, node: ExploredNode): readonly ExploredEdge[] {
  return (leaving[node.id] ?? []).filter(
    ({ event, to }) => event.type === retryEvent.type && exploration.nodes[to]?.row.path === node.row.path,
  );
}
