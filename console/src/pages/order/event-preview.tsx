/** What an operator's event would do, and what could come of it if all goes well. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { type OperatorEvent, previewEvent } from '../../api/commands.ts';
import { Problem } from '../../ui/notes.tsx';
import { Skeleton } from '../../ui/skeleton.tsx';
import { StatusBadge } from '../../ui/status-badge.tsx';
import { SimulatedSteps } from './simulated-steps.tsx';

export function EventPreview({ actorId, event }: { readonly actorId: string; readonly event: OperatorEvent }) {
  const { type, settlement } = event;
  const { data, error } = useQuery({
    queryKey: ['order', actorId, 'preview', type, settlement ?? null],
    // Who and why change nothing about what happens.
    queryFn: ({ signal }) => previewEvent(actorId, { ...event, by: 'preview', why: 'preview' }, ['happy'], signal),
    placeholderData: keepPreviousData,
    retry: false,
  });
  return (
    <section aria-label="Preview" className="preview">
      <h3>What it would do</h3>
      {error ? <Problem error={error} /> : null}
      {data ? (
        <>
          <SimulatedSteps simulation={data} />
          <p>
            If all goes well it ends in <code>{data.end.state}</code>{' '}
            {data.end.status === null ? null : <StatusBadge status={data.end.status} />}
          </p>
        </>
      ) : error ? null : (
        <Skeleton label="Simulating" />
      )}
    </section>
  );
}
