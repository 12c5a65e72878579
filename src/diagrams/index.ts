/** Machines as pictures, and as Stately's tools take them: from a machine's config as JSON to text. */
import type { Chart } from './chart.ts';
import { type Detail, diagramOf } from './diagram.ts';
import { dot } from './dot.ts';
import { mermaid } from './mermaid.ts';
import { svg } from './svg.ts';

export { activeStates } from './active.ts';
export { chartOf } from './chart.ts';
export type { Chart } from './chart.ts';
export type { Detail } from './diagram.ts';
export { intoMarkdown } from './markdown.ts';
export { statelyConfig, statelyJson, statelySource } from './stately.ts';

export const diagramFormats = ['mermaid', 'dot', 'svg'] as const;
export type DiagramFormat = (typeof diagramFormats)[number];

export const details = ['states', 'steps'] as const satisfies readonly Detail[];

/**
 * The same text for the same chart. SVG takes tens of milliseconds of this thread, the others next to nothing.
 * @param options.active states to highlight, from `activeStates`
 */
export async function drawChart(
  chart: Chart,
  format: DiagramFormat,
  { detail, active = [] }: { readonly detail: Detail; readonly active?: readonly string[] | undefined },
): Promise<string> {
  const diagram = diagramOf(chart, detail);
  switch (format) {
    case 'mermaid':
      return mermaid(diagram, active);
    case 'dot':
      return dot(diagram, active);
    case 'svg':
      return svg(diagram, active);
    default:
      return format satisfies never;
  }
}
