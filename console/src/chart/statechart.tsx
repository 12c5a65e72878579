/** A machine as a picture: boxes in boxes, arrows, and, for one actor, its way through them. */
import { useEffect, useRef, useState } from 'react';
import type { Chart } from '../../../src/diagrams/chart.ts';
import { Skeleton } from '../ui/skeleton.tsx';
import { ArrowView, type ArrowLook } from './arrow-view.tsx';
import type { BoxFacts } from './box-facts.ts';
import { BoxView, InitialMark } from './box-view.tsx';
import { type Arrow, boxesIn, type Detail } from './graph.ts';
import type { Standing } from './standing.ts';
import { useLayout } from './use-layout.ts';

export interface StatechartProps {
  readonly chart: Chart;
  /** What tells this chart from others, for its layout is kept. */
  readonly name: string;
  readonly label: string;
  readonly detail?: Detail;
  /** Of one actor; without, the machine alone is drawn. */
  readonly standing?: Standing | null;
  /** Said beside the names of states, by path: how many actors are there, for instance. */
  readonly facts?: ReadonlyMap<string, BoxFacts>;
  /** States to point out, by path: what another version has changed, for instance. */
  readonly marked?: ReadonlyMap<string, 'added' | 'removed' | 'changed'>;
  readonly selected?: string | null;
  readonly onSelect?: (path: string) => void;
}

const zooms = [0.5, 0.75, 1, 1.25, 1.5, 2];

export function Statechart(props: StatechartProps) {
  const { chart, name, label, detail = 'steps', standing } = props;
  const { graph, layout, error } = useLayout(chart, name, detail);
  const [zoom, setZoom] = useState<number | null>(null);
  const frame = useRef<HTMLDivElement>(null);
  useCurrentInView(frame, standing, layout !== undefined);
  if (error) return <p className="chart-failed">The chart could not be laid out: {error.message}</p>;
  if (!layout) return <Skeleton className="chart-skeleton" label="Laying out the chart" />;

  const boxes = boxesIn(graph.boxes);
  const arrows = graph.arrows
    .map((arrow) => ({ arrow, look: lookOf(arrow, props) }))
    .sort((a, b) => layers.indexOf(a.look.layer) - layers.indexOf(b.look.layer));
  return (
    <div className="chart">
      <div className="chart-frame" ref={frame} tabIndex={0} role="region" aria-label={`${label}, scrollable`}>
        <svg
          className={`statechart ${standing ? 'has-standing' : ''} ${zoom === null ? 'is-fitted' : ''}`}
          viewBox={`0 0 ${layout.width} ${layout.height}`}
          width={layout.width * (zoom ?? 1)}
          height={layout.height * (zoom ?? 1)}
          style={{ '--chart-natural': `${layout.width}px` }}
          role="group"
          aria-label={label}
        >
          {boxes.map((box) => (
            <BoxView
              key={box.path}
              box={box}
              place={layout.boxes.get(box.path)}
              {...viewOf(box.path, props, graph.boxOf)}
            />
          ))}
          {arrows.map(({ arrow, look }) => (
            <ArrowView key={arrow.id} arrow={arrow} route={layout.arrows.get(arrow.id)} look={look} />
          ))}
          <InitialMark place={graph.initial === null ? undefined : layout.boxes.get(graph.initial)} />
        </svg>
      </div>
      <ZoomButtons zoom={zoom} onZoom={setZoom} />
    </div>
  );
}

const layers = ['plain', 'gone', 'next', 'taken'] as const;

function lookOf({ transitions, source, target }: Arrow, { standing }: StatechartProps): ArrowLook {
  if (!standing) return { layer: 'plain', times: 0 };
  const times = transitions.reduce((sum, index) => sum + (standing.taken.get(index) ?? 0), 0);
  if (times > 0) return { layer: 'taken', times };
  if (transitions.some((index) => standing.next.has(index))) return { layer: 'next', times };
  const isGone = !standing.reachable.has(source) || !standing.reachable.has(target);
  return { layer: isGone ? 'gone' : 'plain', times };
}

function viewOf(path: string, props: StatechartProps, boxOf: ReadonlyMap<string, string>) {
  const { standing, facts, marked, selected, onSelect } = props;
  const inside = [...boxOf].flatMap(([state, box]) => (box === path ? [state] : []));
  return {
    standing: standing ?? null,
    facts: facts?.get(path) ?? null,
    marked: marked?.get(path) ?? inside.map((state) => marked?.get(state)).find((mark) => mark !== undefined) ?? null,
    isSelected: selected === path,
    onSelect: onSelect ?? null,
  };
}

/** Follows the actor: whenever it stands elsewhere, that box is scrolled into the frame. */
function useCurrentInView(
  frame: { readonly current: HTMLDivElement | null },
  standing: Standing | null | undefined,
  isLaidOut: boolean,
): void {
  const where = standing ? [...standing.active].at(-1) : undefined;
  useEffect(() => {
    const element = frame.current;
    const current = element?.querySelector('.box.is-current');
    if (!element || !current || !isLaidOut) return;
    const outer = element.getBoundingClientRect();
    const inner = current.getBoundingClientRect();
    if (
      inner.top >= outer.top &&
      inner.bottom <= outer.bottom &&
      inner.left >= outer.left &&
      inner.right <= outer.right
    )
      return;
    element.scrollBy({
      top: inner.top - outer.top - (outer.height - inner.height) / 2,
      left: inner.left - outer.left - (outer.width - inner.width) / 2,
    });
  }, [frame, where, isLaidOut]);
}

function ZoomButtons({
  zoom,
  onZoom,
}: {
  readonly zoom: number | null;
  readonly onZoom: (zoom: number | null) => void;
}) {
  const at = zoom ?? 1;
  const smaller = zooms.findLast((step) => step < at);
  const larger = zooms.find((step) => step > at);
  return (
    <div className="chart-zoom" role="group" aria-label="Zoom">
      <button
        type="button"
        aria-label="Smaller"
        disabled={smaller === undefined}
        onClick={() => onZoom(smaller ?? null)}
      >
        −
      </button>
      <button type="button" aria-pressed={zoom === null} onClick={() => onZoom(null)}>
        Fit
      </button>
      <button type="button" aria-label="Larger" disabled={larger === undefined} onClick={() => onZoom(larger ?? null)}>
        +
      </button>
    </div>
  );
}

declare module 'react' {
  interface CSSProperties {
    '--chart-natural'?: string;
  }
}
