/** One arrow of a chart: taken, possible next, not possible any more, or just declared. */
import type { Arrow } from './graph.ts';
import { measures, type Route } from './layout.ts';
import { headOf, pathOf } from './route-path.ts';

export interface ArrowLook {
  readonly layer: 'plain' | 'gone' | 'next' | 'taken';
  /** How often it was taken. */
  readonly times: number;
}

interface ArrowViewProps {
  readonly arrow: Arrow;
  readonly route: Route | undefined;
  readonly look: ArrowLook;
}

export function ArrowView({ arrow, route, look }: ArrowViewProps) {
  if (!route) return null;
  const { label, points } = route;
  const lines =
    look.times > 1 ? [...arrow.label.slice(0, -1), `${arrow.label.at(-1) ?? ''} ×${look.times}`] : arrow.label;
  return (
    <g className={`arrow is-${look.layer}`} data-arrow={arrow.id}>
      <path className="arrow-line" d={pathOf(points)} />
      <path className="arrow-head" d={headOf(points)} />
      {label === null ? null : (
        <text className="arrow-label">
          {lines.map((line, i) => (
            <tspan key={line} x={label.x + 3} y={label.y + measures.line * (i + 0.78)}>
              {line}
            </tspan>
          ))}
        </text>
      )}
    </g>
  );
}
