/** How the system is doing, in one look. */
import { useQuery } from '@tanstack/react-query';
import { overviewQuery } from '../../api/queries.ts';
import { Problem } from '../../ui/notes.tsx';
import { Skeleton } from '../../ui/skeleton.tsx';
import { MinutesChart } from './minutes-chart.tsx';
import { Figures } from './figures.tsx';
import { Health } from './health.tsx';
import { Unfinished } from './unfinished.tsx';

export function OverviewPage() {
  const { data, error, refetch } = useQuery(overviewQuery);
  return (
    <div className="page">
      <header className="page-head">
        <h1>Overview</h1>
        <span className="muted">the last 60 minutes</span>
      </header>
      {error && <Problem error={error} retry={() => void refetch()} />}
      {data ? (
        <>
          <Figures overview={data} />
          <div className="overview-grid">
            <MinutesChart minutes={data.minutes} />
            <Health overview={data} />
          </div>
          <Unfinished overview={data} />
        </>
      ) : error ? null : (
        <Skeleton className="page-skeleton" />
      )}
    </div>
  );
}
