/** PostgreSQL refuses to run as root: whom to run it as instead, and which paths that account can reach. */
import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';

/** What a child process is spawned with. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/**
 * The account that is to run Postgres on a cluster directory.
 * @returns `null` when this process is not root and so runs it as itself; as root the owner of an existing cluster,
 * else the first of `postgres`, `nobody`, `daemon` that this system knows (initdb insists on a known one)
 * @throws when there is none
 */
export async function postgresAccount(clusterDir: string): Promise<Account | null> {
  if (process.getuid?.() !== 0) return null;
  const owner = await stat(clusterDir).catch(() => null);
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const known = await readFile('/etc/passwd', 'utf8').catch(() => '');
  for (const name of ['postgres', 'nobody', 'daemon']) {
    const fields = known
      .split('\n')
      .find((line) => line.startsWith(`${name}:`))
      ?.split(':');
    if (fields) return { uid: Number(fields[2]), gid: Number(fields[3]) };
  }
  throw new EmbeddedPostgresError(
    'PostgreSQL does not run as root, and there is no unprivileged user here: run as another user, or set DATABASE_URL',
  );
}

/** Whether the account may pass every directory above a path and read (and enter, if a directory) the path itself. */
export async function canReach(account: Account, path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  if (!found || !allows(account, found, found.isDirectory() ? 5 : 4)) return false;
  for (let dir = dirname(resolve(path)); ; dir = dirname(dir)) {
    if (!allows(account, await stat(dir), 1)) return false;
    if (dir === dirname(dir)) return true;
  }
}

interface Owned {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/** The classic permission bits: 4 read, 2 write, 1 execute or enter. */
function allows(account: Account, file: Owned, wanted: number): boolean {
  const shift = file.uid === account.uid ? 6 : file.gid === account.gid ? 3 : 0;
  return ((file.mode >> shift) & wanted) === wanted;
}
