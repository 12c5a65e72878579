/** What waits for a person, by cause: look at one group, retry all of it, or open one and resolve it. */
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { ParkedGroup } from '../../../../src/console/schemas.ts';
import { parkedQuery } from '../../api/queries.ts';
import { money, number } from '../../ui/format.ts';
import { Instant } from '../../ui/instant.tsx';
import { Empty, Problem } from '../../ui/notes.tsx';
import { Skeleton } from '../../ui/skeleton.tsx';
import { ParkedActors } from './parked-actors.tsx';
import { RetryDialog, type RetryTarget } from './retry-dialog.tsx';

export function ParkedPage({ search: { cause } }: { readonly search: { readonly cause?: string } }) {
  const navigate = useNavigate();
  const { data, error, refetch } = useQuery(parkedQuery);
  const [retrying, setRetrying] = useState<RetryTarget | null>(null);
  const toggle = (group: ParkedGroup): void =>
    void navigate({ to: '/parked', search: group.cause === cause ? {} : { cause: group.cause }, resetScroll: false });
  return (
    <div className="page">
      <header className="page-head">
        <h1>Parked</h1>
        {data ? (
          <span className="muted">
            {data.actors === 1 ? '1 actor waits' : `${number(data.actors)} actors wait`} for a person
          </span>
        ) : null}
      </header>
      {error ? <Problem error={error} retry={() => void refetch()} /> : null}
      {!data && !error ? <Skeleton className="page-skeleton" /> : null}
      {data?.groups.length === 0 ? (
        <section className="card">
          <Empty title="Nothing waits for a person">
            <p>What a machine or the runtime cannot decide by itself appears here, by cause.</p>
          </Empty>
        </section>
      ) : null}
      {data?.groups.map((group) => (
        <Group
          key={group.cause}
          group={group}
          isOpen={group.cause === cause}
          onToggle={() => toggle(group)}
          onRetry={setRetrying}
        />
      ))}
      {retrying ? <RetryDialog target={retrying} onClose={() => setRetrying(null)} /> : null}
    </div>
  );
}

interface GroupProps {
  readonly group: ParkedGroup;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
  readonly onRetry: (target: RetryTarget) => void;
}

function Group({ group, isOpen, onToggle, onRetry }: GroupProps) {
  const { cause, title, machine, by, state, code, actors, oldest_at, newest_at, accepts, totals } = group;
  return (
    <section className="card parked-group" aria-label={title}>
      <header className="parked-head">
        <span className="parked-count">{number(actors)}</span>
        <div>
          <h2>{title}</h2>
          <p className="muted">
            {machine} in <span className="mono">{state}</span>, parked by the {by}
            {code === null ? '' : `, ${code}`}; oldest <Instant at={oldest_at} as="age" />
            {oldest_at === newest_at ? null : (
              <>
                , newest <Instant at={newest_at} as="age" />
              </>
            )}
          </p>
          {totals.length > 0 ? (
            <p>At stake: {totals.map(({ currency, total_cents }) => money(total_cents, currency)).join(', ')}</p>
          ) : null}
        </div>
        <div className="page-head-end">
          <button type="button" className="button" aria-expanded={isOpen} onClick={onToggle}>
            {isOpen ? 'Hide' : 'Show'} {actors === 1 ? 'it' : 'them'}
          </button>
          {totals.length > 0 ? (
            <Link to="/orders" search={{ parked_cause: cause }} className="button is-quiet">
              As orders
            </Link>
          ) : null}
          {accepts.includes('RETRY') || by === 'runtime' ? (
            <button
              type="button"
              className="button is-primary"
              onClick={() => onRetry({ title, count: actors, body: { cause } })}
            >
              {actors === 1 ? 'Retry…' : `Retry all ${number(actors)}…`}
            </button>
          ) : null}
        </div>
      </header>
      {isOpen ? <ParkedActors cause={cause} onRetry={onRetry} /> : null}
    </section>
  );
}
