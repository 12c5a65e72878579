/** One process per data directory: a lock file that a dead process cannot hold. */
import { createHash, randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { processIdentity } from './process-identity.ts';

const lockName = 'waybill.pid';
const maxTries = 500;
const pauseMs = 5;

/** Another process lives on this data directory. The message is one line, fit to be printed as it is. */
export class DataDirInUse extends Error {
  override readonly name = 'DataDirInUse';
}

export interface DataDirClaim {
  /** Gives the directory up; harmless when repeated. Not calling it is harmless too: a dead holder's claim is void. */
  release(): Promise<void>;
}

/**
 * Claims a data directory for this process, creating it if it is absent.
 * A claim is a file with the holder's pid and start time, so neither a crash nor a reused pid blocks the next start.
 * Not for directories shared between machines or containers: their pids mean nothing to each other.
 * @throws DataDirInUse naming the holder
 */
export async function claimDataDir(dataDir: string): Promise<DataDirClaim> {
  const dir = resolve(dataDir);
  await mkdir(dir, { recursive: true });
  const claim = await acquire(join(dir, lockName));
  if (claim.type === 'acquired') return { release: claim.release };
  throw new DataDirInUse(
    `${dir} is in use by process ${claim.pid}: stop that one, or set DATA_DIR to another directory for a second instance`,
  );
}

type Acquired =
  | { readonly type: 'acquired'; readonly release: () => Promise<void> }
  | { readonly type: 'held'; readonly pid: number };

/**
 * Who finds a dead claim removes it only under a second lock that is named after that very claim. So a claim is removed
 * by its living holder or by the one holder of that lock, and never by somebody who read an earlier one at this path.
 */
async function acquire(path: string): Promise<Acquired> {
  const content = JSON.stringify({
    pid: process.pid,
    identity: await processIdentity(process.pid),
    token: randomUUID(),
  });
  for (let attempt = 0; attempt < maxTries; attempt++) {
    if (await createWhole(path, content)) return { type: 'acquired', release: () => removeIf(path, content) };
    const held = await readFile(path, 'utf8').catch(() => null);
    if (held === null) continue;
    const pid = await livingHolder(held);
    if (pid !== null) return { type: 'held', pid };
    const right = await acquire(`${path}.${createHash('sha256').update(held).digest('hex').slice(0, 16)}`);
    if (right.type === 'acquired') {
      await removeIf(path, held);
      await right.release();
    } else {
      await sleep(pauseMs);
    }
  }
  throw new DataDirInUse(`${path} is being claimed by other processes over and over: start one at a time`);
}

/** A hard link appears with its content or not at all, and fails if the name is taken: two starters cannot both win. */
async function createWhole(path: string, content: string): Promise<boolean> {
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, content, { flag: 'wx', mode: 0o644 });
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/** For those who alone may remove this content: it cannot change between the look and the removal. */
async function removeIf(path: string, content: string): Promise<void> {
  const found = await readFile(path, 'utf8').catch(() => null);
  if (found === content) await rm(path, { force: true });
}

/** @returns the pid that holds the claim, or `null` when it is void (holder gone, pid reused, or file unreadable) */
async function livingHolder(content: string): Promise<number | null> {
  const claim = parseClaim(content);
  if (claim === null) return null;
  const identity = await processIdentity(claim.pid);
  return identity !== null && identity === claim.identity ? claim.pid : null;
}

function parseClaim(content: string): { pid: number; identity: string } | null {
  try {
    const value: unknown = JSON.parse(content);
    if (typeof value !== 'object' || value === null || !('pid' in value) || !('identity' in value)) return null;
    const { pid, identity } = value;
    return typeof pid === 'number' && typeof identity === 'string' ? { pid, identity } : null;
  } catch {
    return null;
  }
}
