/** The order's way over its machine, moment by moment, with what belongs to the moment beside it. */
import { useNavigate } from '@tanstack/react-router';
import { useCallback, useMemo, useState } from 'react';
import type { OrderFile, OrderLog } from '../../../../src/console/schemas.ts';
import type { Move } from '../../chart/taken.ts';
import { useShortcuts } from '../../shell/shortcuts.ts';
import { Tabs } from '../../ui/tabs.tsx';
import { ComparePanel } from './compare-panel.tsx';
import { LogPanel } from './log-panel.tsx';
import { MomentPanel } from './moment-panel.tsx';
import { OperationsPanel } from './operations-panel.tsx';
import { OrderChart } from './order-chart.tsx';
import { OrderFacts } from './order-facts.tsx';
import type { OrderSearchParams } from './order-page.tsx';
import { TimelineStrip } from './timeline-strip.tsx';
import { useTimeTravel } from './use-time-travel.ts';
import { WhatIfPanel } from './what-if-panel.tsx';

interface OrderStoryProps {
  readonly file: OrderFile;
  readonly actor: NonNullable<OrderFile['actor']>;
  readonly log: OrderLog;
  readonly search: OrderSearchParams;
}

export function OrderStory({ file, actor, log: { items }, search }: OrderStoryProps) {
  const navigate = useNavigate({ from: '/orders/$id' });
  const change = useCallback(
    (part: { readonly [Name in keyof OrderSearchParams]?: OrderSearchParams[Name] | undefined }) =>
      void navigate({ search: (before) => present({ ...before, ...part }), replace: true, resetScroll: false }),
    [navigate],
  );
  const choose = useCallback((at: number | undefined) => change({ at }), [change]);
  const travel = useTimeTravel(
    items.map(({ revision }) => revision),
    search.at,
    choose,
  );
  const [imagined, setImagined] = useState<readonly Move[]>([]);
  const { tab = 'moment' } = search;
  const so = useMemo(() => items.filter(({ revision }) => revision <= travel.at), [items, travel.at]);
  useShortcuts({
    ArrowLeft: () => travel.step(-1),
    ArrowRight: () => travel.step(1),
    Home: () => travel.go(travel.first),
    End: travel.toNow,
    ' ': travel.togglePlay,
    c: () => change({ tab: 'compare' }),
    w: () => change({ tab: 'what-if' }),
  });
  const at = so.at(-1);
  return (
    <>
      <TimelineStrip log={items} travel={travel} />
      <div className="order-grid">
        <OrderChart
          actor={actor}
          version={at?.version ?? actor.version}
          moves={so}
          imagined={tab === 'what-if' ? imagined : []}
        />
        <section className="card order-panels" aria-label="Details">
          <Tabs
            label="Details of the order"
            chosen={tab}
            onChoose={(id) => change({ tab: id === 'moment' ? undefined : id })}
            tabs={[
              {
                id: 'moment',
                title: 'Moment',
                panel: () => <MomentPanel file={file} entry={at} isNow={travel.at === travel.last} />,
              },
              { id: 'log', title: 'Log', panel: () => <LogPanel log={items} at={travel.at} onChoose={travel.go} /> },
              { id: 'facts', title: 'Money & stock', panel: () => <OrderFacts file={file} /> },
              {
                id: 'what-if',
                title: 'What if',
                panel: () => (
                  <WhatIfPanel
                    key={travel.at}
                    id={file.order.order_ledger_id}
                    revision={travel.at}
                    isNow={travel.at === travel.last}
                    onImagine={setImagined}
                  />
                ),
              },
              {
                id: 'compare',
                title: 'Compare',
                panel: () => (
                  <ComparePanel
                    log={items}
                    at={travel.at}
                    against={search.against ?? travel.first}
                    onAgainst={(against) => change({ against })}
                  />
                ),
              },
              { id: 'people', title: 'Operations', panel: () => <OperationsPanel file={file} /> },
            ]}
          />
        </section>
      </div>
    </>
  );
}

function present(search: {
  readonly [Name in keyof OrderSearchParams]?: OrderSearchParams[Name] | undefined;
}): OrderSearchParams {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined));
}
