/** An order that was just placed, moving over its machine. */
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { chartOf } from '../../../../src/diagrams/chart.ts';
import { logQuery, machineQuery } from '../../api/queries.ts';
import { standingAfter } from '../../chart/standing.ts';
import { Statechart } from '../../chart/statechart.tsx';
import { shortId } from '../../ui/format.ts';
import { Problem } from '../../ui/notes.tsx';
import { Skeleton } from '../../ui/skeleton.tsx';
import { StatusBadge } from '../../ui/status-badge.tsx';

export function PlacedOrder({ id }: { readonly id: string }) {
  const log = useQuery(logQuery(id));
  const last = log.data?.items.at(-1);
  const machineId = log.data?.machine;
  const machine = useQuery({ ...machineQuery(machineId ?? '', last?.version ?? ''), enabled: last !== undefined });
  const chart = useMemo(() => (machine.data ? chartOf(machine.data.definition) : null), [machine.data]);
  const standing = useMemo(() => (chart && log.data ? standingAfter(chart, log.data.items) : null), [chart, log.data]);
  if (log.error) return <Problem error={log.error} />;
  if (!chart || !last) return <Skeleton className="chart-skeleton" />;
  return (
    <>
      <p className="placed-said" aria-live="polite">
        <span className="id">{shortId(id)}</span>
        {last.status === null ? null : <StatusBadge status={last.status} />}
        <span className="mono">{last.to}</span>
      </p>
      <Statechart
        chart={chart}
        name={`${machineId ?? ''} ${last.version}`}
        label={`Order ${shortId(id)} at ${last.to}`}
        standing={standing}
      />
    </>
  );
}
