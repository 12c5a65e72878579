import { describe, expect, it } from 'vitest';
import { othersCores, perMany } from '../../bench/engines/meter.ts';
import { markdownTable } from '../../bench/table.ts';

const before = { cpuMs: { postgres: 1_000, worker: 500 }, machineCpuMs: 10_000, walBytes: 5_000 };
const after = { cpuMs: { postgres: 3_000, worker: 1_500 }, machineCpuMs: 14_000, walBytes: 25_000 };

describe('what a phase took', () => {
  it('is counted per saga, processor time in seconds per 1,000', () => {
    expect(perMany(before, after, 2_000)).toEqual({
      cpuSecondsPer1000: { postgres: 1, worker: 0.5 },
      walBytes: 10,
    });
  });

  it('of the machine’s time, others had what was not ours', () => {
    expect(othersCores(before, after, 2_000)).toBe(0.5);
    expect(othersCores({ ...before, machineCpuMs: null }, after, 2_000)).toBeNull();
  });
});

it('a table is Markdown with its columns under each other', () => {
  expect(
    markdownTable(
      ['engine', 'sagas/s'],
      [
        ['ours', 1_200],
        ['theirs', null],
      ],
    ),
  ).toBe(
    [
      '| engine | sagas/s |', //
      '| ------ | ------: |',
      '| ours   |    1200 |',
      '| theirs |       – |',
    ].join('\n'),
  );
});
