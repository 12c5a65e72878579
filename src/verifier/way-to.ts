/** Tells how to come to a place of an exploration: a shortest way, one delivery a line. */
import { activeLeaves } from '../actors/index.ts';
import { isWithin } from './declarations.ts';
import { deliveryLabels } from './delivery-label.ts';
import type { ExploredEdge, ExploredNode, Exploration } from './exploration.ts';
import type { Place } from './property.ts';

/** @returns lines like `authorize → unknown, but it took effect ⇒ authorizing.backingOff`; `✗`: it led nowhere */
export function wayFinder(exploration: Exploration): (place: Place) => readonly string[] {
  const { nodes, edges, faults } = exploration;
  let labels: ReturnType<typeof deliveryLabels> | null = null;
  // Reading all edges for the labels takes a while, and a sound machine needs none.
  const label = (delivered: Parameters<ReturnType<typeof deliveryLabels>>[0]) =>
    (labels ??= deliveryLabels({ edges: [...edges, ...faults] }))(delivered);
  const line = (edge: ExploredEdge) => `${label(edge)} ⇒ ${nodes[edge.to]?.row.path ?? '✗'}`;
  const lines = (node: ExploredNode | undefined) => edgesTo(node, nodes).map(line);
  return (place) => {
    switch (place.type) {
      case 'node':
        return lines(place.node);
      case 'edge':
        return [...lines(nodes[place.edge.from]), line(place.edge)];
      case 'fault':
        return [...lines(nodes[place.fault.from]), `${label(place.fault)} ⇒ ✗`];
      case 'chart':
        return place.state === '' ? [] : lines(firstIn(place.state, nodes));
    }
  };
}

function firstIn(state: string, nodes: readonly ExploredNode[]): ExploredNode | undefined {
  return nodes.find(({ row }) => activeLeaves(row.snapshot.value).some((leaf) => isWithin(leaf, state)));
}

function edgesTo(node: ExploredNode | undefined, nodes: readonly ExploredNode[]): ExploredEdge[] {
  const edges: ExploredEdge[] = [];
  for (let via = node?.via; via; via = nodes[via.from]?.via) edges.push(via);
  return edges.reverse();
}
