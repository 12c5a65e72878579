import ELK from 'elkjs';
import { describe, expect, it } from 'vitest';
import { boxesIn, graphOf } from '../../console/src/chart/graph.ts';
import { elkGraphOf, placesOf } from '../../console/src/chart/layout.ts';
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
      for (const box of boxesIn(graph.boxes)) {
        const place = boxes.get(box.path);
        expect(place, box.path).toBeDefined();
        for (const child of box.children) {
          const inner = boxes.get(child.path);
          expect(inner && place && inner.x > place.x && inner.y > place.y, child.path).toBe(true);
          expect(inner && place && inner.x + inner.width <= place.x + place.width, child.path).toBe(true);
        }
      }
      for (const { id } of graph.arrows) {
        const points = arrows.get(id)?.points ?? [];
        expect(points.length, id).toBeGreaterThan(1);
        for (const { x, y } of points) expect(x >= 0 && y >= 0 && x <= width && y <= height, id).toBe(true);
      }
    },
  );
});

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
