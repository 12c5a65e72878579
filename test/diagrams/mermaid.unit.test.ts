import { describe, expect, it } from 'vitest';
import type { Json } from '../../src/actors/index.ts';
import { activeStates } from '../../src/diagrams/active.ts';
import { chartOf } from '../../src/diagrams/chart.ts';
import { type Detail, diagramOf } from '../../src/diagrams/diagram.ts';
import { mermaid } from '../../src/diagrams/mermaid.ts';
import { parcel } from './toy-config.ts';

function drawn(config: Json, detail: Detail, state?: string): string {
  const chart = chartOf(config);
  return mermaid(diagramOf(chart, detail), state === undefined ? [] : (activeStates(chart, state) ?? []));
}

describe('mermaid', () => {
  it('draws every state and transition, the active state in a colour of its own', () => {
    expect(drawn(parcel, 'states', 'packing.parked')).toBe(`stateDiagram-v2
  accTitle: The machine parcel, version 3
  [*] --> packing
  state packing {
    [*] --> packing_calling
    state "calling<br/>‹box.pack›" as packing_calling
    state "backingOff" as packing_backingOff
    state "parked" as packing_parked
    packing_calling --> packing_parked : failed or unknown [attemptsSpent]
    packing_calling --> packing_backingOff : failed or unknown [else]
    packing_backingOff --> packing_calling : after backoff
    packing_parked --> packing_calling : RETRY
  }
  state "unpacking<br/>‹box.unpack›" as unpacking
  sent
  unpacking --> sent : box.unpack done or refused
  sent --> [*]
  packing_calling --> sent : pack done [doneAndWanted]
  packing_calling --> unpacking : pack done [else]<br/>pack refused
  note right of packing : CANCEL [notStopping] / requestStop code=cancelled
  classDef effect fill:#dbeafe,stroke:#3b82f6,color:#172554
  class packing_calling effect
  classDef active fill:#bbf7d0,stroke:#15803d,color:#052e16
  class packing_parked active
  classDef undo fill:#ffe4e6,stroke:#e11d48,color:#4c0519
  class unpacking undo
  classDef final fill:#e2e8f0,stroke:#475569,color:#0f172a
  class sent final
`);
  });

  it('draws a box per step, with what the step does by itself inside', () => {
    expect(drawn(parcel, 'steps', 'packing.parked')).toBe(`stateDiagram-v2
  accTitle: The machine parcel, version 3
  [*] --> packing
  state "packing<br/>‹box.pack›<br/>CANCEL / request stop<br/>parks (attempts spent)" as packing
  state "unpacking<br/>‹box.unpack›" as unpacking
  sent
  packing --> sent : done
  packing --> unpacking : done, not wanted<br/>refused
  unpacking --> sent : done or refused
  sent --> [*]
  classDef active fill:#bbf7d0,stroke:#15803d,color:#052e16
  class packing active
  classDef undo fill:#ffe4e6,stroke:#e11d48,color:#4c0519
  class unpacking undo
  classDef final fill:#e2e8f0,stroke:#475569,color:#0f172a
  class sent final
`);
  });

  it('separates parallel regions, draws an arrow to each of several targets, and marks history', () => {
    const config = {
      id: 'm',
      initial: 'p',
      states: {
        p: {
          type: 'parallel',
          on: { RESET: { target: ['.a.x', '.b.h'] } },
          states: {
            a: { initial: 'x', states: { x: {} } },
            b: { initial: 'y', states: { y: {}, h: { type: 'history', history: 'deep' } } },
          },
        },
      },
    };
    expect(drawn(config, 'states')).toBe(`stateDiagram-v2
  accTitle: The machine m
  [*] --> p
  state p {
    state "a" as p_a {
      [*] --> p_a_x
      state "x" as p_a_x
    }
    --
    state "b" as p_b {
      [*] --> p_b_y
      state "y" as p_b_y
      state "H#42;" as p_b_h
    }
  }
  p --> p_a_x : RESET
  p --> p_b_h : RESET
`);
  });

  it('writes what Mermaid or Markdown could take for syntax as character codes, and never one id twice', () => {
    const states = {
      'a "b" --> c': { on: { 'x: *y*; %%': 'a_b' } },
      'l1\nl2': {},
      a_b: {},
      'a b': {},
      state: {},
      start_end: {},
      toString: {},
      '1': {},
      _: {},
    };
    // A number for a key comes first, as in every object.
    expect(drawn({ id: '<m>', initial: 'l1\nl2', states }, 'states')).toBe(`stateDiagram-v2
  accTitle: The machine #60;m#62;
  [*] --> l1_l2
  state "1" as s_1_
  state "a #34;b#34; --#62; c" as a_b_c
  state "l1 l2" as l1_l2
  a_b
  state "a b" as a_b_2
  state "state" as s_state_
  state "start_end" as s_start_end_
  state "toString" as s_toString_
  state "#95;" as s__
  a_b_c --> a_b : x#58; #42;y#42;#59; #37;#37;
`);
  });
});
