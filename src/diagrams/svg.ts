/** A diagram as SVG, by Graphviz compiled to WebAssembly: needs no browser, no internet, no program of the system. */
import { statesIn } from './chart.ts';
import { type Diagram, titleOf } from './diagram.ts';
import { dot } from './dot.ts';
import { oneLine } from './one-line.ts';

/**
 * The same text for the same diagram. It brings a background for light and one for dark, so that it can be read on any
 * page, and a title and a description for those who cannot see it. A state's group has the id that XState gives the state.
 * @param active paths of states to highlight
 * @throws if Graphviz cannot lay it out
 */
export async function svg(diagram: Diagram, active: readonly string[] = []): Promise<string> {
  // More than a megabyte, and tens of milliseconds to start: not before somebody asks for it.
  const { instance } = await import('@viz-js/viz');
  const viz = await instance();
  return dressed(viz.renderString(dot(diagram, active), { format: 'svg' }), diagram);
}

function dressed(rendered: string, diagram: Diagram): string {
  const size = /<svg width="(?<width>[\d.]+)pt" height="(?<height>[\d.]+)pt"/.exec(rendered)?.groups;
  const start = rendered.indexOf('<g id="graph0"');
  if (!size || start < 0) throw new Error('Graphviz has changed how it writes SVG');
  const { width, height } = size;
  const body = rendered
    .slice(start)
    // Comments, and titles that a browser would show as tooltips: they hold nothing but Graphviz's own names.
    .replaceAll(/<!--.*?-->\n?|<title>.*?<\/title>\n?/gs, '')
    .replace(/ id="graph0"/, '');
  const states = statesIn(diagram.root)
    .slice(1)
    .filter(({ type }) => type !== 'end');
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="statechart" role="img" aria-labelledby="statechart-title statechart-desc" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    `<title id="statechart-title">${xml(titleOf(diagram))}</title>`,
    `<desc id="statechart-desc">${xml(`A statechart with ${states.length} states: ${states.map(({ name }) => name).join(', ')}.`)}</desc>`,
    `<style>${style}</style>`,
    `<rect class="page" width="100%" height="100%" rx="8" fill="#ffffff"/>`,
    body,
  ].join('\n');
}

/** Boxes are laid out for Arial, at sizes a little larger than these: what other fonts need more has room. */
const style = [
  '.statechart text{font-family:Arial,Helvetica,"Liberation Sans",sans-serif}',
  '.statechart .node text{font-size:10.5px}',
  '.statechart .node text:first-of-type,.statechart .cluster text:first-of-type{font-size:11.5px;font-weight:700}',
  '.statechart .cluster text{font-size:10.5px;fill:#334155}',
  '.statechart .edge text{font-size:9.5px}',
  '@media(prefers-color-scheme:dark){',
  '.statechart .page{fill:#0d1117}',
  '.statechart .cluster text{fill:#e2e8f0}',
  '.statechart .cluster path{stroke:#64748b}',
  '.statechart .cluster.active path{stroke:#22c55e}',
  '.statechart .node.plain path,.statechart .node.plain ellipse{fill:#1e293b;stroke:#94a3b8}',
  '.statechart .node.plain text{fill:#f1f5f9}',
  '.statechart .mark ellipse,.statechart .mark polygon{fill:#cbd5e1;stroke:#cbd5e1}',
  '.statechart .edge path{stroke:#94a3b8}',
  '.statechart .edge polygon{fill:#94a3b8;stroke:#94a3b8}',
  '.statechart .edge text{fill:#cbd5e1}',
  '}',
].join('');

const xml = (value: string): string =>
  oneLine(value).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
