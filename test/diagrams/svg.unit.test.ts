import { describe, expect, it } from 'vitest';
import { activeStates } from '../../src/diagrams/active.ts';
import { chartOf, statesIn } from '../../src/diagrams/chart.ts';
import { diagramOf } from '../../src/diagrams/diagram.ts';
import { svg } from '../../src/diagrams/svg.ts';
import { parcel } from './toy-config.ts';

describe('svg', () => {
  const chart = chartOf(parcel);
  const diagram = diagramOf(chart, 'states');

  it('has a group per state, found by the id that XState gives the state', async () => {
    const drawn = await svg(diagram, activeStates(chart, 'packing.calling') ?? []);
    const groups = [...drawn.matchAll(/<g id="parcel\.([\w.]+)" class="(?:node|cluster) (\w+)[^"]*">/g)];
    expect(groups.map(([, path, kind]) => `${path} ${kind}`)).toEqual([
      'packing active',
      'packing.calling active',
      'packing.backingOff plain',
      'packing.parked parked',
      'unpacking undo',
      'sent final',
    ]);
    expect(groups).toHaveLength(statesIn(chart.root).length - 1);
  });

  it('says what it is to those who cannot see it, and can be read on light pages and on dark ones', async () => {
    const drawn = await svg(diagram);
    const head = drawn.slice(0, drawn.indexOf('<style>')).split('\n');
    expect(head).toEqual([
      expect.stringMatching(
        /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" class="statechart" role="img" aria-labelledby="statechart-title statechart-desc" width="[\d.]+" height="[\d.]+" viewBox="0 0 [\d.]+ [\d.]+">$/,
      ),
      '<title id="statechart-title">The machine parcel, version 3</title>',
      '<desc id="statechart-desc">A statechart with 6 states: packing, calling, backingOff, parked, unpacking, sent.</desc>',
      '',
    ]);
    expect(drawn).toContain('<rect class="page" width="100%" height="100%" rx="8" fill="#ffffff"/>');
    expect(drawn).toContain('@media(prefers-color-scheme:dark){.statechart .page{fill:#0d1117}');
  });

  it('is the same text each time, without Graphviz’s comments and tooltips', async () => {
    const drawn = await svg(diagram);
    expect(await svg(diagram)).toBe(drawn);
    expect(drawn).not.toMatch(/<!--|<title>|<\?xml|DOCTYPE/);
  });

  it('shows a name that looks like markup as text', async () => {
    const name = '</text><script>"&amp;\u0000\ud800';
    const drawn = await svg(diagramOf(chartOf({ id: name, initial: name, states: { [name]: {} } }), 'states'));
    expect(drawn).not.toContain('<script>');
    expect(drawn).toContain('&lt;/text&gt;&lt;script&gt;&quot;&amp;amp;');
    expect(drawn).toContain(
      '<desc id="statechart-desc">A statechart with 1 states: &lt;/text&gt;&lt;script&gt;"&amp;amp; .</desc>',
    );
    expect(drawn.split('').filter((character) => character < ' ' && character !== '\n')).toEqual([]);
  });
});
