/** Where boxes and arrows go: a chart's graph as the layout engine takes it, and its answer as places. Pure. */
import type { ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk-api.js';
import type { Arrow, Box, ChartGraph } from './graph.ts';

export interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Route {
  /** The corners of the line, source first. */
  readonly points: readonly { readonly x: number; readonly y: number }[];
  readonly label: Place | null;
}

export interface ChartLayout {
  readonly width: number;
  readonly height: number;
  readonly boxes: ReadonlyMap<string, Place>;
  readonly arrows: ReadonlyMap<string, Route>;
}

/** Pixels at scale 1; text is measured by its length, which is good enough for a box that is a little too wide. */
export const measures = { line: 14, nameSize: 13, smallSize: 11, mark: 20, gap: 6, pad: 10, header: 30 };

const nameWidth = (text: string): number => text.length * 7.4;
export const smallWidth = (text: string): number => text.length * 6.2;
export const markWidth = (name: string): number => smallWidth(name) + 14;

export function boxSize(box: Box): { readonly width: number; readonly height: number } {
  if (box.isFinal) return { width: Math.max(72, nameWidth(box.name) + 34), height: 32 };
  const { pad, gap, mark, line } = measures;
  const marks = box.marks.reduce((sum, { name }) => sum + markWidth(name) + gap, -gap);
  const effect = box.effect === null ? 0 : smallWidth(box.effect);
  const notes = box.notes.map((note) => smallWidth(`↺ ${note}`));
  return {
    width: Math.max(96, nameWidth(box.name), effect, marks, ...notes) + 2 * pad,
    height: 26 + (box.effect === null ? 0 : line) + box.notes.length * line + (box.marks.length > 0 ? mark + 10 : 6),
  };
}

const rootOptions = {
  'elk.algorithm': 'layered',
  'elk.direction': 'DOWN',
  'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.json.shapeCoords': 'ROOT',
  'elk.json.edgeCoords': 'ROOT',
  'elk.padding': '[top=20,left=12,bottom=12,right=12]',
  'elk.spacing.nodeNode': '28',
  'elk.spacing.edgeNode': '16',
  'elk.spacing.edgeEdge': '12',
  'elk.layered.spacing.nodeNodeBetweenLayers': '12',
  'elk.layered.spacing.edgeNodeBetweenLayers': '10',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '8',
  'elk.layered.considerModelOrder.strategy': 'PREFER_NODES',
  'elk.layered.nodePlacement.strategy': 'BRANDES_KOEPF',
};

export function elkGraphOf({ boxes, arrows }: ChartGraph): ElkNode {
  return {
    id: 'root',
    layoutOptions: rootOptions,
    children: boxes.map(elkNode),
    edges: arrows.map(elkEdge),
  };
}

function elkNode(box: Box): ElkNode {
  if (box.children.length === 0) return { id: box.path, ...boxSize(box) };
  const top = measures.header + box.notes.length * measures.line;
  return {
    id: box.path,
    layoutOptions: { 'elk.padding': `[top=${top},left=16,bottom=16,right=16]` },
    children: box.children.map(elkNode),
  };
}

function elkEdge({ id, source, target, label }: Arrow): ElkExtendedEdge {
  // And how often it was taken.
  const width = Math.max(0, ...label.map(smallWidth)) + 20;
  const text = label.join('\n');
  return {
    id,
    sources: [source],
    targets: [target],
    ...(text === ''
      ? {}
      : {
          labels: [
            {
              id: `${id}#`,
              text,
              width,
              height: label.length * measures.line,
              layoutOptions: { 'elk.edgeLabels.placement': 'CENTER', 'elk.edgeLabels.inline': 'false' },
            },
          ],
        }),
  };
}

/** @param laidOut what the engine answered: every coordinate is the root's */
export function placesOf(laidOut: ElkNode): ChartLayout {
  const boxes = new Map<string, Place>();
  const arrows = new Map<string, Route>();
  const walk = (node: ElkNode): void => {
    for (const child of node.children ?? []) {
      boxes.set(child.id, placeOf(child));
      walk(child);
    }
    for (const edge of node.edges ?? []) arrows.set(edge.id, routeOf(edge));
  };
  walk(laidOut);
  return { width: laidOut.width ?? 0, height: laidOut.height ?? 0, boxes, arrows };
}

function routeOf(edge: ElkExtendedEdge): Route {
  const points = (edge.sections ?? []).flatMap(({ startPoint, bendPoints, endPoint }) => [
    startPoint,
    ...(bendPoints ?? []),
    endPoint,
  ]);
  const [label] = edge.labels ?? [];
  return { points: points, label: label ? placeOf(label) : null };
}

const placeOf = ({ x = 0, y = 0, width = 0, height = 0 }: Partial<Place>): Place => ({ x, y, width, height });
