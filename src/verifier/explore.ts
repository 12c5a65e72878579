/** Enumerates everything that can happen to an actor of one machine, breadth first. Pure but for its clock. */
import {
  type ActorMachine,
  type ActorRow,
  type Cause,
  dryStart,
  dryStep,
  initEvent,
  type LiveState,
} from '../actors/index.ts';
import { declarationsOf } from './declarations.ts';
import { type Offer, offersOf } from './deliveries.ts';
import type {
  Delivery,
  ExploredEdge,
  ExploredFault,
  ExploredNode,
  Exploration,
  Ghost,
  MachineEnvironment,
} from './exploration.ts';
import { blankGhost, nextGhost, type Rules } from './ghost.ts';
import { lateDeliveries } from './late-deliveries.ts';

/** A sound machine of a dozen steps has some thousands of situations. Reached by one whose context grows for ever. */
const defaultMaxNodes = 50_000;

const actorId = 'explored';

export interface ExploreOptions {
  readonly maxNodes?: number;
  /** Milliseconds of a monotonic clock. */
  readonly clock?: () => number;
}

/**
 * Walks the graph of all situations: an actor's row (but for revisions, ids and instants) with what its participants
 * make of its past. Each delivery is also made twice, and late, which the fence must not let count.
 * @returns also for a machine that throws at its start: then without nodes
 */
export function explore(
  machine: ActorMachine,
  environment: MachineEnvironment,
  { maxNodes = defaultMaxNodes, clock = () => performance.now() }: ExploreOptions = {},
): Exploration {
  const startedAt = clock();
  const search: Search = {
    machine,
    rules: { declarations: declarationsOf(machine), environment },
    maxNodes,
    nodes: [],
    atMs: [],
    ids: new Map(),
    edges: [],
    faults: [],
    isCapped: false,
  };
  begin(search);
  // The list grows while it is walked: that is the breadth-first queue.
  for (let id = 0; id < search.nodes.length && !search.isCapped; id += 1) expand(search, search.nodes[id]);
  const { nodes, edges, faults, isCapped } = search;
  return { nodes, edges, faults, cappedAt: isCapped ? maxNodes : null, elapsedMs: clock() - startedAt };
}

interface Search {
  readonly machine: ActorMachine;
  readonly rules: Rules;
  readonly maxNodes: number;
  readonly nodes: ExploredNode[];
  /** Node → the virtual time on the shortest way to it. */
  readonly atMs: number[];
  /** What makes a situation → its node. */
  readonly ids: Map<string, number>;
  readonly edges: ExploredEdge[];
  readonly faults: ExploredFault[];
  isCapped: boolean;
}

function begin(search: Search): void {
  const { machine, rules, faults } = search;
  const offer: Offer = { delivery: { type: 'start' }, event: initEvent(rules.environment.input) };
  try {
    const { row, record, step } = dryStart(machine, actorId, rules.environment.input, 0);
    const armed = record.armed.map(({ src }) => src);
    const ghost = nextGhost(blankGhost, { before: null, ...offer, after: row, armed }, rules);
    arrive(search, { row, view: step.view, ghost }, { from: -1, ...offer, taken: step.taken, armed }, 0);
  } catch (error) {
    faults.push({ from: -1, ...offer, type: 'threw', message: messageOf(error) });
  }
}

function expand(search: Search, node: ExploredNode | undefined): void {
  if (!node || node.row.snapshot.status !== 'active') return;
  const { machine, rules } = search;
  for (const { src } of node.row.effects)
    if (!rules.environment.effects[src]) blame(search, node, 'undeclared', `the environment says nothing of ${src}`);
  let state: LiveState;
  try {
    state = machine.rehydrate(node.row.snapshot).state;
  } catch (error) {
    blame(search, node, 'threw', messageOf(error));
    return;
  }
  for (const offer of offersOf(node.row, node.ghost, rules.environment)) deliver(search, node, state, offer);
}

/** Notes a fault of the situation itself, as one of the delivery that led to it. */
function blame(search: Search, node: ExploredNode, type: ExploredFault['type'], message: string): void {
  const { via } = node;
  if (via) search.faults.push({ from: via.from, delivery: via.delivery, event: via.event, type, message });
}

function deliver(search: Search, node: ExploredNode, state: LiveState, { delivery, event }: Offer): void {
  const { machine, rules, faults } = search;
  const fault = (type: ExploredFault['type'], message: string) =>
    faults.push({ from: node.id, delivery, event, type, message });
  try {
    if (!machine.accepts(state, event)) {
      // An event from outside that a state does not accept is ignored.
      if (delivery.type !== 'event') fault('not-taken', `${node.row.path} does not take it`);
      return;
    }
    const nowMs = timeAfter(search.atMs[node.id] ?? 0, delivery);
    const { row, record, step } = dryStep(machine, node.row, causeOf({ delivery, event }), nowMs, state);
    const late = lateDeliveries(node.row, delivery, row, { armed: record.armed.map(({ id }) => id), nowMs });
    for (const message of late) fault('counted-again', message);
    const armed = record.armed.map(({ src }) => src);
    const ghost = nextGhost(node.ghost, { before: node.row, delivery, event, after: row, armed }, rules);
    arrive(
      search,
      { row, view: step.view, ghost },
      { from: node.id, delivery, event, taken: step.taken, armed },
      nowMs,
    );
  } catch (error) {
    fault('threw', messageOf(error));
  }
}

/** Adds an edge, and the situation it leads to unless it is known. */
function arrive(
  search: Search,
  situation: Pick<ExploredNode, 'row' | 'view' | 'ghost'>,
  edge: Omit<ExploredEdge, 'to'>,
  nowMs: number,
): void {
  const { nodes, ids, atMs, edges, maxNodes } = search;
  const key = identity(situation.row, situation.ghost);
  const known = ids.get(key);
  if (known !== undefined) {
    edges.push({ ...edge, to: known });
    return;
  }
  if (nodes.length >= maxNodes) {
    search.isCapped = true;
    return;
  }
  const via = { ...edge, to: nodes.length };
  edges.push(via);
  ids.set(key, via.to);
  atMs.push(nowMs);
  nodes.push({ id: via.to, ...situation, via });
}

/** What makes a situation: neither when nor how it came about. */
function identity({ snapshot, timers, effects }: ActorRow, ghost: Ghost): string {
  const pending = effects.map(({ invoke }) => invoke).sort();
  return JSON.stringify([snapshot, timers.map(({ id }) => id).sort(), pending, ghost]);
}

function causeOf({ delivery, event }: Offer): Cause {
  switch (delivery.type) {
    case 'outcome':
      return { event, settled: delivery.effect, remote: true };
    case 'timer':
      return { event, timer: delivery.timer };
    case 'start':
    case 'event':
      return { event };
  }
}

function timeAfter(nowMs: number, delivery: Delivery): number {
  return delivery.type === 'timer' ? Math.max(nowMs, delivery.timer.dueAtMs) : nowMs;
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replaceAll('\n', ' ');
}
