/** One state of a chart as a box, with the states inside as marks where they are folded into it. */
import type { KeyboardEvent } from 'react';
import type { ChartState } from '../../../src/diagrams/chart.ts';
import type { BoxFacts } from './box-facts.ts';
import type { Box } from './graph.ts';
import { markWidth, measures, type Place } from './layout.ts';
import type { Standing } from './standing.ts';

interface BoxViewProps {
  readonly box: Box;
  readonly place: Place | undefined;
  readonly standing: Standing | null;
  readonly facts: BoxFacts | null;
  readonly marked: 'added' | 'removed' | 'changed' | null;
  readonly isSelected: boolean;
  readonly onSelect: ((path: string) => void) | null;
}

export function BoxView(props: BoxViewProps) {
  const { box, place, facts, onSelect } = props;
  if (!place) return null;
  const { x, y, width, height } = place;
  const { pad, line } = measures;
  const isContainer = box.children.length > 0;
  const lines = [...(box.effect === null ? [] : [box.effect]), ...box.notes.map((note) => `↺ ${note}`)];
  return (
    <g className={classOf(props)} data-state={box.path} {...interaction(box, onSelect)}>
      <rect
        className="box-shape"
        x={x}
        y={y}
        width={width}
        height={height}
        rx={isContainer ? 12 : box.isFinal ? 16 : 8}
      />
      {box.isFinal ? (
        <rect className="box-inner" x={x + 3} y={y + 3} width={width - 6} height={height - 6} rx={13} />
      ) : null}
      <text
        className="box-name"
        x={box.isFinal ? x + width / 2 : x + pad + (isContainer ? 4 : 0)}
        y={y + 20}
        textAnchor={box.isFinal ? 'middle' : 'start'}
      >
        {box.name}
      </text>
      {lines.map((text, i) => (
        <text key={text} className="box-effect" x={x + pad + (isContainer ? 4 : 0)} y={y + 20 + line * (i + 1)}>
          {text}
        </text>
      ))}
      <Marks {...props} top={y + 28 + line * lines.length} left={x + pad} />
      {facts === null ? null : <Facts facts={facts} place={place} />}
    </g>
  );
}

function Facts({ facts, place: { x, y, width } }: { readonly facts: BoxFacts; readonly place: Place }) {
  const badge = facts.text.length * 6.6 + 14;
  return (
    <g className={`box-facts is-${facts.tone}`}>
      <rect x={x + width - badge + 8} y={y - 13} width={badge} height={18} rx={9} />
      <text x={x + width - badge / 2 + 8} y={y} textAnchor="middle">
        {facts.text}
      </text>
    </g>
  );
}

function Marks({ box, standing, top, left }: BoxViewProps & { readonly top: number; readonly left: number }) {
  let x = left;
  return box.marks.map((mark) => {
    const width = markWidth(mark.name);
    const at = x;
    x += width + measures.gap;
    return (
      <g key={mark.path} className={`mark ${markClass(mark, standing)}`} data-state={mark.path}>
        <rect x={at} y={top} width={width} height={measures.mark} rx={10} />
        <text x={at + width / 2} y={top + 14} textAnchor="middle">
          {mark.name}
        </text>
      </g>
    );
  });
}

/** Where the machine begins. */
export function InitialMark({ place }: { readonly place: Place | undefined }) {
  if (!place) return null;
  const x = place.x + 18;
  return (
    <g className="initial-mark">
      <circle cx={x} cy={place.y - 14} r={4.5} />
      <path d={`M${x} ${place.y - 10}V${place.y - 1}`} />
      <path d={`M${x} ${place.y}l-3.500 -6h7Z`} />
    </g>
  );
}

function interaction({ path, children }: Box, onSelect: BoxViewProps['onSelect']) {
  if (!onSelect || children.length > 0) return {};
  return {
    role: 'button',
    tabIndex: 0,
    onClick: () => onSelect(path),
    onKeyDown: (event: KeyboardEvent) => {
      if (event.key !== 'Enter' && event.key !== ' ') return;
      event.preventDefault();
      onSelect(path);
    },
  };
}

function classOf({ box, standing, marked, isSelected }: BoxViewProps): string {
  return [
    'box',
    `is-${box.kind}`,
    box.children.length > 0 ? 'is-container' : '',
    isSelected ? 'is-selected' : '',
    marked === null ? '' : `is-${marked}`,
    ...(standing ? standingClasses(box, standing) : []),
  ]
    .filter((name) => name !== '')
    .join(' ');
}

function standingClasses({ path }: Box, { active, visited, reachable }: Standing): string[] {
  return [
    active.has(path) ? 'is-current' : '',
    visited.has(path) ? 'is-visited' : '',
    reachable.has(path) ? '' : 'is-gone',
  ];
}

function markClass({ path, parked, undoes, effects }: ChartState, standing: Standing | null): string {
  const kind = parked ? 'is-parked' : undoes ? 'is-undo' : effects.length > 0 ? 'is-effect' : 'is-waiting';
  if (!standing) return kind;
  const { active, visited } = standing;
  return `${kind} ${active.has(path) ? 'is-current' : ''} ${visited.has(path) ? 'is-visited' : ''}`;
}
