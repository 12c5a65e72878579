/** Two versions of the order machine in one release, compared in a real browser. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, withoutBrowser } from '../support/browser.ts';
import { buildConsole, openConsole } from '../support/console-pages.ts';
import { useDatabase } from '../support/database.ts';
import { type Member, startMember } from '../support/fleet.ts';
import { makeRelease, type Release } from '../support/release.ts';

describe.skipIf(withoutBrowser)('versions of a machine', () => {
  const database = useDatabase({ maxConnections: 20 });
  let browser: Browser;
  let release: Release;
  let member: Member;

  beforeAll(async () => {
    await buildConsole();
    release = await makeRelease({ versions: ['1', '2'], migrates: true });
    member = await startMember('all', { DATABASE_URL: database.url() }, release.bin);
    browser = await launchBrowser();
  }, 180_000);
  afterAll(async () => {
    await browser?.close();
    await member?.kill();
    await release?.remove();
  });

  it('the difference names what is new, and what is gone, and the chart marks it', async () => {
    const { page, complaints, boundary, inaccessible } = await openConsole(browser, member.url);
    await page.goto(`${member.url}/console/machines/order`);
    await page.locator('[data-state="authorizingPayment"]').waitFor({ timeout: 60_000 });
    await page.getByRole('button', { name: 'Compare' }).click();
    await page.getByRole('heading', { name: '1 → 2' }).waitFor();
    await page.locator('.differences').waitFor();
    const said = await page.locator('.differences > li > p').allInnerTexts();
    expect(said).toContain('added state authorizingPayment');
    expect(said).toContain('removed state authorizing');
    expect(await page.locator('.box.is-added[data-state="authorizingPayment"]').count()).toBe(1);
    expect(await inaccessible()).toEqual([]);

    await page.getByRole('row', { name: /^1/ }).getByRole('button', { name: 'Show' }).click();
    await page.locator('[data-state="authorizing"]').waitFor();
    expect([complaints, boundary.strayed]).toEqual([[], []]);
  });
});
