/** A DATA_DIR that goes when the test does, whatever still runs in it. */
import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reaper } from './reaper.ts';

/** `remove` stops its Postgres and its holder, then deletes it; at the latest the end of this process does. */
export async function temporaryDataDir(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'waybill-data-'));
  // As root, Postgres runs as somebody else, who has to get in.
  await chmod(path, 0o755);
  return { path, remove: reaper().watchDataDir(path) };
}
