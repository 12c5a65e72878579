/** How the console's pages are sent: the one page for every path, files by their names, and nothing that was not built. */
import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pageRoutes } from '../../src/console/page-routes.ts';
import { builtPages } from '../../src/console/pages.ts';
import { type App, buildApp } from '../../src/http/app.ts';

let directory = '';
let app: App;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'waybill-pages-'));
  app = await buildApp();
  pageRoutes(app, builtPages(directory));
  await app.ready();
});
afterEach(async () => {
  await app.close();
  await rm(directory, { recursive: true });
});

const build = async (page: string): Promise<void> => {
  await mkdir(join(directory, 'assets'), { recursive: true });
  await writeFile(join(directory, 'assets', 'app-1a2b.js'), 'export {};');
  await writeFile(join(directory, 'secret.env'), 'PASSWORD=x');
  await writeFile(join(directory, 'index.html'), page);
};
const get = (url: string, headers: Record<string, string> = {}) => app.inject({ method: 'GET', url, headers });

describe('the pages of the console', () => {
  it('not built: an honest 503 that says what to do', async () => {
    const answer = await get('/console');
    expect(answer.statusCode).toBe(503);
    expect(answer.json()).toMatchObject({
      error: 'console_not_built',
      detail: expect.stringContaining('npm run build'),
    });
  });

  it('any path is the page, under a strict policy, never kept', async () => {
    await build('<!doctype html>');
    for (const path of ['/console', '/console/', '/console/orders/0198?at=3', '/console/machines/order']) {
      const answer = await get(path);
      expect(answer).toMatchObject({ statusCode: 200, body: '<!doctype html>' });
      expect(answer.headers).toMatchObject({
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
      });
      const policy = String(answer.headers['content-security-policy']);
      expect(policy).toContain("default-src 'self'");
      expect(policy).not.toMatch(/unsafe|\*|https?:/);
    }
  });

  it('hashed files are kept for good, and sent compressed to who takes that', async () => {
    await build('<!doctype html>');
    const plain = await get('/console/assets/app-1a2b.js');
    expect(plain.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(plain.headers).not.toHaveProperty('content-encoding');
    const { etag } = plain.headers;
    expect((await get('/console/assets/app-1a2b.js', { 'if-none-match': String(etag) })).statusCode).toBe(304);
    const small = await get('/console/assets/app-1a2b.js', { 'accept-encoding': 'br, gzip' });
    expect(small.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'Accept-Encoding' });
    expect(gunzipSync(small.rawPayload).toString()).toBe('export {};');
  });

  it('what is no file of theirs is a problem: no path leads out, the API is no page', async () => {
    await build('<!doctype html>');
    const paths = [
      '/console/assets/gone.js',
      '/console/secret.env',
      '/console/%2e%2e/package.json',
      '/console/..%2fpackage.json',
      '/console/api/nothing',
      '/console/api',
    ];
    for (const path of paths) {
      const answer = await get(path);
      expect([path, answer.statusCode]).toEqual([path, 404]);
      expect(answer.headers['content-type']).toBe('application/problem+json');
    }
  });

  it('a new build is sent at once', async () => {
    await build('one');
    expect((await get('/console')).body).toBe('one');
    await build('two');
    await utimes(join(directory, 'index.html'), new Date(), new Date(Date.now() + 5_000));
    expect((await get('/console')).body).toBe('two');
  });
});
