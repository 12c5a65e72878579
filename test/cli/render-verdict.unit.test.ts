import { describe, expect, it } from 'vitest';
import { renderFigures, renderFinding } from '../../src/cli/render-verdict.ts';
import type { Verdict } from '../../src/verifier/index.ts';

const holding = (holds: boolean) => ({ name: holds ? 'can-end' : 'timers-once', promise: 'it does', holds });

const verdict: Verdict = {
  machine: 'order',
  version: '1',
  states: 42,
  situations: 8_557,
  edges: 20_027,
  transitions: { declared: 69, taken: 68 },
  properties: [holding(true), holding(false)],
  findings: [],
  cappedAt: null,
  isProven: false,
  elapsedMs: 1_400,
};

describe('a verdict for people', () => {
  it('shows what was looked at, and how much of it held', () => {
    expect(renderFigures([verdict, { ...verdict, version: '2', isProven: true }]).split('\n')).toEqual([
      'MACHINE  VERSION  STATES  SITUATIONS  EDGES  TRANSITIONS  PROPERTIES  TIME   VERDICT',
      'order    1        42      8557        20027  68 of 69     1 of 2      1.4 s  not proven',
      'order    2        42      8557        20027  68 of 69     1 of 2      1.4 s  proven',
    ]);
  });

  const finding = {
    machine: 'order',
    version: '1',
    property: 'none-forgotten',
    promise: 'every effect is undone',
    message: 'failed while payments.undo is owed',
    path: ['start ⇒ authorizing.calling', 'CANCEL ⇒ failed'],
  };

  it('shows a finding with a shortest way to it', () => {
    expect(renderFinding(finding).split('\n')).toEqual([
      'order v1: none-forgotten is broken (every effect is undone)',
      '  failed while payments.undo is owed',
      '     1  start ⇒ authorizing.calling',
      '     2  CANCEL ⇒ failed',
    ]);
  });

  it('leaves out the middle of a way that nobody would read', () => {
    const path = Array.from({ length: 1_000 }, (_, i) => `ADD ⇒ ${i}`);
    const lines = renderFinding({ ...finding, path }).split('\n');
    expect(lines).toHaveLength(63);
    expect([lines[2], lines[31], lines[32], lines[33], lines[62]]).toEqual([
      '     1  ADD ⇒ 0',
      '    30  ADD ⇒ 29',
      '        … 940 more …',
      '    971  ADD ⇒ 970',
      '    1000  ADD ⇒ 999',
    ]);
  });
});
