/** What is drawn of a chart: every state and every transition, or a box per step. */
import type { Chart, ChartState } from './chart.ts';
import { type Edge, edgesOf, type Notes, notesOf } from './edges.ts';
import { labelOf } from './labels.ts';
import { stepsOf } from './steps.ts';

/** `states`: all of the chart. `steps`: one box per step, that is an effect with its retries; a map, not the territory. */
export type Detail = 'states' | 'steps';

export interface Diagram {
  readonly id: string;
  readonly version: string | null;
  readonly root: ChartState;
  readonly edges: readonly Edge[];
  readonly notes: Notes;
}

export function diagramOf(chart: Chart, detail: Detail): Diagram {
  const { id, version } = chart;
  switch (detail) {
    case 'states':
      return {
        id,
        version,
        root: chart.root,
        edges: edgesOf(chart.transitions, labelOf),
        notes: notesOf(chart.transitions, labelOf),
      };
    case 'steps':
      return { id, version, ...stepsOf(chart) };
    default:
      return detail satisfies never;
  }
}

export const titleOf = ({ id, version }: Diagram): string =>
  `The machine ${id}${version === null ? '' : `, version ${version}`}`;
