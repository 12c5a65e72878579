/** Every workload of the bench at its smallest, as a person would run it: it ends, its books agree, its figures are there. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { hasRedis } from '../support/stack.ts';

const run = promisify(execFile);
const main = fileURLToPath(new URL('../../bench/main.ts', import.meta.url));

type Line = Readonly<Record<string, unknown>>;

async function bench(...args: string[]): Promise<Line[]> {
  const { stdout } = await run(process.execPath, [main, '--json', ...args]);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

const aRate = expect.objectContaining({ median: expect.any(Number), min: expect.any(Number), max: expect.any(Number) });
const backend = hasRedis ? 'redis' : 'postgres';

describe('npm run bench', () => {
  it('runtime: engines take turns, and each is measured in full', async () => {
    const engines = ['waybill', 'floor-batch50'];
    const asked = ['--engines', engines.join(','), '--n', '40', '--rounds', '2', '--rate', '10', '--paced', '10'];
    const lines = await bench('--backend', backend, ...asked);
    expect(lines.map(({ round, engine }) => [round, engine])).toEqual([
      [1, 'waybill'],
      [1, 'floor-batch50'],
      [2, 'floor-batch50'],
      [2, 'waybill'],
      [undefined, 'waybill'],
      [undefined, 'floor-batch50'],
    ]);
    for (const summary of lines.slice(-2))
      expect(summary).toMatchObject({
        runs: 2,
        failed: 0,
        sagasPerSecond: aRate,
        timesOurs: aRate,
        p50Ms: expect.any(Number),
        p99Ms: aRate,
      });
    const [ours] = lines;
    expect(ours).toMatchObject({ countsPerSaga: { transitions: 4 }, commitsPerSaga: expect.any(Number) });
    expect(Object.keys(ours?.['cpuSecondsPer1000'] ?? {})).toEqual(
      expect.arrayContaining(['postgres', 'worker', 'submitter']),
    );
  });

  it('the other floors', async () => {
    const engines = ['floor-tx', 'floor-group', hasRedis ? 'bullmq-chain' : 'bullmq-chain-pg'];
    const lines = await bench('--backend', backend, '--engines', engines.join(','), '--n', '40', '--paced', '0');
    expect(lines.slice(-3).map(({ engine, runs }) => [engine, runs])).toEqual(engines.map((engine) => [engine, 1]));
  });

  it('runtime on the queue in Postgres', async () => {
    const lines = await bench('--backend', 'postgres', '--n', '40', '--paced', '0');
    expect(lines.at(-1)).toMatchObject({ engine: 'waybill', runs: 1, sagasPerSecond: aRate, p50Ms: null });
  });

  it('decline: every order is undone, and floors without a way back do not take part', async () => {
    const asked = ['--engines', 'waybill,floor-batch50', '--n', '40', '--paced', '0'];
    const lines = await bench('--workload', 'decline', '--backend', backend, ...asked);
    // Created, reserved, refused, released, cancelled.
    expect(lines[0]).toMatchObject({ engine: 'waybill', countsPerSaga: { transitions: 5 } });
    expect(lines.map(({ engine }) => engine)).toEqual(['waybill', 'waybill']);
  });

  it('timers: all fire, at once and spread', async () => {
    const lines = await bench('--workload', 'timers', '--backend', backend, '--n', '60', '--seconds', '1');
    expect(lines.map(({ timers, spreadSeconds }) => [timers, spreadSeconds])).toEqual([
      [60, 0],
      [60, 1],
    ]);
    for (const line of lines) expect(line['lateP99Ms']).toBeGreaterThan(0);
  });

  it('cold: the same load beside actors that wait, in turns', async () => {
    const asked = ['--n', '40', '--preload', '500', '--paced', '0'];
    const lines = await bench('--workload', 'cold', '--backend', backend, ...asked);
    expect(lines.map(({ table }) => table)).toEqual([undefined, 'empty', 'loaded', undefined]);
    expect(lines.at(-1)).toMatchObject({ waiting: 500, loadedToEmpty: aRate });
  });

  it('recover: what a killed worker left is finished by the next one', async () => {
    const [killed] = await bench('--workload', 'recover', '--backend', backend, '--n', '300');
    expect(killed?.['inFlight']).toBeGreaterThanOrEqual(300);
    expect(killed?.['allEndedSeconds']).toBeGreaterThan(0);
  });

  it('workers: one and two of them, in turns', async () => {
    const lines = await bench('--workload', 'workers', '--backend', backend, '--n', '40', '--paced', '0');
    expect(lines.map(({ workers }) => workers)).toEqual([1, 2, undefined]);
    expect(Object.keys(lines[1]?.['cpuSecondsPer1000'] ?? {})).toEqual(expect.arrayContaining(['worker', 'worker2']));
    expect(lines.at(-1)).toMatchObject({ twoToOne: aRate });
  });

  it('idle: what each process takes', async () => {
    const [line] = await bench('--workload', 'idle', '--backend', backend, '--seconds', '1');
    expect(Object.keys(line?.['percentOfACore'] ?? {})).toEqual(expect.arrayContaining(['postgres', 'edge', 'worker']));
  });

  it('edge: orders over HTTP, with what each process took', async () => {
    const asked = ['--n', '20', '--rate', '10', '--paced', '10'];
    const [line] = await bench('--workload', 'edge', '--backend', backend, ...asked);
    expect(line).toMatchObject({ orders: 20, audit: 'clean', completedP50Ms: expect.any(Number) });
    expect(Object.keys(line?.['cpuSecondsPer1000'] ?? {})).toEqual(
      expect.arrayContaining(['postgres', 'edge', 'worker']),
    );
  });
});
