import { describe, expect, it } from 'vitest';
import { activeStates } from '../../src/diagrams/active.ts';
import { chartOf } from '../../src/diagrams/chart.ts';
import { diagramOf } from '../../src/diagrams/diagram.ts';
import { dot } from '../../src/diagrams/dot.ts';
import { parcel } from './toy-config.ts';

describe('dot', () => {
  it('draws nested states as clusters, the active one and those around it highlighted', () => {
    const chart = chartOf(parcel);
    expect(dot(diagramOf(chart, 'states'), activeStates(chart, 'packing.parked') ?? [])).toBe(`digraph "parcel" {
  graph [compound=true, rankdir=TB, nodesep=0.4, ranksep=0.45, pad=0.3, bgcolor="transparent",
    fontname="Arial", fontsize=13, labeljust=l]
  node [shape=box, style="rounded,filled", fillcolor="#f8fafc", color="#94a3b8", fontname="Arial", fontsize=12, margin="0.14,0.07", height=0.4]
  edge [fontname="Arial", fontsize=11, color="#64748b", fontcolor="#475569", arrowsize=0.7]
  s0_start [shape=circle, label="", width=0.12, height=0.12, fixedsize=true, fillcolor="#475569", color="#475569", class="mark"]
  subgraph cluster_s1 {
    label="packing\\lPACKING\\lCANCEL [notStopping] / requestStop code=cancelled\\l"
    id="parcel.packing"
    class="active"
    style=rounded; color="#15803d"; penwidth=2.5
    s1_start [shape=circle, label="", width=0.12, height=0.12, fixedsize=true, fillcolor="#475569", color="#475569", class="mark"]
    s2 [label="calling\\nbox.pack", id="parcel.packing.calling", class="effect", fillcolor="#dbeafe", color="#3b82f6", fontcolor="#172554"]
    s3 [label="backingOff", id="parcel.packing.backingOff", class="plain"]
    s4 [label="parked", id="parcel.packing.parked", class="active", fillcolor="#bbf7d0", color="#15803d", fontcolor="#052e16"]
    s1_start -> s2 [weight=4, class="start"]
  }
  s5 [label="unpacking\\nbox.unpack", id="parcel.unpacking", class="undo", fillcolor="#ffe4e6", color="#e11d48", fontcolor="#4c0519"]
  s6 [label="sent", id="parcel.sent", class="final", peripheries=2, fillcolor="#e2e8f0", color="#475569", fontcolor="#0f172a"]
  s0_start -> s1_start [lhead=cluster_s1, weight=4, class="start"]
  s2 -> s6 [label=" pack done [doneAndWanted]\\l"]
  s2 -> s5 [label=" pack done [else]\\l pack refused\\l"]
  s2 -> s4 [label=" failed or unknown [attemptsSpent]\\l"]
  s2 -> s3 [label=" failed or unknown [else]\\l"]
  s3 -> s2 [label=" after backoff\\l"]
  s4 -> s2 [label=" RETRY\\l"]
  s5 -> s6 [label=" box.unpack done or refused\\l"]
}
`);
  });

  it('draws a box per step', () => {
    const lines = dot(diagramOf(chartOf(parcel), 'steps')).split('\n');
    expect(lines.filter((line) => /^ {2}s\d/.test(line))).toEqual([
      '  s0_start [shape=circle, label="", width=0.12, height=0.12, fixedsize=true, fillcolor="#475569", color="#475569", class="mark"]',
      '  s1 [label="packing\\nbox.pack\\nPACKING\\nCANCEL / request stop\\nparks (attempts spent)", id="parcel.packing", class="effect", fillcolor="#dbeafe", color="#3b82f6", fontcolor="#172554"]',
      '  s2 [label="unpacking\\nbox.unpack", id="parcel.unpacking", class="undo", fillcolor="#ffe4e6", color="#e11d48", fontcolor="#4c0519"]',
      '  s3 [label="sent", id="parcel.sent", class="final", peripheries=2, fillcolor="#e2e8f0", color="#475569", fontcolor="#0f172a"]',
      '  s0_start -> s1 [weight=4, class="start"]',
      '  s1 -> s3 [label=" done\\l"]',
      '  s1 -> s2 [label=" done, not wanted\\l refused\\l"]',
      '  s2 -> s3 [label=" done or refused\\l"]',
    ]);
  });

  it('meets a state inside its border at a mark of its own, for Graphviz draws edges between nodes alone', () => {
    const config = {
      id: 'm',
      initial: 'p',
      states: {
        p: {
          type: 'parallel',
          on: { RESET: '.a.x' },
          states: { a: { initial: 'x', states: { x: { on: { OUT: '#m.p' } } } } },
        },
      },
    };
    const edges = dot(diagramOf(chartOf(config), 'states'))
      .split('\n')
      .filter((line) => line.includes('->'));
    expect(edges.map((line) => line.trim())).toEqual([
      's2_start -> s3 [weight=4, class="start"]',
      's0_start -> s2_start [lhead=cluster_s1, weight=4, class="start"]',
      's1_any -> s3 [label=" RESET\\l"]',
      's3 -> s1_any [label=" OUT\\l"]',
    ]);
  });

  it('escapes names: quotes, backslashes, line breaks, character entities', () => {
    const config = { id: 'a"b', initial: 'q"\\N\n&amp;', states: { 'q"\\N\n&amp;': {} } };
    const lines = dot(diagramOf(chartOf(config), 'states')).split('\n');
    expect([lines[0], lines.find((line) => line.startsWith('  s1 '))]).toEqual([
      String.raw`digraph "a\"b" {`,
      String.raw`  s1 [label="q\"\\N &amp;amp;", id="a\"b.q\"\\\\N &amp;amp;", class="plain"]`,
    ]);
  });
});
