/** The console in a real browser, on the real system: what an operator does at three in the morning. */
import { randomUUID } from 'node:crypto';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, withoutBrowser } from '../support/browser.ts';
import { buildConsole, type ConsolePage, openConsole } from '../support/console-pages.ts';
import { type Stack, useStack } from '../support/stack.ts';
import { eventually } from '../support/wait.ts';

/** Nothing is being loaded any more, and something is there. */
const settled = `document.querySelectorAll('.skeleton').length === 0 && document.querySelector('h1, h3') !== null`;

describe.skipIf(withoutBrowser)('the console', () => {
  const kit = useStack('postgres');
  let browser: Browser;
  let edge: Stack;
  let worker: Stack;
  let base: string;
  let productId: string;
  let desk: ConsolePage;
  let failed: string;

  beforeAll(async () => {
    await buildConsole();
    edge = await kit.start({ ROLE: 'edge,orders,inventory,payments,console', DEMO_CORNER: 'on' });
    base = await edge.waybill.listen();
    productId = await edge.shop.product({ stock: 100 });
    browser = await launchBrowser();
    desk = await openConsole(browser, base);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
  });

  const place = (token: string): Promise<string> =>
    edge.shop.placed({ items: [{ productId, quantity: 2 }], token, key: randomUUID() });
  const open = (path: string) => desk.page.goto(`${base}/console${path}`);
  /** The innermost boxes that the chart lights up. */
  const current = (): Promise<string | null> =>
    desk.page.locator('.box.is-current:not(.is-container)').first().getAttribute('data-state');
  const stands = (state: string) =>
    desk.page.locator(`.box.is-current[data-state="${state}"]`).waitFor({ timeout: 60_000 });

  it('an order is placed and seen moving on its chart until it has completed', async () => {
    const id = await place('tok_visa_success');
    await open(`/orders/${id}`);
    await stands('fulfilling.creatingOrder');
    expect(await desk.page.locator('.box.is-gone[data-state="authorizationFailed"]').count()).toBe(1);

    worker = await kit.start({ ROLE: 'worker' });
    await stands('completed');
    await desk.page.getByText('Completed', { exact: true }).first().waitFor();
    const log = await edge.waybill.system.history(id);
    await eventually(async () => (await desk.page.locator('.piece').count()) === log.length);
    const arrows = await desk.page.locator('.arrow.is-taken').all();
    const taken = await Promise.all(arrows.map((arrow) => arrow.getAttribute('data-arrow')));
    expect(new Set(taken)).toEqual(
      new Set([
        'authorizing→fulfilling.creatingOrder',
        'committingStock→completed',
        'confirmingOrder→committingStock',
        'fulfilling.capturingPayment→confirmingOrder',
        'fulfilling.creatingOrder→fulfilling.reservingInventory',
        'fulfilling.reservingInventory→fulfilling.capturingPayment',
      ]),
    );
  });

  it('a parked refund is resolved by hand: previewed, with who and why, and the order ends', async () => {
    failed = await place('tok_capture_timeout_refund_fails_9');
    await kit.reaches(failed, /capturingPayment\.calling/);
    expect((await edge.shop.cancel(failed)).status).toBe(202);
    await kit.ends(failed, 'NEEDS_ATTENTION');

    await open('/parked');
    await desk.page.getByRole('button', { name: 'Show it' }).click();
    await desk.page.getByRole('link', { name: /^Resolve/ }).click();
    await stands('compensating.undoingPayment');
    await desk.page.getByRole('button', { name: 'Resolve…' }).click();
    const dialog = desk.page.getByRole('dialog');
    const send = dialog.getByRole('button', { name: 'Resolve the order' });
    await dialog.getByText('compensating.releasingStock').first().waitFor();
    expect(await dialog.getByLabel(/^Refunded/).inputValue()).toBe('59.98');
    expect(await send.isDisabled()).toBe(true);
    await dialog.getByLabel('Your name').fill('Night Shift');
    await dialog.getByLabel('Why').fill('refunded at the bank, ticket 4711');
    await send.click();
    await stands('cancelled');

    const log = await edge.waybill.system.history(failed);
    expect(log.find(({ event }) => event.type === 'RESOLVE')?.event['settlement']).toEqual({
      by: 'Night Shift',
      why: 'refunded at the bank, ticket 4711',
      voidedCents: 0,
      refundedCents: 5_998,
    });
    await desk.page.getByRole('tab', { name: 'Operations' }).click();
    await desk.page.getByText('refunded at the bank, ticket 4711').waitFor();
  });

  it('time is travelled: back by keys, two moments compared, and forked into what did not happen', async () => {
    await open(`/orders/${failed}`);
    await stands('cancelled');
    await desk.page.keyboard.press('Home');
    await stands('authorizing');
    expect(await desk.page.locator('.box.is-visited[data-state="fulfilling.capturingPayment"]').count()).toBe(0);
    await desk.page.keyboard.press('ArrowRight');
    await stands('fulfilling.creatingOrder');
    expect(new URL(desk.page.url()).searchParams.get('at')).toBe('2');

    await desk.page.getByRole('tab', { name: 'Compare' }).click();
    const changes = desk.page.locator('.changes');
    await changes.getByText('payment.authorizedCents').waitFor();
    expect(await changes.locator('li', { hasText: 'payment.authorizedCents' }).innerText()).toMatch(/0\s+5998/);

    await desk.page.getByRole('button', { name: 'First transition' }).click();
    await desk.page.getByRole('tab', { name: 'What if' }).click();
    await desk.page.getByRole('button', { name: 'authorize refused' }).click();
    await stands('authorizationFailed');
    await desk.page.getByText('Ends in').waitFor();
    expect((await edge.shop.find(failed)).status).toBe('CANCELLED');

    await desk.page.getByRole('tab', { name: 'Moment' }).click();
    const [download] = await Promise.all([
      desk.page.waitForEvent('download'),
      desk.page.getByRole('link', { name: 'Download as a failing test' }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/\.test\.ts$/);
  });

  it('orders are searched, and opened by keys alone', async () => {
    await open('/');
    await desk.page.getByRole('heading', { name: 'Overview' }).waitFor();
    await desk.page.keyboard.press('?');
    await desk.page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
    await desk.page.keyboard.press('Escape');
    await desk.page.keyboard.press('g');
    await desk.page.keyboard.press('o');
    await desk.page.getByRole('heading', { name: 'Orders', exact: true }).waitFor();
    await desk.page.getByLabel('Status').selectOption('CANCELLED');
    await eventually(async () => (await desk.page.locator('tbody tr').count()) === 1);
    await desk.page.locator('body').press('j');
    await desk.page.keyboard.press('Enter');
    await stands('cancelled');
    await desk.page.keyboard.press('/');
    await desk.page
      .getByRole('dialog', { name: 'Go to an order' })
      .getByRole('textbox')
      .fill(`order ${failed.toUpperCase()}!`);
    await desk.page.keyboard.press('Enter');
    await stands('cancelled');
    expect(await current()).toBe('cancelled');
  });

  it('every page is accessible, light and dark, wide and on a phone, and none is wider than its window', async () => {
    const parked = await place('tok_capture_declined_void_fails_9');
    await kit.ends(parked, 'NEEDS_ATTENTION');
    const paths = [
      '/',
      '/orders',
      `/orders/${failed}`,
      `/orders/${parked}?tab=log`,
      '/parked',
      '/machines',
      '/machines/order',
      '/demo',
      '/nowhere',
    ];
    for (const [colours, width] of [
      ['light', 1_440],
      ['dark', 390],
    ] as const) {
      const visitor = await openConsole(browser, base, { colours, width });
      for (const path of paths) {
        await visitor.page.goto(`${base}/console${path}`);
        await eventually(() => visitor.page.evaluate<boolean>(settled));
        expect([path, colours, await visitor.inaccessible()]).toEqual([path, colours, []]);
        const overflow = await visitor.page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
        expect([path, width, Math.max(0, overflow)]).toEqual([path, width, 0]);
      }
      expect([visitor.complaints, visitor.boundary.strayed]).toEqual([[], []]);
      await visitor.page.context().close();
    }
    await edge.shop.operate(parked, { type: 'RESOLVE', settlement: { voided_cents: 5_998, refunded_cents: 0 } });
    await kit.ends(parked, 'FAILED');
  }, 300_000);

  it('no page has complained, and none has asked any other host for anything', () => {
    expect([desk.complaints, desk.boundary.strayed]).toEqual([[], []]);
    expect(worker).toBeDefined();
  });
});
