/** What is under way: by status, waiting for another attempt, and parked by cause. */
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Overview } from '../../../../src/console/schemas.ts';
import { Card } from '../../ui/card.tsx';
import { number } from '../../ui/format.ts';
import { Empty } from '../../ui/notes.tsx';
import { StatusBadge } from '../../ui/status-badge.tsx';

export function Unfinished({ overview: { unfinished, parked } }: { readonly overview: Overview }) {
  const orders = unfinished.orders.filter((one) => one.orders > 0);
  return (
    <div className="overview-three">
      <Card title="Under way" flush>
        <Counts
          empty="Nothing is under way"
          rows={orders.map(({ status, orders: count }) => ({
            key: status,
            name: (
              <Link to="/orders" search={{ status }}>
                <StatusBadge status={status} />
              </Link>
            ),
            count,
          }))}
        />
      </Card>
      <Card title="Waiting for another attempt" flush>
        <Counts
          empty="Nothing is being tried again"
          rows={unfinished.retrying.map(({ effect, orders: count }) => ({
            key: effect,
            name: (
              <Link to="/orders" search={{ view: 'retrying' }}>
                <code>{effect}</code>
              </Link>
            ),
            count,
          }))}
        />
      </Card>
      <Card title="Parked, by cause" flush>
        <Counts
          empty="Nothing waits for a person"
          rows={parked.map(({ cause, title, actors }) => ({
            key: cause,
            name: (
              <Link to="/parked" search={{ cause }}>
                {title}
              </Link>
            ),
            count: actors,
          }))}
        />
      </Card>
    </div>
  );
}

interface CountsProps {
  readonly rows: readonly { readonly key: string; readonly name: ReactNode; readonly count: number }[];
  readonly empty: string;
}

function Counts({ rows, empty }: CountsProps) {
  if (rows.length === 0) return <Empty title={empty} />;
  return (
    <ul className="counts">
      {rows.map(({ key, name, count }) => (
        <li key={key}>
          <span>{name}</span>
          <strong>{number(count)}</strong>
        </li>
      ))}
    </ul>
  );
}
