/**
 * `npm ci` builds the console, so that `npm start` serves it. Without development dependencies (`--omit=dev`) or without
 * its sources there is nothing to build with, and nothing to do: `npm run build` does it elsewhere.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';

const hasSources = existsSync(new URL('index.html', import.meta.url));

if (hasSources && hasVite()) {
  const { build } = await import('vite');
  await build({ configFile: new URL('vite.config.ts', import.meta.url).pathname, logLevel: 'warn' });
}

function hasVite() {
  try {
    createRequire(import.meta.url).resolve('vite/package.json');
    return true;
  } catch {
    return false;
  }
}
