/** A diagram in Graphviz's DOT: a cluster per nested state, and a `class` on everything for whoever styles the SVG. */
import { type ChartState, statesIn } from './chart.ts';
import type { Diagram } from './diagram.ts';
import type { Edge } from './edges.ts';
import { type Kind, kindOf, palette } from './kinds.ts';
import { oneLine } from './one-line.ts';

/**
 * @param active paths of states to highlight
 * @returns lines, each ended by a newline; the same text for the same diagram
 */
export function dot(diagram: Diagram, active: readonly string[] = []): string {
  const all = statesIn(diagram.root);
  const writer: Writer = {
    diagram,
    active: new Set(active),
    ids: new Map(all.map(({ path }, index) => [path, `s${index}`])),
    states: new Map(all.map((state) => [state.path, state])),
  };
  const lines = [
    `digraph ${quoted(diagram.id)} {`,
    ...[
      'graph [compound=true, rankdir=TB, nodesep=0.4, ranksep=0.45, pad=0.3, bgcolor="transparent",',
      `  ${font}, fontsize=13, labeljust=l]`,
      `node [shape=box, style="rounded,filled", fillcolor="#f8fafc", color="#94a3b8", ${font}, fontsize=12, margin="0.14,0.07", height=0.4]`,
      `edge [${font}, fontsize=11, color="#64748b", fontcolor="#475569", arrowsize=0.7]`,
      ...insideOf(diagram.root, writer),
      ...diagram.edges.map((edge) => edgeLine(edge, writer)),
    ].map((line) => `  ${line}`),
    '}',
  ];
  return `${lines.join('\n')}\n`;
}

const font = 'fontname="Arial"';

interface Writer {
  readonly diagram: Diagram;
  readonly active: ReadonlySet<string>;
  readonly ids: ReadonlyMap<string, string>;
  readonly states: ReadonlyMap<string, ChartState>;
}

const idOf = ({ ids }: Writer, path: string): string => ids.get(path) ?? path;

function insideOf(parent: ChartState, writer: Writer): string[] {
  const body = parent.children.flatMap((state) => stateLines(state, parent, writer));
  if (needsPort(parent, writer)) body.unshift(`${portOf(parent, writer)} [shape=diamond, ${mark}]`);
  const start = parent.initial === null ? undefined : writer.states.get(parent.initial);
  if (!start) return body;
  const from = startOf(parent, writer);
  return [
    `${from} [shape=circle, ${mark}]`,
    ...body,
    `${from} -> ${anchorOf(start, writer, 'in')} [${attributes([...headOf(start, writer), 'weight=4', 'class="start"'])}]`,
  ];
}

const mark = 'label="", width=0.12, height=0.12, fixedsize=true, fillcolor="#475569", color="#475569", class="mark"';

function stateLines(state: ChartState, parent: ChartState, writer: Writer): string[] {
  const id = idOf(writer, state.path);
  const notes = writer.diagram.notes.get(state.path) ?? [];
  if (state.children.length === 0) return [boxLine(state, notes, writer)];
  const active = writer.active.has(state.path);
  const isRegion = parent.type === 'parallel';
  return [
    `subgraph cluster_${id} {`,
    ...[
      `label=${lines(linesOf(state, notes), 'l')}`,
      `id=${quoted(`${writer.diagram.id}.${state.path}`)}`,
      `class=${quoted(active ? 'active' : state.type)}`,
      // Said of each, since a cluster hands its own on to those inside.
      `style=${isRegion ? '"rounded,dashed"' : 'rounded'}; color="${active ? palette.active.stroke : '#94a3b8'}"; penwidth=${active ? 2.5 : 1.2}`,
      ...insideOf(state, writer),
    ].map((line) => `  ${line}`),
    '}',
  ];
}

function boxLine(state: ChartState, notes: readonly string[], writer: Writer): string {
  const id = idOf(writer, state.path);
  if (state.type === 'end') return `${id} [shape=doublecircle, ${mark}]`;
  const kind: Kind | 'active' = writer.active.has(state.path) ? 'active' : kindOf(state);
  const shown = state.type === 'history' ? [state.deep ? 'H*' : 'H'] : linesOf(state, notes);
  const parts = [
    `label=${lines(shown, 'n')}`,
    `id=${quoted(`${writer.diagram.id}.${state.path}`)}`,
    `class=${quoted(kind)}`,
  ];
  if (state.type === 'history') parts.push('shape=circle');
  if (state.type === 'final') parts.push('peripheries=2');
  if (kind !== 'plain') {
    const { fill, stroke, text, dashed } = palette[kind];
    parts.push(`fillcolor="${fill}"`, `color="${stroke}"`, `fontcolor="${text}"`);
    if (dashed) parts.push('style="rounded,filled,dashed"');
  }
  return `${id} [${attributes(parts)}]`;
}

/** The state's name, and below it what it asks for, what the outside sees, and what happens in it. */
function linesOf(state: ChartState, notes: readonly string[]): string[] {
  return [state.name, ...state.effects, ...(state.status === null ? [] : [state.status]), ...notes];
}

/** Graphviz draws edges between nodes: one of a cluster stands for it, and the line is cut at the cluster's border. */
function edgeLine(edge: Edge, writer: Writer): string {
  const from = stateAt(edge.source, writer);
  const to = stateAt(edge.target, writer);
  // No border lies between a state and what is inside it.
  const outward = isInside(to, from);
  const inward = isInside(from, to);
  const tail = outward ? portOf(from, writer) : anchorOf(from, writer, 'out');
  const head = inward && to.initial === null ? portOf(to, writer) : anchorOf(to, writer, 'in');
  const parts = [
    ...(outward || from.children.length === 0 ? [] : [`ltail=cluster_${idOf(writer, from.path)}`]),
    ...(inward ? [] : headOf(to, writer)),
    ...labelParts(edge.labels),
  ];
  return `${tail} -> ${head} [${attributes(parts)}]`;
}

/** A state counts as inside itself, if it has parts. */
const isInside = (inner: ChartState, outer: ChartState): boolean =>
  outer.children.length > 0 && statesIn(outer).includes(inner);

/** Whether edges meet a state inside its border, where it has no start mark that could stand for it. */
function needsPort(state: ChartState, writer: Writer): boolean {
  return writer.diagram.edges.some((edge) => {
    if (edge.source === state.path) return isInside(stateAt(edge.target, writer), state);
    return edge.target === state.path && state.initial === null && isInside(stateAt(edge.source, writer), state);
  });
}

function stateAt(path: string, { states }: Writer): ChartState {
  const state = states.get(path);
  if (!state) throw new Error(`no state ${path} in the diagram`);
  return state;
}

const labelParts = (labels: readonly string[]): string[] =>
  labels.length === 0
    ? []
    : [
        `label=${lines(
          labels.map((label) => ` ${label}`),
          'l',
        )}`,
      ];

const portOf = (state: ChartState, writer: Writer): string => `${idOf(writer, state.path)}_any`;

const attributes = (parts: readonly string[]): string => parts.join(', ');

const headOf = (state: ChartState, writer: Writer): string[] =>
  state.children.length > 0 ? [`lhead=cluster_${idOf(writer, state.path)}`] : [];

/** The node that stands for a state: of a cluster its start mark, or its last box. */
function anchorOf(state: ChartState, writer: Writer, way: 'in' | 'out'): string {
  const last = state.children.at(-1);
  if (!last) return idOf(writer, state.path);
  if (way === 'in' && state.initial !== null) return startOf(state, writer);
  return anchorOf(last, writer, way);
}

const startOf = (state: ChartState, writer: Writer): string => `${idOf(writer, state.path)}_start`;

/** A label of several lines, each centred (`n`) or to the left (`l`). */
function lines(texts: readonly string[], align: 'n' | 'l'): string {
  const end = `\\${align}`;
  return `"${texts.map(escaped).join(end)}${align === 'l' ? end : ''}"`;
}

const quoted = (value: string): string => `"${escaped(value)}"`;

/** Inside quotes; Graphviz reads character entities there too. */
const escaped = (value: string): string =>
  oneLine(value)
    .replaceAll('&', '&amp;')
    .replaceAll(/["\\]/g, String.raw`\$&`);
