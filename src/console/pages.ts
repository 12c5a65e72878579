/** The console's pages as they were built: read once per build, kept in memory, sent compressed to who takes that. */
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

export interface Page {
  readonly type: string;
  readonly body: Buffer;
  readonly gzipped: Buffer;
  readonly etag: string;
  /** Its name changes with what is in it. */
  readonly isHashed: boolean;
}

export interface Pages {
  /** @param path below `/console/`, '' for the page itself; null: there is no such file. Not built: null for all */
  find(path: string): Promise<Page | null>;
  isBuilt(): Promise<boolean>;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
};
const indexFile = 'index.html';
const hashedFolder = 'assets/';
const compress = promisify(gzip);

/** @param directory where `npm run build` puts the pages; it may come later, and be replaced */
export function builtPages(directory: string): Pages {
  let kept: { readonly builtAtMs: number; readonly pages: Promise<ReadonlyMap<string, Page>> } | null = null;
  const current = async (): Promise<ReadonlyMap<string, Page> | null> => {
    const builtAtMs = await modifiedAt(join(directory, indexFile));
    if (builtAtMs === null) return null;
    if (kept?.builtAtMs !== builtAtMs) {
      const pages = readAll(directory);
      const mine = { builtAtMs, pages };
      kept = mine;
      pages.catch(() => {
        if (kept === mine) kept = null;
      });
    }
    return kept.pages;
  };
  return {
    async find(path) {
      return (await current())?.get(path === '' ? indexFile : path) ?? null;
    },
    isBuilt: async () => (await modifiedAt(join(directory, indexFile))) !== null,
  };
}

async function modifiedAt(file: string): Promise<number | null> {
  try {
    return (await stat(file)).mtimeMs;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

/** Only what is listed here is ever sent, so no path leads out of the directory. */
async function readAll(directory: string): Promise<ReadonlyMap<string, Page>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && types[extname(entry.name)] !== undefined);
  const pages = await Promise.all(
    files.map(async (entry): Promise<[string, Page]> => {
      const file = join(entry.parentPath, entry.name);
      const path = file.slice(directory.length).replaceAll('\\', '/').replace(/^\//, '');
      return [path, await readPage(file, path)];
    }),
  );
  return new Map(pages);
}

async function readPage(file: string, path: string): Promise<Page> {
  const body = await readFile(file);
  return {
    type: types[extname(file)] ?? 'application/octet-stream',
    body,
    gzipped: await compress(body),
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`,
    isHashed: path.startsWith(hashedFolder),
  };
}
