import { describe, expect, it } from 'vitest';
import { help, readOptions } from '../../bench/options.ts';

describe('the options of the bench', () => {
  it('measure the library on Redis unless something else is asked for', () => {
    expect(readOptions([])).toEqual({
      workload: 'runtime',
      n: 5_000,
      rounds: 1,
      backends: ['redis'],
      inFlight: 32,
      perSecond: 20,
      paced: 200,
      concurrency: null,
      maxBatch: null,
      seconds: 10,
      preload: 0,
      peers: false,
      engines: null,
      cpuProf: false,
      keep: false,
      json: false,
    });
  });

  it('have sizes of their own for each workload', () => {
    expect(readOptions(['--workload', 'cold'])).toMatchObject({ n: 5_000, preload: 1_000_000 });
    expect(readOptions(['--workload', 'edge', '--backend', 'both'])).toMatchObject({
      n: 2_000,
      inFlight: 64,
      backends: ['redis', 'postgres'],
    });
    expect(readOptions(['--workload', 'timers', '--n', '50'])).toMatchObject({ n: 50 });
  });

  it.each([
    [['--workload', 'marathon'], '--workload marathon: there are runtime'],
    [['--backend', 'sqlite'], '--backend sqlite: redis, postgres or both'],
    [['--n', '2k'], '--n 2k: a whole number'],
    [['--speed', '3'], "Unknown option '--speed'"],
  ])('%j is refused', (args, message) => {
    expect(() => readOptions(args)).toThrow(message);
  });

  it('are all explained', () => {
    expect(readOptions(['--help'])).toBeNull();
    for (const option of ['--rounds', '--peers', '--engines', '--cpu-prof', '--keep', '--json', '--preload'])
      expect(help).toContain(option);
  });
});
