/** Real orders in a real browser: what the receivers of @statelyai/inspect get is what is stored, and nothing private. */
import { randomUUID } from 'node:crypto';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pathOf, type TransitionRecord } from '../../src/actors/index.ts';
import { openInspectBridge } from '../../src/inspect-bridge/inspect-bridge.ts';
import { type Boundary, confine, launchBrowser, withoutBrowser } from '../support/browser.ts';
import { type ReceivedEvent, type ReceiverSite, serveReceiver } from '../support/inspector-receiver.ts';
import { type Stack, useStack } from '../support/stack.ts';
import { eventually } from '../support/wait.ts';
import { connectSocket } from '../support/web-socket.ts';

// Each is stored somewhere on the way of an order, and none may be seen by an inspector.
const canaries = {
  email: 'canary-mail@example.com',
  token: 'tok_canary_capture_declined_void_fails_9',
  userId: 'cacacaca-0000-4000-8000-00000000cafe',
  by: 'Canary Operator',
  why: 'canary reason of an operator',
};

describe.skipIf(withoutBrowser)('the inspector in a browser', () => {
  const kit = useStack('postgres');
  let site: ReceiverSite;
  let browser: Browser;
  let context: BrowserContext;
  let boundary: Boundary;
  let edge: Stack;
  let base: string;
  let productId: string;
  let compensated: string;
  /** Every frame that reached a page, as text. */
  const crossed: string[] = [];

  beforeAll(async () => {
    site = await serveReceiver();
    edge = await kit.start({ ROLE: 'edge,orders,inventory,payments', INSPECT_ORIGINS: site.origin });
    base = await edge.waybill.listen();
    browser = await launchBrowser();
    context = await browser.newContext();
    boundary = await confine(context, [site.origin, base]);
    context.on('page', (page) =>
      page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => crossed.push(String(payload)))),
    );
    productId = await edge.shop.product({ stock: 100 });
    compensated = await compensatedOrder();
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  const place = async (token: string): Promise<string> => {
    const answer = await edge.shop.send({
      method: 'POST',
      path: '/orders',
      headers: { 'idempotency-key': randomUUID() },
      body: {
        user_id: canaries.userId,
        email: canaries.email,
        items: [{ product_id: productId, quantity: 2 }],
        payment: { method: 'card', token },
      },
    });
    return answer.json<{ order_ledger_id: string }>().order_ledger_id;
  };

  /** Its capture is declined, the void fails until it is parked, and a person settles the money by hand. */
  async function compensatedOrder(): Promise<string> {
    const worker = await kit.start({ ROLE: 'worker' });
    const id = await place(canaries.token);
    await kit.ends(id, 'NEEDS_ATTENTION');
    const { by, why } = canaries;
    const settlement = { voided_cents: 5_998, refunded_cents: 0 };
    const body = { type: 'RESOLVE', by, why, settlement };
    expect((await edge.shop.send({ method: 'POST', path: `/actors/${id}/events`, body })).status).toBe(202);
    await kit.ends(id, 'FAILED');
    // Its notice, too.
    await kit.settled();
    await worker.close();
    return id;
  }

  const history = (id: string): Promise<readonly TransitionRecord[]> => edge.waybill.system.history(id);
  const socketUrl = (query: string): string => `${base.replace('http', 'ws')}/inspect${query}`;
  const received = (page: Page): Promise<ReceivedEvent[]> =>
    page.evaluate(() => (globalThis as unknown as { received: ReceivedEvent[] }).received);
  const receives = async (page: Page, isAll: (events: readonly ReceivedEvent[]) => boolean): Promise<ReceivedEvent[]> =>
    eventually(async () => {
      const events = await received(page);
      return isAll(events) ? events : null;
    });

  it('one compensated order: the actor, then event and snapshot per stored transition, under one root', async () => {
    const log = await history(compensated);
    const page = await context.newPage();
    await page.goto(site.socketPage(socketUrl(`?actor=${compensated}`)));
    const events = await receives(page, ({ length }) => length > 2 * log.length);
    expect(events.map(outline)).toEqual([
      { type: '@xstate.actor', at: log[0]?.to, ...envelopeOf(log[0]) },
      ...log.flatMap((record) => [
        { type: '@xstate.event', event: record.event.type, ...envelopeOf(record) },
        { type: '@xstate.snapshot', event: record.event.type, at: record.to, ...envelopeOf(record) },
      ]),
    ]);
    expect(log.map(({ to }) => to)).toContain('compensating.undoingPayment.parked');
    const [actor] = events;
    expect(actor?.name).toBe(`order ${compensated}`);
    expect(JSON.parse(actor?.definition ?? '')).toMatchObject({ id: 'order', initial: 'authorizing' });
    const last = events.at(-1)?.snapshot;
    expect([last?.status, last?.context['totalCents'], last?.context['failure']]).toEqual([
      'done',
      5_998,
      { code: 'capture_declined', detail: null },
    ]);
  });

  it('an order is seen moving, from its first transition to its last, by name and among all that move', async () => {
    const id = await place('tok_canary_visa');
    const watching = await context.newPage();
    await watching.goto(site.socketPage(socketUrl(`?actor=${id}`)));
    const all = await context.newPage();
    await all.goto(site.socketPage(socketUrl('?machine=order')));
    const before = await receives(watching, ({ length }) => length >= 5);
    expect(before.at(-1)?.snapshot?.value).toEqual({ fulfilling: { creatingOrder: 'calling' } });
    expect(await received(all)).toEqual([]);

    const worker = await kit.start({ ROLE: 'worker' });
    await kit.ends(id, 'COMPLETED');
    const log = await history(id);
    const seen = await receives(watching, isOver);
    expect(statesOf(seen)).toEqual([log[0]?.to, ...log.map(({ to }) => to)]);
    const passing = statesOf(await receives(all, isOver));
    // From wherever it stood when it was first seen, and then without a gap.
    expect(passing).toEqual(log.map(({ to }) => to).slice(-passing.length));
    // Its notice, too: nobody works after this.
    await kit.settled();
    await worker.close();
  });

  it('the bridge hands the same events to the inspector’s window, and asks nobody else for anything', async () => {
    const bridge = await openInspectBridge({
      inspector: edge.waybill.inspector,
      actorId: compensated,
      title: `Order ${compensated}`,
      inspectorUrl: new URL(site.inspectorUrl),
      port: 0,
      historyOnly: false,
    });
    const own = await browser.newContext();
    const { strayed } = await confine(own, [new URL(bridge.url).origin, site.origin]);
    const problems: string[] = [];
    const page = await own.newPage();
    page.on('console', (message) => problems.push(message.text()));
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => crossed.push(String(payload))));
    await page.goto(bridge.url);
    const log = await history(compensated);
    const count = 1 + 2 * log.length;
    await page.getByText(`complete, ${count} events`).waitFor();
    expect(await page.locator('tbody tr').count()).toBe(log.length);

    const [popup] = await Promise.all([page.waitForEvent('popup'), page.getByRole('button').click()]);
    const events = await receives(popup, ({ length }) => length >= count);
    await page.getByText(`connected, ${count} events sent`).waitFor();
    const direct = await connectSocket(bridge.socketUrl);
    expect((await direct.closed).code).toBe(1000);
    expect(events).toEqual(direct.events);

    // An inspector that is loaded again is told everything again.
    await popup.reload();
    expect(await receives(popup, ({ length }) => length >= count)).toEqual(direct.events);
    crossed.push(JSON.stringify(events), ...direct.frames);
    expect([strayed, problems]).toEqual([[], []]);
    await own.close();
    await bridge.close();
  });

  it('a window that has been led elsewhere gets nothing, and the page says where it is', async () => {
    const other = await serveReceiver();
    const bridge = await openInspectBridge({
      inspector: edge.waybill.inspector,
      actorId: compensated,
      title: 'Order',
      inspectorUrl: new URL(site.redirectTo(other.inspectorUrl)),
      port: 0,
      historyOnly: true,
    });
    const page = await browser.newPage();
    await page.goto(bridge.url);
    const [popup] = await Promise.all([page.waitForEvent('popup'), page.getByRole('button').click()]);
    await page.getByText(`the window is at ${other.origin}: nothing is sent there`).waitFor();
    expect(await received(popup)).toEqual([]);
    await page.close();
    await bridge.close();
    await other.close();
  });

  it('a page of an origin that nobody has named gets no connection', async () => {
    const stranger = await serveReceiver();
    const page = await browser.newPage();
    const refusal = page.waitForEvent('console', { timeout: 10_000 });
    await page.goto(stranger.socketPage(socketUrl('')));
    expect((await refusal).text()).toContain('403');
    await page.close();
    await stranger.close();
  });

  it('nothing private has crossed, though the store holds it; and no page has asked any other host', async () => {
    const stored = JSON.stringify([await history(compensated), await edge.waybill.system.read(compensated)]);
    const { userId, by, why } = canaries;
    for (const secret of [userId, by, why]) expect(stored).toContain(secret);
    const { rows } = await kit.pg().query<{ message: string; authorization: string | null }>(
      `select distinct event -> 'error' ->> 'message' as message, event -> 'output' ->> 'authorizationId' as authorization
       from actors.transition`,
    );
    const sentences = rows
      .flatMap(({ message, authorization }) => [message, authorization])
      .filter((one) => one !== null);
    expect(sentences.length).toBeGreaterThan(1);

    expect(crossed.length).toBeGreaterThan(50);
    const text = crossed.join('\n').toLowerCase();
    for (const secret of [...Object.values(canaries), 'canary', 'cacacaca', ...sentences])
      expect(text).not.toContain(secret.toLowerCase());
    expect(boundary.strayed).toEqual([]);
  });
});

function outline({ type, event, snapshot, sessionId, rootId, createdAt, _version }: ReceivedEvent) {
  return {
    type,
    ...(event ? { event: event.type } : {}),
    ...(snapshot ? { at: pathOf(snapshot.value) } : {}),
    sessionId,
    rootId,
    createdAt,
    _version,
  };
}

function envelopeOf(record: TransitionRecord | undefined) {
  const { actorId = '', atMs } = record ?? {};
  return { sessionId: actorId, rootId: actorId, createdAt: String(atMs), _version: '0.7.2' };
}

const statesOf = (events: readonly ReceivedEvent[]): string[] =>
  events.flatMap(({ snapshot }) => (snapshot ? [pathOf(snapshot.value)] : []));

const isOver = (events: readonly ReceivedEvent[]): boolean => events.at(-1)?.snapshot?.status === 'done';
