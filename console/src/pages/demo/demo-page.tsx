/** A place to play: orders of every kind, the fake gateway's weather, a worker to kill. Only where nothing is real. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { Demo } from '../../../../src/console/schemas.ts';
import { ApiProblem } from '../../api/client.ts';
import { placeDemoOrder } from '../../api/commands.ts';
import { demoQuery } from '../../api/queries.ts';
import { Card } from '../../ui/card.tsx';
import { shortId } from '../../ui/format.ts';
import { Empty, Problem } from '../../ui/notes.tsx';
import { Skeleton } from '../../ui/skeleton.tsx';
import { StatusBadge } from '../../ui/status-badge.tsx';
import { PlacedOrder } from './placed-order.tsx';
import { WeatherCard } from './weather-card.tsx';
import { WorkerCard } from './worker-card.tsx';

export function DemoPage() {
  const { data, error, refetch } = useQuery(demoQuery);
  const [placed, setPlaced] = useState<readonly string[]>([]);
  if (error instanceof ApiProblem && error.status === 404)
    return (
      <Empty title="There is no demo corner here">
        <p>It is offered only where the database is the embedded one and the gateway is the fake one.</p>
      </Empty>
    );
  return (
    <div className="page">
      <header className="page-head">
        <h1>Demo corner</h1>
        <span className="muted">fake money, a fake gateway, a real system</span>
      </header>
      {error ? <Problem error={error} retry={() => void refetch()} /> : null}
      {data ? (
        <div className="demo-grid">
          <Scenarios demo={data} onPlaced={(id) => setPlaced([id, ...placed].slice(0, 12))} />
          <div className="column">
            <WeatherCard weather={data.gateway} />
            <WorkerCard worker={data.worker} />
          </div>
          <Placed ids={placed} />
        </div>
      ) : error ? null : (
        <Skeleton className="page-skeleton" />
      )}
    </div>
  );
}

function Scenarios({ demo, onPlaced }: { readonly demo: Demo; readonly onPlaced: (id: string) => void }) {
  const client = useQueryClient();
  const placing = useMutation({
    mutationFn: (scenario: string) => placeDemoOrder({ scenario }),
    onSuccess: async ({ order_ledger_id }) => {
      onPlaced(order_ledger_id);
      await client.invalidateQueries({ queryKey: ['orders'] });
    },
  });
  return (
    <Card title="Place an order" note="each ends as it says" flush className="demo-scenarios">
      {placing.error ? <Problem error={placing.error} /> : null}
      <ul className="scenarios">
        {demo.scenarios.map(({ name, title, promise, ends }) => (
          <li key={name}>
            <div>
              <h3>{title}</h3>
              <p className="muted">{promise}</p>
            </div>
            <StatusBadge status={ends} />
            <button
              type="button"
              className="button"
              aria-label={`Place: ${title}`}
              disabled={placing.isPending}
              onClick={() => placing.mutate(name)}
            >
              {placing.isPending && placing.variables === name ? 'Placing…' : 'Place'}
            </button>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Placed({ ids }: { readonly ids: readonly string[] }) {
  const [latest, ...others] = ids;
  return (
    <Card
      title="Watch"
      className="demo-watch"
      flush
      end={
        latest === undefined ? undefined : (
          <Link to="/orders/$id" params={{ id: latest }} className="button">
            Open {shortId(latest)}
          </Link>
        )
      }
    >
      {latest === undefined ? (
        <Empty title="Nothing placed yet">
          <p>Place an order and see it move over its machine.</p>
        </Empty>
      ) : (
        <PlacedOrder key={latest} id={latest} />
      )}
      {others.length > 0 ? (
        <ul className="placed-before" aria-label="Placed before">
          {others.map((id) => (
            <li key={id}>
              <Link to="/orders/$id" params={{ id }} className="id">
                {shortId(id)}
              </Link>
            </li>
          ))}
        </ul>
      ) : null}
    </Card>
  );
}
