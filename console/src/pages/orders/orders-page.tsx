/** The orders, newest first, by whatever they are searched for. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type OrderFilters, ordersQuery } from '../../api/queries.ts';
import { Empty, Problem } from '../../ui/notes.tsx';
import { Skeleton } from '../../ui/skeleton.tsx';
import { FilterBar } from './filter-bar.tsx';
import { OrderTable } from './order-table.tsx';

const views = [
  { view: undefined, name: 'All' },
  { view: 'needs_attention', name: 'Needs attention' },
  { view: 'stuck', name: 'Stuck' },
  { view: 'retrying', name: 'Retrying' },
  { view: 'compensating', name: 'Compensating' },
] as const;

const explained: Readonly<Record<string, string>> = {
  needs_attention: 'Parked: they go on once somebody has decided.',
  stuck: 'Under way, not parked, and not moved for two minutes.',
  retrying: 'Waiting before the next attempt of an effect.',
  compensating: 'On the way back: what was done is being undone.',
};

export function OrdersPage({ filters }: { readonly filters: OrderFilters }) {
  const navigate = useNavigate();
  const search = (next: OrderFilters): void => void navigate({ to: '/orders', search: next });
  return (
    <div className="page">
      <header className="page-head">
        <h1>Orders</h1>
        <div className="segments" role="group" aria-label="Saved views">
          {views.map(({ view, name }) => (
            <button
              key={name}
              type="button"
              className="button"
              aria-pressed={filters.view === view}
              onClick={() => search(view === undefined ? without(filters, 'view') : { ...filters, view })}
            >
              {name}
            </button>
          ))}
        </div>
      </header>
      {filters.view === undefined ? null : <p className="muted">{explained[filters.view]}</p>}
      <FilterBar key={JSON.stringify(filters)} filters={filters} onSearch={search} />
      <Found filters={filters} onClear={() => search({})} />
    </div>
  );
}

function Found({ filters, onClear }: { readonly filters: OrderFilters; readonly onClear: () => void }) {
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(
    ordersQuery(filters),
  );
  if (error && !data) return <Problem error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton className="page-skeleton" label="Looking for orders" />;
  const orders = data.pages.flatMap(({ items }) => items);
  const isFiltered = Object.keys(filters).length > 0;
  return (
    <section className="card" aria-label="Orders found">
      {error ? <Problem error={error} retry={() => void refetch()} /> : null}
      {orders.length === 0 ? (
        <Empty title={isFiltered ? 'No order is like that' : 'There are no orders yet'}>
          {isFiltered ? (
            <button type="button" className="button" onClick={onClear}>
              Show all orders
            </button>
          ) : (
            <p>They appear here as soon as the first is placed.</p>
          )}
        </Empty>
      ) : (
        <OrderTable orders={orders} />
      )}
      {hasNextPage ? (
        <div className="more">
          <button type="button" className="button" disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            {isFetchingNextPage ? 'Loading…' : 'Older orders'}
          </button>
        </div>
      ) : null}
    </section>
  );
}

function without(filters: OrderFilters, name: keyof OrderFilters): OrderFilters {
  return Object.fromEntries(Object.entries(filters).filter(([key]) => key !== name));
}
