import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claimDataDir } from '../../src/persistence/claim-data-dir.ts';
import { processIdentity } from '../../src/persistence/process-identity.ts';

let dir: string;

beforeEach(async () => {
  dir = join(await mkdtemp(join(tmpdir(), 'waybill-claim-')), 'nested', 'data');
});

afterEach(() => rm(join(dir, '..', '..'), { recursive: true }));

const refusal = (pid: number): string =>
  `${dir} is in use by process ${pid}: stop that one, or set DATA_DIR to another directory for a second instance`;

const holdAs = (claim: object | string): Promise<void> =>
  writeFile(join(dir, 'waybill.pid'), typeof claim === 'string' ? claim : JSON.stringify(claim));

describe('claimDataDir', () => {
  it('creates the directory, and refuses a second claim in one line until the first is released', async () => {
    const first = await claimDataDir(dir);
    await expect(claimDataDir(dir)).rejects.toThrow(refusal(process.pid));
    await first.release();
    await first.release();
    await (await claimDataDir(dir)).release();
    expect(await readdir(dir)).toEqual([]);
  });

  it('of many starters at once, one wins', async () => {
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => claimDataDir(dir)));
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
    expect(await readdir(dir)).toEqual(['waybill.pid']);
  });

  it('of many that find the claim of a dead process at once, one wins', async () => {
    for (let round = 0; round < 40; round++) {
      await (await claimDataDir(dir)).release();
      await holdAs({ pid: process.pid, identity: 'an earlier process with this pid', token: 'x' });
      const results = await Promise.allSettled(Array.from({ length: 12 }, () => claimDataDir(dir)));
      const winners = results.filter((result) => result.status === 'fulfilled');
      expect(winners).toHaveLength(1);
      await winners[0]?.value.release();
      expect(await readdir(dir)).toEqual([]);
    }
  });

  it('a starter that died while it removed a dead claim holds nobody up', async () => {
    await (await claimDataDir(dir)).release();
    const dead = JSON.stringify({ pid: process.pid, identity: 'an earlier process with this pid', token: 'x' });
    await holdAs(dead);
    // Where it stood: the right to remove that claim taken, the claim not removed.
    const hash = createHash('sha256').update(dead).digest('hex').slice(0, 16);
    await writeFile(join(dir, `waybill.pid.${hash}`), dead.replace('"x"', '"y"'));
    await claimDataDir(dir);
    expect(await readdir(dir)).toEqual(['waybill.pid']);
  });

  it('a claim whose process is gone is void', async () => {
    const child = spawn(process.execPath, ['-e', '']);
    await once(child, 'exit');
    await (await claimDataDir(dir)).release();
    await holdAs({ pid: child.pid, identity: 'whatever', token: 'x' });
    await claimDataDir(dir);
  });

  it('a claim whose pid now belongs to another process is void', async () => {
    await (await claimDataDir(dir)).release();
    await holdAs({ pid: process.ppid, identity: 'an earlier process with this pid', token: 'x' });
    await claimDataDir(dir);
  });

  it('a claim of a living process holds, whoever owns that process', async () => {
    await (await claimDataDir(dir)).release();
    await holdAs({ pid: 1, identity: await processIdentity(1), token: 'x' });
    await expect(claimDataDir(dir)).rejects.toThrow(refusal(1));
  });

  it.each(['', '12', '{"pid":', '{"pid":"1"}', '[]'])('a claim that is no claim (%j) is void', async (content) => {
    await (await claimDataDir(dir)).release();
    await holdAs(content);
    await claimDataDir(dir);
  });

  it('releasing leaves the claim of a successor alone', async () => {
    const claim = await claimDataDir(dir);
    const successor = { pid: process.ppid, identity: await processIdentity(process.ppid), token: 'x' };
    await holdAs(successor);
    await claim.release();
    await expect(claimDataDir(dir)).rejects.toThrow(refusal(process.ppid));
  });
});

describe('processIdentity', () => {
  it('is null for a process that is gone, and for a number that is no pid', async () => {
    const child = spawn(process.execPath, ['-e', '']);
    await once(child, 'exit');
    const pids = [child.pid ?? 0, 0, -1, Number.NaN, 1.5];
    expect(await Promise.all(pids.map(processIdentity))).toEqual([null, null, null, null, null]);
  });

  it('is the same at every look, and differs between processes', async () => {
    const [self, again, parent] = await Promise.all([process.pid, process.pid, process.ppid].map(processIdentity));
    expect(self).toEqual(again);
    expect(self).not.toEqual(parent);
  });
});
