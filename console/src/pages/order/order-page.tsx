/** One order: where it stands on its machine, how it came there, and what may become of it. */
import { useQuery } from '@tanstack/react-query';
import { ApiProblem } from '../../api/client.ts';
import { logQuery, orderQuery } from '../../api/queries.ts';
import { Empty, Problem } from '../../ui/notes.tsx';
import { Skeleton } from '../../ui/skeleton.tsx';
import { OrderHead } from './order-head.tsx';
import { OrderStory } from './order-story.tsx';
import { OrderFacts } from './order-facts.tsx';

export interface OrderSearchParams {
  /** The revision that is looked at; absent: now. */
  readonly at?: number;
  /** The revision it is compared with. */
  readonly against?: number;
  readonly tab?: string;
}

export function OrderPage({ id, search }: { readonly id: string; readonly search: OrderSearchParams }) {
  const file = useQuery(orderQuery(id));
  const log = useQuery(logQuery(id));
  if (file.error instanceof ApiProblem && file.error.status === 404)
    return (
      <Empty title="There is no such order">
        <p className="id">{id}</p>
      </Empty>
    );
  if (!file.data) {
    return file.error ? (
      <Problem error={file.error} retry={() => void file.refetch()} />
    ) : (
      <Skeleton className="page-skeleton" label="Loading the order" />
    );
  }
  const { actor } = file.data;
  return (
    <div className="page">
      <OrderHead file={file.data} />
      {file.error ? <Problem error={file.error} /> : null}
      {log.error ? <Problem error={log.error} retry={() => void log.refetch()} /> : null}
      {log.data && actor && log.data.items.length > 0 ? (
        <OrderStory file={file.data} actor={actor} log={log.data} search={search} />
      ) : log.data ? (
        <>
          <p className="notice">The order ended so long ago that its history was dropped.</p>
          <section className="card">
            <OrderFacts file={file.data} />
          </section>
        </>
      ) : log.error ? null : (
        <Skeleton className="page-skeleton" label="Loading the history" />
      )}
    </div>
  );
}
