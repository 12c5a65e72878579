/** The line of a route as an SVG path with round corners, and the head of its arrow. Pure. */
import type { Route } from './layout.ts';

type Point = Route['points'][number];

const radius = 6;

export function pathOf(points: readonly Point[]): string {
  const [first, ...rest] = points;
  if (!first) return '';
  const corners = rest.map((point, i) => {
    const before = points[i] ?? first;
    const after = points[i + 2];
    if (!after) return `L${xy(point)}`;
    const turn = Math.min(radius, distance(before, point) / 2, distance(point, after) / 2);
    return `L${xy(towards(point, before, turn))}Q${xy(point)} ${xy(towards(point, after, turn))}`;
  });
  return `M${xy(first)}${corners.join('')}`;
}

/** A triangle whose tip is the last point. */
export function headOf(points: readonly Point[], size = 7): string {
  const tip = points.at(-1);
  const before = points.at(-2);
  if (!tip || !before) return '';
  const base = towards(tip, before, size);
  const length = distance(tip, before) || 1;
  const across = { x: ((before.y - tip.y) / length) * size * 0.5, y: ((tip.x - before.x) / length) * size * 0.5 };
  return `M${xy(tip)}L${xy({ x: base.x + across.x, y: base.y + across.y })}L${xy({ x: base.x - across.x, y: base.y - across.y })}Z`;
}

const xy = ({ x, y }: Point): string => `${round(x)} ${round(y)}`;
const round = (n: number): number => Math.round(n * 10) / 10;
const distance = (a: Point, b: Point): number => Math.hypot(a.x - b.x, a.y - b.y);

function towards(from: Point, to: Point, by: number): Point {
  const length = distance(from, to) || 1;
  return { x: from.x + ((to.x - from.x) / length) * by, y: from.y + ((to.y - from.y) / length) * by };
}
