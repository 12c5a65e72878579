/** One machine: its chart with who stands where, what its states cost, its versions, and what the verifier says. */
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { type Chart, type ChartState, chartOf } from '../../../../src/diagrams/chart.ts';
import { differenceQuery, machineQuery, statesQuery } from '../../api/queries.ts';
import { type Detail, graphOf } from '../../chart/graph.ts';
import { Statechart } from '../../chart/statechart.tsx';
import { Card } from '../../ui/card.tsx';
import { Problem } from '../../ui/notes.tsx';
import { Skeleton } from '../../ui/skeleton.tsx';
import { DifferenceCard } from './difference-card.tsx';
import { factsOf } from './state-facts.ts';
import { StateTable } from './state-table.tsx';
import { VerdictCard } from './verdict-card.tsx';
import { VersionsCard } from './versions-card.tsx';

export interface MachineSearchParams {
  readonly version?: string;
  /** The version it is compared with. */
  readonly against?: string;
  readonly state?: string;
}

function waitsForAPerson({ root }: Chart): (path: string) => boolean {
  const parkedIn = (state: ChartState): string[] => [
    ...(state.parked ? [state.path] : []),
    ...state.children.flatMap(parkedIn),
  ];
  const parked = new Set(parkedIn(root));
  return (path) => parked.has(path);
}

export function MachinePage({ id, search }: { readonly id: string; readonly search: MachineSearchParams }) {
  const navigate = useNavigate({ from: '/machines/$id' });
  const machine = useQuery(machineQuery(id, search.version));
  const states = useQuery(statesQuery(id));
  const [detail, setDetail] = useState<Detail>('steps');
  const chart = useMemo(() => (machine.data ? chartOf(machine.data.definition) : null), [machine.data]);
  const version = search.version ?? machine.data?.versions.at(-1)?.version ?? '';
  const ofVersion = useMemo(
    () => states.data?.states.filter((state) => state.version === version) ?? [],
    [states.data, version],
  );
  const facts = useMemo(
    () => (chart ? factsOf(ofVersion, graphOf(chart, detail).boxOf, waitsForAPerson(chart)) : new Map()),
    [chart, detail, ofVersion],
  );
  const isCompared = search.against !== undefined && search.against !== version && version !== '';
  const difference = useQuery({ ...differenceQuery(id, search.against ?? '', version), enabled: isCompared });
  const marked = useMemo(
    () => new Map(isCompared ? difference.data?.states.map(({ path, change: how }) => [path, how]) : []),
    [isCompared, difference.data],
  );
  const change = (part: MachineSearchParams): void =>
    void navigate({ search: (before) => ({ ...before, ...part }), replace: true, resetScroll: false });
  if (machine.error) return <Problem error={machine.error} retry={() => void machine.refetch()} />;
  if (!chart) return <Skeleton className="page-skeleton" label="Loading the machine" />;
  return (
    <div className="page">
      <header className="page-head">
        <h1>{id}</h1>
        <span className="muted">version {version}</span>
      </header>
      {states.error ? <Problem error={states.error} retry={() => void states.refetch()} /> : null}
      <div className="order-grid">
        <Card
          className="order-chart machine-chart"
          title="Statechart"
          note="boxes: here now · dwell p95 · ✕ failing calls"
          flush
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
        >
          <Statechart
            chart={chart}
            name={`${id} ${version}`}
            label={`Statechart of ${id}, version ${version}`}
            detail={detail}
            facts={facts}
            marked={marked}
            selected={search.state ?? null}
            onSelect={(state) => change({ state })}
          />
        </Card>
        <div className="column">
          <VersionsCard
            versions={states.data?.versions ?? []}
            chosen={version}
            against={search.against}
            onChoose={(chosen) => change({ version: chosen })}
            onAgainst={(against) => change({ against })}
          />
          {isCompared && search.against !== undefined ? (
            <DifferenceCard machine={id} from={search.against} to={version} />
          ) : null}
          <VerdictCard machine={id} version={version} />
        </div>
      </div>
      <StateTable states={ofVersion} sample={states.data?.sample} selected={search.state ?? null} />
    </div>
  );
}
