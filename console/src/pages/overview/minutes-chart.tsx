/** Orders per minute: how they ended as bars, how many were placed as a line. The same as a table for those who read. */
import { useRef, useState } from 'react';
import { Card } from '../../ui/card.tsx';
import { Empty } from '../../ui/notes.tsx';
import { useWidth } from '../../ui/use-width.ts';
import { endedIn, type Minute, partsOf, scaleTop } from './bars.ts';

const height = 232;
const plot = { left: 34, top: 10, right: 8, bottom: 22 };
const innerHeight = height - plot.top - plot.bottom;

export function MinutesChart({ minutes }: { readonly minutes: readonly Minute[] }) {
  const [at, setAt] = useState<number | null>(null);
  const shown = at === null ? undefined : minutes[at];
  const isEmpty = minutes.every((minute) => minute.placed === 0 && endedIn(minute) === 0);
  return (
    <Card
      title="Orders"
      note={shown ? saidOf(shown) : 'per minute; bars by how they ended, the line is what was placed'}
    >
      {isEmpty ? (
        <Empty title="No orders in the last hour">
          <p>They appear here as they are placed.</p>
        </Empty>
      ) : (
        <>
          <Plot minutes={minutes} at={at} onPoint={setAt} />
          <Legend />
        </>
      )}
    </Card>
  );
}

interface PlotProps {
  readonly minutes: readonly Minute[];
  readonly at: number | null;
  readonly onPoint: (index: number | null) => void;
}

function Plot({ minutes, at, onPoint }: PlotProps) {
  const top = scaleTop(Math.max(...minutes.map((minute) => Math.max(minute.placed, endedIn(minute)))));
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame, 720);
  const step = (width - plot.left - plot.right) / Math.max(1, minutes.length);
  // A label needs some 60 pixels.
  const labelEvery = step * 10 < 60 ? 20 : 10;
  const y = (count: number): number => plot.top + innerHeight * (1 - count / top);
  const line = minutes.map(({ placed }, i) => `${i === 0 ? 'M' : 'L'}${plot.left + step * (i + 0.5)} ${y(placed)}`);
  const total = minutes.reduce((sum, { placed }) => sum + placed, 0);
  return (
    <div className="minutes-frame" ref={frame}>
      <svg
        className="minutes"
        width={width}
        height={height}
        role="img"
        aria-label={`Orders per minute in the last hour: ${total} placed, at most ${Math.max(...minutes.map(({ placed }) => placed))} in one minute`}
        onMouseLeave={() => onPoint(null)}
      >
        {[0, 0.25, 0.5, 0.75, 1].map((share) => (
          <g key={share} className="minutes-grid">
            <path d={`M${plot.left} ${y(top * share)}H${width - plot.right}`} />
            <text x={plot.left - 6} y={y(top * share) + 3.5} textAnchor="end">
              {Number.isInteger(top * share) ? top * share : ''}
            </text>
          </g>
        ))}
        {minutes.map((minute, i) => (
          <g key={minute.at} onMouseEnter={() => onPoint(i)} className={at === i ? 'is-at' : ''}>
            <rect className="minutes-hit" x={plot.left + step * i} y={plot.top} width={step} height={innerHeight} />
            <Bar minute={minute} x={plot.left + step * i + step * 0.14} width={step * 0.72} y={y} />
          </g>
        ))}
        <path className="minutes-placed" d={line.join('')} />
        {minutes.map(({ at: instant }, i) =>
          i % labelEvery === 0 ? (
            <text key={instant} className="minutes-time" x={plot.left + step * i} y={height - 5}>
              {clock.format(new Date(instant))}
            </text>
          ) : null,
        )}
      </svg>
    </div>
  );
}

interface BarProps {
  readonly minute: Minute;
  readonly x: number;
  readonly width: number;
  readonly y: (count: number) => number;
}

function Bar({ minute, x, width: barWidth, y }: BarProps) {
  let below = 0;
  return partsOf(minute).map(({ name, count }) => {
    if (count === 0) return null;
    const from = below;
    below += count;
    return (
      <rect key={name} className={`bar is-${name}`} x={x} y={y(below)} width={barWidth} height={y(from) - y(below)} />
    );
  });
}

function Legend() {
  return (
    <ul className="minutes-legend">
      {['completed', 'declined', 'cancelled', 'failed', 'placed'].map((name) => (
        <li key={name}>
          <i className={`is-${name}`} />
          {name}
        </li>
      ))}
    </ul>
  );
}

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

function saidOf(minute: Minute): string {
  const parts = partsOf(minute).flatMap(({ name, count }) => (count > 0 ? [`${count} ${name}`] : []));
  return `${clock.format(new Date(minute.at))}: ${[`${minute.placed} placed`, ...parts].join(', ')}`;
}
