import ELK from 'elkjs';
import { describe, expect, it } from 'vitest';
import { boxesIn, graphOf } from '../../console/src/chart/graph.ts';
import { elkGraphOf, type Place, placesOf } from '../../console/src/chart/layout.ts';
import { headOf, pathOf } from '../../console/src/chart/route-path.ts';
import { actorMachines } from '../../src/compose.ts';
import { chartOf } from '../../src/diagrams/chart.ts';

describe.each(actorMachines().map((machine) => [machine.id, machine] as const))('the layout of %s', (_id, machine) => {
  const chart = chartOf(machine.config);

  it.each(['steps', 'states'] as const)(
    '%s: each box and arrow has its place, and what is inside lies inside',
    async (detail) => {
      const graph = graphOf(chart, detail);
      const { boxes, arrows, width, height } = placesOf(await new ELK.default().layout(elkGraphOf(graph)));
      const lost = boxesIn(graph.boxes).flatMap(({ path, children }) => {
        const place = boxes.get(path);
        return children.filter((child) => !place || !lies(boxes.get(child.path), place)).map((child) => child.path);
      });
      expect([lost, [...boxes.keys()].toSorted()]).toEqual([
        [],
        boxesIn(graph.boxes)
          .map(({ path }) => path)
          .toSorted(),
      ]);
      const astray = graph.arrows.filter(({ id }) => {
        const points = arrows.get(id)?.points ?? [];
        return points.length < 2 || points.some(({ x, y }) => x < 0 || y < 0 || x > width || y > height);
      });
      expect(astray).toEqual([]);
    },
  );
});

function lies(inner: Place | undefined, outer: Place): boolean {
  return (
    inner !== undefined && inner.x > outer.x && inner.y > outer.y && inner.x + inner.width <= outer.x + outer.width
  );
}

describe('routes', () => {
  it('corners are round, ends are not', () => {
    const points = [
      { x: 0, y: 0 },
      { x: 0, y: 20 },
      { x: 30, y: 20 },
    ];
    expect(pathOf(points)).toBe('M0 0L0 14Q0 20 6 20L30 20');
    expect(headOf(points, 8)).toBe('M30 20L22 24L22 16Z');
    expect([pathOf([]), headOf([])]).toEqual(['', '']);
  });
});
