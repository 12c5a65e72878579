/** The machines of this build. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { sessionQuery, statesQuery, verdictQuery } from '../../api/queries.ts';
import { number } from '../../ui/format.ts';
import { Problem } from '../../ui/notes.tsx';
import { Skeleton } from '../../ui/skeleton.tsx';
import { VerdictBadge } from './verdict-card.tsx';

export function MachinesPage() {
  const { data, error, refetch } = useQuery(sessionQuery);
  return (
    <div className="page">
      <header className="page-head">
        <h1>Machines</h1>
      </header>
      {error ? <Problem error={error} retry={() => void refetch()} /> : null}
      {data ? (
        <ul className="machines">
          {data.machines.map(({ id, versions }) => (
            <MachineItem key={id} id={id} versions={versions} />
          ))}
        </ul>
      ) : error ? null : (
        <Skeleton className="page-skeleton" />
      )}
    </div>
  );
}

function MachineItem({ id, versions }: { readonly id: string; readonly versions: readonly string[] }) {
  const { data: states } = useQuery(statesQuery(id));
  const newest = versions.at(-1) ?? '';
  const { data: verdict } = useQuery(verdictQuery(id, newest));
  const unfinished = states?.versions.reduce((sum, version) => sum + version.unfinished, 0);
  const parked = states?.states.reduce((sum, state) => sum + state.parked, 0);
  return (
    <li className="card machine-item">
      <h2>
        <Link to="/machines/$id" params={{ id }}>
          {id}
        </Link>
      </h2>
      <p className="muted">
        {versions.length === 1 ? `version ${newest}` : `versions ${versions.join(', ')}`}
        {unfinished === undefined ? '' : ` · ${number(unfinished)} unfinished`}
        {parked === undefined || parked === 0 ? '' : `, ${number(parked)} parked`}
      </p>
      <VerdictBadge verdict={verdict} />
    </li>
  );
}
