/** How what-ifs are written. */
import { describe, expect, test } from 'vitest';
import { readWhatIfs, type WhatIf } from '../../../src/actors/what-if/what-if.ts';

const read = (text: string): readonly WhatIf[] => {
  const result = readWhatIfs(text);
  if (result.type === 'malformed') throw new Error(result.problem);
  return result.inputs.map(({ input }) => input);
};

describe('what-ifs', () => {
  test('each kind, between commas and line ends; empty pieces are nothing', () => {
    expect(read('CANCEL, capture refused,\n,timer backoff\nwait 15m , happy,')).toEqual([
      { type: 'event', event: { type: 'CANCEL' } },
      { type: 'outcome', effect: 'capture', outcome: 'refused', value: null },
      { type: 'timer', timer: 'backoff' },
      { type: 'wait', durationMs: 900_000 },
      { type: 'happy' },
    ]);
    expect(read(' \n ')).toEqual([]);
  });

  test.each(['done', 'refused', 'failed', 'unknown'] as const)(
    'an effect may be named by its id or its name: %s',
    (outcome) => {
      expect(read(`payments.capture ${outcome},capture@7 ${outcome}`)).toEqual([
        { type: 'outcome', effect: 'payments.capture', outcome, value: null },
        { type: 'outcome', effect: 'capture@7', outcome, value: null },
      ]);
    },
  );

  test('a payload is JSON, with commas, brackets, quotes and line ends of its own; it cannot rename its event', () => {
    const settlement = { by: 'ada, {the} "first"', why: 'a\nb', list: [{ n: 1 }, { n: 2 }] };
    const text = `RESOLVE {"settlement": ${JSON.stringify(settlement, null, 1)}, "type": "CANCEL"}, capture refused{"code":"x"}`;
    expect(read(text)).toEqual([
      { type: 'event', event: { type: 'RESOLVE', settlement } },
      { type: 'outcome', effect: 'capture', outcome: 'refused', value: { code: 'x' } },
    ]);
  });

  test.each([
    ['500ms', 500],
    ['1.5s', 1_500],
    ['2min', 120_000],
    ['2h', 7_200_000],
    ['7d', 604_800_000],
  ])('wait %s', (word, durationMs) => {
    expect(read(`wait ${word}`)).toEqual([{ type: 'wait', durationMs }]);
  });

  test('where each was written is kept, by its first character', () => {
    const result = readWhatIfs('CANCEL,\n  capture done');
    expect(result.inputs.map(({ text, at }) => [text, at])).toEqual([
      ['CANCEL', 1],
      ['capture done', 11],
    ]);
  });

  test.each([
    ['capture declined', 'declined is no outcome: an effect is done, refused, failed or unknown'],
    ['capture done undoPayment done', 'a comma is missing behind capture done'],
    ['RESOLVE {"settlement": }', 'its payload is not JSON'],
    ['RESOLVE {"settlement": {}', 'its payload is not JSON'],
    ['RESOLVE {} CANCEL', 'its payload is not JSON'],
    ['{"a":1}', 'it has a payload and no name'],
    ['timer', 'which timer?'],
    ['timer backoff {}', 'timer takes no payload'],
    ['wait', 'write how long to wait as 500ms, 30s, 15m, 2h or 7d'],
    ['wait 5 m', 'a comma is missing behind wait 5'],
    ['wait 1y', 'write how long to wait as 500ms, 30s, 15m, 2h or 7d'],
    ['wait 367d', 'it waits for more than a year'],
    ['happy {}', 'happy takes no payload'],
    ['7', '7 names no event'],
    [
      'xstate.done.actor.capture',
      'write outcomes as <effect> <outcome>, timers as timer <delay>, not xstate.done.actor.capture',
    ],
  ])('broken: %s', (text, problem) => {
    expect(readWhatIfs(`CANCEL, ${text}`)).toEqual({
      type: 'malformed',
      inputs: [{ input: { type: 'event', event: { type: 'CANCEL' } }, text: 'CANCEL', at: 1 }],
      at: 9,
      problem,
    });
  });

  test('bounded', () => {
    expect(readWhatIfs('A,'.repeat(101))).toMatchObject({ at: 201, problem: 'there are more than 100 inputs' });
    expect(readWhatIfs(`A {"a":"${'x'.repeat(16_000)}"}`)).toMatchObject({
      problem: 'the text is longer than 16000 characters',
    });
  });
});
