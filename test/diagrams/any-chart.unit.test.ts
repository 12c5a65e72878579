/** Whatever the machine: the chart has what XState has, and every format shows all of it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AnyStateMachine, type AnyStateNode, createMachine } from 'xstate';
import type { Json } from '../../src/actors/index.ts';
import { actorMachines } from '../../src/compose.ts';
import { type Chart, chartOf, statesIn } from '../../src/diagrams/chart.ts';
import { diagramOf } from '../../src/diagrams/diagram.ts';
import { dot } from '../../src/diagrams/dot.ts';
import { mermaid } from '../../src/diagrams/mermaid.ts';
import { labelOf } from '../../src/diagrams/labels.ts';
import { oneLine } from '../../src/diagrams/one-line.ts';
import { anyConfig, escaped } from './any-config.ts';

const shipped = actorMachines().map(({ id, config }) => ({ id, config }));

const build = (config: Json): AnyStateMachine => createMachine(JSON.parse(JSON.stringify(config)));

/** `source → targets`, for all transitions but those that XState adds of its own. */
function transitionsOf(machine: AnyStateMachine): string[] {
  const pathOf = (node: AnyStateNode): string => node.path.map(escaped).join('.');
  const nodes = (node: AnyStateNode): AnyStateNode[] => [node, ...Object.values(node.states).flatMap(nodes)];
  return nodes(machine.root)
    .flatMap((node) => [...(node.always ?? []), ...[...node.transitions.values()].flat()])
    .map(({ source, target }) => `${pathOf(source)} → ${(target ?? []).map(pathOf).join(' + ')}`)
    .sort();
}

describe('the chart and XState agree on every transition', () => {
  const charted = (config: Json): string[] =>
    chartOf(config)
      .transitions.map(({ source, targets }) => `${source} → ${targets.join(' + ')}`)
      .sort();

  it.each(shipped)('of $id', ({ config }) => {
    expect(charted(config)).toEqual(transitionsOf(build(config)));
  });

  it('of any machine', () => {
    fc.assert(
      fc.property(anyConfig, (config) => {
        expect(charted(config)).toEqual(transitionsOf(build(config)));
      }),
      { numRuns: 50 },
    );
  });
});

/** Everything that a drawing must show: `name` of a state, `source → target: label` of a transition. */
function expected(chart: Chart): string[] {
  const states = statesIn(chart.root).slice(1);
  const name = (path: string): string => oneLine(states.find((state) => state.path === path)?.name ?? '?');
  return [
    ...states.map((state) => name(state.path)),
    ...chart.transitions.flatMap((transition) => {
      const label = oneLine(labelOf(transition));
      if (transition.targets.length === 0) return [`${name(transition.source)}: ${label}`];
      return transition.targets.map((target) => `${name(transition.source)} → ${name(target)}: ${label}`);
    }),
  ].sort();
}

/** Reads Mermaid back. */
function shownByMermaid(source: string): string[] {
  const decoded = (text: string): string[] =>
    text.split('<br/>').map((line) => line.replaceAll(/#(\d+);/g, (_, code) => String.fromCodePoint(Number(code))));
  const lines = source.split('\n').map((line) => line.trim());
  const names = new Map<string, string>();
  const shown: string[] = [];
  for (const line of lines) {
    const [, label, quotedId, block, bare] =
      /^(?:state "(.*)" as (\w+)(?: \{)?|state (\w+) \{|(\w+))$/.exec(line) ?? [];
    const id = quotedId ?? block ?? bare;
    if (id === undefined) continue;
    const [name = '', ...notes] = decoded(label ?? id);
    names.set(id, name);
    shown.push(name, ...notes.filter((note) => !note.startsWith('‹')).map((note) => `${name}: ${note}`));
  }
  for (const line of lines) {
    const [, from = '', to = '', labels] = /^(\w+) --> (\w+) : (.*)$/.exec(line) ?? [];
    const [, noted = '', notes] = /^note right of (\w+) : (.*)$/.exec(line) ?? [];
    if (labels !== undefined)
      shown.push(...decoded(labels).map((it) => `${names.get(from)} → ${names.get(to)}: ${it}`));
    if (notes !== undefined) shown.push(...decoded(notes).map((note) => `${names.get(noted)}: ${note}`));
  }
  return shown.sort();
}

/** Reads DOT back: a cluster is meant where an edge names it, else the node itself. */
function shownByDot(source: string): string[] {
  const decoded = (text: string): string[] =>
    text
      .split(/(?<!\\)(?:\\\\)*\\[ln]/)
      .filter((line) => line !== '')
      .map((line) => line.trimStart().replaceAll(/\\(.)/g, '$1').replaceAll('&amp;', '&'));
  const labelIn = (line: string): string[] => decoded(/label="((?:[^"\\]|\\.)*)"/.exec(line)?.[1] ?? '');
  const lines = source.split('\n').map((line) => line.trim());
  const names = new Map<string, string>();
  const shown: string[] = [];
  const add = (id: string, [name = '', ...rest]: string[]): void => {
    names.set(id, name);
    shown.push(name, ...rest.filter((note) => note !== 's').map((note) => `${name}: ${note}`));
  };
  lines.forEach((line, index) => {
    const cluster = /^subgraph cluster_(\w+) \{$/.exec(line)?.[1];
    const node = /^(s\d+) \[/.exec(line)?.[1];
    if (cluster !== undefined) add(cluster, labelIn(lines[index + 1] ?? ''));
    if (node !== undefined) add(node, labelIn(line));
  });
  for (const line of lines) {
    const [, from = '', to = '', attributes] = /^(\w+) -> (\w+) \[(.*)\]$/.exec(line) ?? [];
    if (attributes === undefined || attributes.includes('class="start"')) continue;
    const tail = /ltail=cluster_(\w+)/.exec(attributes)?.[1] ?? from.replace('_any', '');
    const head = /lhead=cluster_(\w+)/.exec(attributes)?.[1] ?? to.replace(/_(?:start|any)$/, '');
    shown.push(...labelIn(attributes).map((label) => `${names.get(tail)} → ${names.get(head)}: ${label}`));
  }
  return shown.sort();
}

describe('every state and every transition is shown', () => {
  const diagram = (config: Json) => diagramOf(chartOf(config), 'states');
  const distinct = (list: readonly string[]): string[] => [...new Set(list)].sort();

  it.each(shipped)('of $id, in Mermaid and in DOT', ({ config }) => {
    const wanted = distinct(expected(chartOf(config)));
    const isShown = (line: string): boolean => wanted.includes(line);
    expect(distinct(shownByMermaid(mermaid(diagram(config))).filter(isShown))).toEqual(wanted);
    expect(distinct(shownByDot(dot(diagram(config))).filter(isShown))).toEqual(wanted);
  });

  it('of any machine, in Mermaid', () => {
    fc.assert(
      fc.property(anyConfig, (config) => {
        expect(distinct(shownByMermaid(mermaid(diagram(config))))).toEqual(distinct(expected(chartOf(config))));
      }),
      { numRuns: 50 },
    );
  });

  it('of any machine, in DOT', () => {
    fc.assert(
      fc.property(anyConfig, (config) => {
        expect(distinct(shownByDot(dot(diagram(config))))).toEqual(distinct(expected(chartOf(config))));
      }),
      { numRuns: 50 },
    );
  });
});
