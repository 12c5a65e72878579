/** A chart's graph and its places, laid out once per machine version and detail. */
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { Chart } from '../../../src/diagrams/chart.ts';
import { layOut } from './elk.ts';
import { type ChartGraph, type Detail, graphOf } from './graph.ts';
import type { ChartLayout } from './layout.ts';

export interface LaidOutChart {
  readonly graph: ChartGraph;
  readonly layout: ChartLayout | undefined;
  readonly error: Error | null;
}

/** @param name what tells this chart from others: its id, version and structure */
export function useLayout(chart: Chart, name: string, detail: Detail): LaidOutChart {
  const graph = useMemo(() => graphOf(chart, detail), [chart, detail]);
  const { data, error } = useQuery({
    queryKey: ['layout', name, detail],
    queryFn: () => layOut(graph),
    staleTime: Infinity,
    gcTime: Infinity,
    retry: false,
  });
  return { graph, layout: data, error };
}
