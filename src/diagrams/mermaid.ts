/** A diagram as Mermaid's stateDiagram-v2, in the syntax that GitHub renders. */
import { type ChartState, statesIn } from './chart.ts';
import { type Diagram, titleOf } from './diagram.ts';
import type { Edge } from './edges.ts';
import { type Kind, kindOf, palette } from './kinds.ts';
import { oneLine } from './one-line.ts';

/**
 * @param active paths of states to highlight
 * @returns lines, each ended by a newline; the same text for the same diagram
 */
export function mermaid(diagram: Diagram, active: readonly string[] = []): string {
  const states = statesIn(diagram.root).slice(1);
  const parents = statesIn(diagram.root).flatMap((state) =>
    state.children.map(({ path }) => [path, state.path] as const),
  );
  const writer: Writer = { diagram, ids: idsOf(states), parents: new Map(parents) };
  const lines = [
    'stateDiagram-v2',
    `  accTitle: ${text(titleOf(diagram))}`,
    ...insideOf(diagram.root, writer).map((line) => `  ${line}`),
    ...diagram.edges.filter((edge) => !isBetweenSiblings(edge, writer)).map((edge) => `  ${edgeLine(edge, writer)}`),
    ...noteLines(diagram.root, writer).map((line) => `  ${line}`),
    ...classLines(states, writer, active).map((line) => `  ${line}`),
  ];
  return `${lines.join('\n')}\n`;
}

interface Writer {
  readonly diagram: Diagram;
  /** Bare end marks have none. */
  readonly ids: ReadonlyMap<string, string>;
  readonly parents: ReadonlyMap<string, string>;
}

const idOf = ({ ids }: Writer, path: string): string => ids.get(path) ?? '[*]';

/** Mermaid moves a state into the braces where it is mentioned: only such edges may stand inside. */
function isBetweenSiblings({ source, target }: Edge, { parents }: Writer): boolean {
  return parents.get(source) === parents.get(target);
}

/** The inside of a state, without its braces. */
function insideOf(parent: ChartState, writer: Writer): string[] {
  const separator = parent.type === 'parallel' ? ['--'] : [];
  const children = parent.children.filter(({ path }) => writer.ids.has(path)).map((state) => stateLines(state, writer));
  const body = children.flatMap((lines, index) => (index === 0 ? lines : [...separator, ...lines]));
  const starts = parent.initial === null ? [] : [`[*] --> ${idOf(writer, parent.initial)}`];
  const ends = parent.children.flatMap((state) =>
    state.type === 'final' && writer.ids.has(state.path) ? [`${idOf(writer, state.path)} --> [*]`] : [],
  );
  const edges = writer.diagram.edges.filter(
    (edge) => isBetweenSiblings(edge, writer) && writer.parents.get(edge.source) === parent.path,
  );
  return [...starts, ...body, ...edges.map((edge) => edgeLine(edge, writer)), ...ends];
}

function stateLines(state: ChartState, writer: Writer): string[] {
  const id = idOf(writer, state.path);
  const notes = writer.diagram.notes.get(state.path) ?? [];
  const isBox = state.children.length === 0;
  const parts = isBox ? [...state.effects.map((effect) => `‹${effect}›`), ...notes] : [];
  const title = state.type === 'history' ? (state.deep ? 'H*' : 'H') : state.name;
  const label = [title, ...parts].map(text).join('<br/>');
  const declaration = `state "${label}" as ${id}`;
  if (isBox) return [label === id ? id : declaration];
  return [
    label === id ? `state ${id} {` : `${declaration} {`,
    ...insideOf(state, writer).map((line) => `  ${line}`),
    '}',
  ];
}

function edgeLine({ source, target, labels }: Edge, writer: Writer): string {
  const arrow = `${idOf(writer, source)} --> ${idOf(writer, target)}`;
  return labels.length === 0 ? arrow : `${arrow} : ${labels.map(text).join('<br/>')}`;
}

/** Notes of states that are no boxes: a composite state has no room for text. */
function noteLines(root: ChartState, writer: Writer): string[] {
  return statesIn(root)
    .filter((state) => state.children.length > 0 && state.path !== '')
    .flatMap((state) => {
      const notes = writer.diagram.notes.get(state.path) ?? [];
      return notes.length === 0 ? [] : [`note right of ${idOf(writer, state.path)} : ${notes.map(text).join('<br/>')}`];
    });
}

function classLines(states: readonly ChartState[], writer: Writer, active: readonly string[]): string[] {
  const boxes = states.filter((state) => state.children.length === 0 && writer.ids.has(state.path));
  const byKind = Map.groupBy(boxes, (state): Kind | 'active' =>
    active.includes(state.path) ? 'active' : kindOf(state),
  );
  return [...byKind].flatMap(([kind, members]) => {
    if (kind === 'plain') return [];
    const { fill, stroke, text: color, dashed } = palette[kind];
    const dash = dashed ? ',stroke-dasharray:5 3' : '';
    return [
      `classDef ${kind} fill:${fill},stroke:${stroke},color:${color}${dash}`,
      `class ${members.map((state) => idOf(writer, state.path)).join(',')} ${kind}`,
    ];
  });
}

/** Words of Mermaid's grammar, and names that it gives to the diagram and to its start and end marks. */
const reserved =
  /^(?:state|note|as|class|classdef|style|click|href|default|scale|acctitle|accdescr|root)$|_(?:start|end)$/i;

/** Names for Mermaid: words, one per state. */
function idsOf(states: readonly ChartState[]): Map<string, string> {
  const ids = new Map<string, string>();
  const taken = new Set<string>();
  for (const { path, type } of states) {
    if (type === 'end') continue;
    const word = path.replaceAll(/[^A-Za-z0-9]+/g, '_').replaceAll(/^_+|_+$/g, '');
    const base = word === '' || /^\d/.test(word) || isTaken(word) ? `s_${word}_` : word;
    let id = base;
    for (let n = 2; taken.has(id); n += 1) id = `${base}_${n}`;
    taken.add(id);
    ids.set(path, id);
  }
  return ids;
}

/** Mermaid also keeps states in plain objects, which have members of their own. */
const isTaken = (word: string): boolean => reserved.test(word) || word in Object.prototype;

/** Everything that Mermaid, or the Markdown inside its labels, might take for syntax goes as a character code. */
function text(value: string): string {
  return oneLine(value).replaceAll(/[^\p{L}\p{N}_ .,/()[\]=?!‹›-]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, code);
}

const code = (character: string): string => `#${character.codePointAt(0) ?? 0};`;
