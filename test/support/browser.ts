/** A real browser for tests: Chromium of the machine, which may speak to the test's own servers and to nobody else. */
import { existsSync } from 'node:fs';
import { chromium, type Browser, type BrowserContext } from 'playwright-core';

const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';

/** Where the machine has none; REQUIRE_BROWSER=1 makes that a failure. */
export const withoutBrowser = !existsSync(executablePath) && process.env['REQUIRE_BROWSER'] !== '1';

export function launchBrowser(): Promise<Browser> {
  // Its sandbox refuses to run as root, which containers are; every page here is our own.
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}

export interface Boundary {
  /** URLs that were asked for beyond the allowed origins; they were not answered. */
  readonly strayed: readonly string[];
}

/** Lets the pages of a context reach these origins alone, and notes what else they would have liked. */
export async function confine(context: BrowserContext, origins: readonly string[]): Promise<Boundary> {
  const strayed: string[] = [];
  const isOurs = (url: string): boolean => origins.includes(new URL(url).origin.replace(/^ws/, 'http'));
  await context.route('**/*', (route) => {
    const url = route.request().url();
    if (isOurs(url)) return route.continue();
    strayed.push(url);
    return route.abort();
  });
  context.on('request', (request) => {
    const url = request.url();
    if (!isOurs(url) && !url.startsWith('data:') && !strayed.includes(url)) strayed.push(url);
  });
  return { strayed };
}
