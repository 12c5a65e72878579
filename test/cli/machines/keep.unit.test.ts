import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keep, type Listed } from '../../../src/cli/machines/keep.ts';
import { readKept } from '../../../src/cli/machines/kept-files.ts';
import { verifyKept } from '../../../src/cli/machines/verify-kept.ts';
import { actorMachine } from '../../../src/actors/index.ts';
import { parcelChart, parcelEnvironment, type ParcelParts } from '../../verifier/parcel.ts';

const listed = (version: string, changed: Partial<ParcelParts> = {}): Listed => ({
  machine: parcelChart(changed),
  version,
  environment: parcelEnvironment,
});
const verified = (...all: Listed[]) =>
  verifyKept(
    all.map(({ machine, version }) => actorMachine(machine, version)),
    directory,
  );

let directory = '';
beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'waybill-kept-')), 'histories');
});
afterEach(() => rm(join(directory, '..'), { recursive: true }));

describe('machines keep', () => {
  const written = { machine: 'parcel', version: '1', result: 'written', histories: 6, steps: 21 };

  it('writes a file for each version, which verify then replays', async () => {
    const both = [listed('1'), listed('2', { waitMs: 90 })];
    expect(await keep(both, { force: false, directory })).toEqual([written, { ...written, version: '2' }]);
    expect(await readdir(directory)).toEqual(['parcel@1.json', 'parcel@2.json']);
    expect(await verified(...both)).toEqual({
      figures: 'kept histories: 12 replayed, in 42 steps',
      findings: [],
      hints: [],
    });
  });

  it('finds the version of which nothing is kept', async () => {
    const { findings } = await verified(listed('1'));
    expect(findings.map(({ machine, version, property }) => [machine, version, property])).toEqual([
      ['parcel', '1', 'histories-kept'],
    ]);
  });

  it('leaves what is kept already', async () => {
    await keep([listed('1')], { force: false, directory });
    expect(await keep([listed('1')], { force: false, directory })).toEqual([{ ...written, result: 'unchanged' }]);
  });

  it('refuses to keep something else under a version that is kept, unless forced', async () => {
    await keep([listed('1')], { force: false, directory });
    const before = await readFile(join(directory, 'parcel@1.json'), 'utf8');
    const changed = listed('1', { waitMs: 90 });
    expect(await keep([changed], { force: false, directory })).toEqual([{ ...written, result: 'refused' }]);
    expect(await readFile(join(directory, 'parcel@1.json'), 'utf8')).toBe(before);
    expect(await keep([changed], { force: true, directory })).toEqual([written]);
    expect((await verified(changed)).findings).toEqual([]);
  });

  it('leaves histories that still hold, though others would be chosen now', async () => {
    await keep([listed('1')], { force: false, directory });
    const richer = { ...listed('1'), environment: { ...parcelEnvironment, events: [] } };
    expect(await keep([richer], { force: false, directory })).toEqual([{ ...written, result: 'other histories' }]);
  });

  it('names a file that it cannot read, or that lies', async () => {
    await keep([listed('1')], { force: false, directory });
    const text = await readFile(join(directory, 'parcel@1.json'), 'utf8');
    await writeFile(join(directory, 'parcel@3.json'), text);
    await expect(readKept(directory)).rejects.toThrow('parcel@3.json holds the histories of parcel v1');
    await writeFile(join(directory, 'parcel@3.json'), text.slice(0, 100));
    await expect(readKept(directory)).rejects.toThrow(
      'parcel@3.json cannot be read: restore it, or delete it and run `waybill machines keep`',
    );
  });
});
