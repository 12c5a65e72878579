/** The console's pages in a browser: built from the sources as they are, watched for errors and for strangers. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { type Boundary, confine } from './browser.ts';

const prepare = fileURLToPath(new URL('../../console/prepare.js', import.meta.url));
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Into `console/dist`, where every process serves them from; as `npm ci` does it, not as a test would. */
export async function buildConsole(): Promise<void> {
  await promisify(execFile)(process.execPath, [prepare], { env: { ...process.env, NODE_ENV: 'production' } });
}

export interface ConsolePage {
  readonly page: Page;
  readonly boundary: Boundary;
  /** What the page has complained of. */
  readonly complaints: readonly string[];
  /** What breaks WCAG 2.2 AA on the page as it is now: the rule and the element. */
  inaccessible(): Promise<readonly string[]>;
}

export interface ConsolePageOptions {
  readonly colours?: 'light' | 'dark';
  readonly width?: number;
}

export async function openConsole(
  browser: Browser,
  origin: string,
  { colours = 'light', width = 1_440 }: ConsolePageOptions = {},
): Promise<ConsolePage> {
  const context = await browser.newContext({
    colorScheme: colours,
    viewport: { width, height: 900 },
    reducedMotion: 'reduce',
  });
  const boundary = await confine(context, [origin]);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  return { page, boundary, complaints, inaccessible: () => violations(page) };
}

interface AxeResult {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
}

async function violations(page: Page): Promise<readonly string[]> {
  // Over the debugger, which the page's policy does not bind.
  await page.evaluate(axe);
  const found = await page.evaluate<AxeResult>(
    `axe.run({ runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] } })`,
  );
  return found.violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
}
