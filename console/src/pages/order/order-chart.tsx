/** The machine of an order's version, with the order's way up to a moment, and what was imagined from there. */
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import type { OrderFile } from '../../../../src/console/schemas.ts';
import { chartOf } from '../../../../src/diagrams/chart.ts';
import { machineQuery } from '../../api/queries.ts';
import type { Detail } from '../../chart/graph.ts';
import { standingAfter } from '../../chart/standing.ts';
import { Statechart } from '../../chart/statechart.tsx';
import type { Move } from '../../chart/taken.ts';
import { Card } from '../../ui/card.tsx';
import { Empty, Problem } from '../../ui/notes.tsx';
import { Skeleton } from '../../ui/skeleton.tsx';

interface OrderChartProps {
  readonly actor: NonNullable<OrderFile['actor']>;
  readonly version: string;
  readonly moves: readonly Move[];
  readonly imagined: readonly Move[];
}

export function OrderChart({ actor, version, moves, imagined }: OrderChartProps) {
  const { data, error } = useQuery(machineQuery(actor.machine, version));
  const [detail, setDetail] = useState<Detail>('steps');
  const chart = useMemo(() => (data ? chartOf(data.definition) : null), [data]);
  const standing = useMemo(
    () => (chart ? standingAfter(chart, [...moves, ...imagined]) : null),
    [chart, moves, imagined],
  );
  return (
    <Card
      className="order-chart"
      title={`${actor.machine} ${version}`}
      note={imagined.length > 0 ? 'imagined from here' : (moves.at(-1)?.to ?? '')}
      end={
        <button
          type="button"
          className="button"
          aria-pressed={detail === 'states'}
          onClick={() => setDetail(detail === 'steps' ? 'states' : 'steps')}
        >
          Every state
        </button>
      }
      flush
    >
      {error ? (
        actor.is_known ? (
          <Problem error={error} />
        ) : (
          <Empty title="This process does not run that version">
            <p>A process of that version draws it.</p>
          </Empty>
        )
      ) : chart ? (
        <>
          <Statechart
            chart={chart}
            name={`${actor.machine} ${version}`}
            label={`Statechart; the order is at ${[...moves, ...imagined].at(-1)?.to ?? 'nowhere'}`}
            detail={detail}
            standing={standing}
          />
          <Legend />
        </>
      ) : (
        <Skeleton className="chart-skeleton" />
      )}
    </Card>
  );
}

function Legend() {
  return (
    <div className="chart-legend">
      <span>
        <i className="is-current" /> here
      </span>
      <span>
        <i className="is-taken" /> taken
      </span>
      <span>
        <i className="is-next" /> may come next
      </span>
      <span>
        <i className="is-gone" /> cannot happen any more
      </span>
    </div>
  );
}
