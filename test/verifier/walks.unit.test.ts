import { describe, expect, it } from 'vitest';
import { coveringWalks, type Graph, type Walk } from '../../src/verifier/walks.ts';

/** @param edges `from → to`, each with the targets that it passes; node 0 is the start */
function graphOf(edges: readonly (readonly [from: number, to: number, ...targets: number[]])[], ends: number[]): Graph {
  const nodes = Math.max(...edges.flatMap(([from, to]) => [from, to])) + 1;
  return {
    start: 0,
    edges: edges.map(([from, to]) => ({ from, to })),
    leaving: Array.from({ length: nodes }, (_, node) => edges.flatMap(([from], edge) => (from === node ? [edge] : []))),
    isEnd: (node) => ends.includes(node),
    targets: edges.map(([, , ...targets]) => targets),
    targetCount: Math.max(...edges.flatMap(([, , ...targets]) => targets)) + 1,
  };
}

const nodesOf = (graph: Graph, walk: Walk): number[] => walk.map((edge) => graph.edges[edge]?.to ?? -1);

describe('coveringWalks', () => {
  it('takes a loop on the way instead of a walk of its own', () => {
    const graph = graphOf(
      [
        [0, 1, 0],
        [1, 2, 1],
        [2, 1, 2],
        [2, 3, 3],
      ],
      [3],
    );
    expect(coveringWalks(graph).map((walk) => nodesOf(graph, walk))).toEqual([[1, 2, 1, 2, 3]]);
  });

  it('begins a new walk for what lies behind another end, shortest first', () => {
    const graph = graphOf(
      [
        [0, 1, 0],
        [1, 2, 1],
        [1, 3, 2],
        [3, 4, 3],
      ],
      [2, 4],
    );
    expect(coveringWalks(graph).map((walk) => nodesOf(graph, walk))).toEqual([
      [1, 2],
      [1, 3, 4],
    ]);
  });

  it('passes a target by whichever edge is nearer, and every target once', () => {
    const graph = graphOf(
      [
        [0, 1, 0],
        [1, 2, 1],
        [2, 3, 2],
        // The same targets by a detour.
        [0, 4, 0],
        [4, 5, 1],
        [5, 6, 1],
        [6, 3, 2],
      ],
      [3],
    );
    expect(coveringWalks(graph).map((walk) => nodesOf(graph, walk))).toEqual([[1, 2, 3]]);
  });

  it('goes on to an end by the shortest way once nothing new is left', () => {
    const graph = graphOf(
      [
        [0, 1, 0],
        [1, 2],
        [2, 4],
        [1, 4],
      ],
      [4],
    );
    expect(coveringWalks(graph).map((walk) => nodesOf(graph, walk))).toEqual([[1, 4]]);
  });

  it('stops where nothing new can be reached when there is no end', () => {
    const graph = graphOf(
      [
        [0, 1, 0],
        [1, 0, 1],
      ],
      [],
    );
    expect(coveringWalks(graph).map((walk) => nodesOf(graph, walk))).toEqual([[1, 0]]);
  });

  it('leaves out targets that cannot be reached', () => {
    const graph = graphOf(
      [
        [0, 1, 0],
        [2, 1, 1],
      ],
      [1],
    );
    expect(coveringWalks(graph).map((walk) => nodesOf(graph, walk))).toEqual([[1]]);
  });

  it('takes back a walk that a later one made superfluous', () => {
    // The first edge passes most at once, but leads nowhere else.
    const graph = graphOf(
      [
        [0, 4, 0, 1],
        [0, 2, 0],
        [2, 3, 1],
        [3, 4, 2],
      ],
      [4],
    );
    expect(coveringWalks(graph, 0).map((walk) => nodesOf(graph, walk))).toEqual([[4], [2, 3, 4]]);
    expect(coveringWalks(graph).map((walk) => nodesOf(graph, walk))).toEqual([[2, 3, 4]]);
  });
});
