/** Searches a graph for few and short walks, from its start to an end, that together pass all targets. */

/** Nodes, edges and targets by number. */
export interface Graph {
  /** Where the walks begin. */
  readonly start: number;
  /** Edge → its ends. */
  readonly edges: readonly { readonly from: number; readonly to: number }[];
  /** Node → the edges that leave it. */
  readonly leaving: readonly (readonly number[])[];
  readonly isEnd: (node: number) => boolean;
  /** Edge → the targets that it passes. */
  readonly targets: readonly (readonly number[])[];
  readonly targetCount: number;
}

/** Edges, each beginning where the one before ends. */
export type Walk = readonly number[];

/** How often some walks are taken back to try for better ones. More rounds gain little. */
const defaultRounds = 200;
const walksPerRound = 3;

/**
 * Finding the fewest is NP-hard: these are good, not the best. The same graph gives the same walks.
 * @returns shortest first; targets that no walk can reach are left out
 */
export function coveringWalks(graph: Graph, rounds = defaultRounds): readonly Walk[] {
  const search = walkSearch(graph);
  const random = linearCongruential(1);
  const all = new Set(Array.from({ length: graph.targetCount }, (_, target) => target));
  let best = search(all, () => 0);
  for (let round = 0; round < rounds && best.length > 0; round += 1) {
    const taken = new Set(Array.from({ length: walksPerRound }, () => Math.floor(random() * best.length)));
    const kept = best.filter((_, index) => !taken.has(index));
    const candidate = [...kept, ...search(passedOnlyBy(graph, best, taken), random)];
    if (costOf(candidate) <= costOf(best)) best = candidate;
  }
  return best.toSorted((a, b) => a.length - b.length || inOrder(a, b));
}

/** A step costs one; a walk some more, since each is a whole life to drive. */
const walkCost = 3;

function costOf(walks: readonly Walk[]): number {
  return walks.reduce((sum, walk) => sum + walk.length + walkCost, 0);
}

function inOrder(a: Walk, b: Walk): number {
  const differs = a.findIndex((edge, index) => edge !== b[index]);
  return (a[differs] ?? 0) - (b[differs] ?? 0);
}

/** The targets that would be missed without the chosen walks. */
function passedOnlyBy(graph: Graph, walks: readonly Walk[], chosen: ReadonlySet<number>): Set<number> {
  const only = new Set<number>();
  for (const index of chosen)
    for (const edge of walks[index] ?? []) for (const target of graph.targets[edge] ?? []) only.add(target);
  for (const [index, walk] of walks.entries())
    if (!chosen.has(index))
      for (const edge of walk) for (const target of graph.targets[edge] ?? []) only.delete(target);
  return only;
}

/** The search for walks past the given targets: each from one to the nearest open one, and at last to an end. */
function walkSearch(graph: Graph): (targets: ReadonlySet<number>, random: () => number) => Walk[] {
  const endward = waysToEnd(graph);
  const nearest = nearestSearch(graph);
  return (targets, random) => {
    const open = new Set(targets);
    const walks: Walk[] = [];
    for (;;) {
      const walk: number[] = [];
      let node = graph.start;
      for (let way = nearest(node, open, random); way.length > 0; way = nearest(node, open, random)) {
        walk.push(...way);
        for (const edge of way) for (const target of graph.targets[edge] ?? []) open.delete(target);
        node = endOf(graph, way);
      }
      if (walk.length === 0) return walks;
      for (let edge = endward[node]; edge !== undefined; edge = endward[node]) {
        walk.push(edge);
        for (const target of graph.targets[edge] ?? []) open.delete(target);
        node = endOf(graph, [edge]);
      }
      walks.push(walk);
    }
  };
}

function endOf(graph: Graph, way: Walk): number {
  return graph.edges[way.at(-1) ?? -1]?.to ?? graph.start;
}

/** Node → the next edge on a shortest way to an end. None for an end itself, and where no end can be reached. */
function waysToEnd(graph: Graph): readonly (number | undefined)[] {
  const arriving = new Map<number, number[]>();
  for (const [edge, { to }] of graph.edges.entries()) arriving.set(to, [...(arriving.get(to) ?? []), edge]);
  const endward: (number | undefined)[] = [];
  const queue = [...graph.leaving.keys()].filter((node) => graph.isEnd(node));
  const seen = new Set(queue);
  for (const node of queue) {
    for (const edge of arriving.get(node) ?? []) {
      const from = graph.edges[edge]?.from ?? node;
      if (seen.has(from)) continue;
      seen.add(from);
      endward[from] = edge;
      queue.push(from);
    }
  }
  return endward;
}

/**
 * The search for a shortest way to an edge with an open target. Of several, one that passes more of them; then one that
 * does not end the walk; then one by chance.
 */
function nearestSearch(graph: Graph): (from: number, open: ReadonlySet<number>, random: () => number) => Walk {
  const { edges, leaving, targets } = graph;
  const rankOf = (edge: number, open: ReadonlySet<number>, random: () => number): number => {
    let fresh = 0;
    for (const target of targets[edge] ?? []) if (open.has(target)) fresh += 1;
    if (fresh === 0) return 0;
    return fresh + (graph.isEnd(edges[edge]?.to ?? -1) ? 0 : 0.5) + random() / 4;
  };
  return (from, open, random) => {
    if (open.size === 0) return [];
    const arrival = new Map<number, number | null>([[from, null]]);
    let frontier = [from];
    while (frontier.length > 0) {
      let best: number | null = null;
      let bestRank = 0;
      const next: number[] = [];
      for (const node of frontier) {
        for (const edge of leaving[node] ?? []) {
          const rank = rankOf(edge, open, random);
          if (rank > bestRank) [best, bestRank] = [edge, rank];
          const to = edges[edge]?.to ?? node;
          if (arrival.has(to)) continue;
          arrival.set(to, edge);
          next.push(to);
        }
      }
      if (best !== null) return backtrack(graph, arrival, best);
      frontier = next;
    }
    return [];
  };
}

function backtrack(graph: Graph, arrival: ReadonlyMap<number, number | null>, last: number): Walk {
  const way: number[] = [];
  for (let edge: number | null = last; edge !== null; edge = arrival.get(graph.edges[edge]?.from ?? -1) ?? null)
    way.push(edge);
  return way.reverse();
}

/** Chance that is the same every time. Source: Numerical Recipes, `ranqd1`. */
function linearCongruential(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
