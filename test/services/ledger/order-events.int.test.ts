import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { ActorSystem } from '../../../src/actors/index.ts';
import { followOrder } from '../../../src/services/ledger/order-events.ts';
import { eventually } from '../../support/wait.ts';
import { type Answer, useEdge } from './edge.ts';

const edge = useEdge();

const itemsOf = (answer: Answer) => answer.json()['items'] as readonly Record<string, unknown>[];

describe('history and events', () => {
  const statuses = [
    'AWAITING_AUTHORIZATION',
    'AUTHORIZED',
    'ORDER_CREATED',
    'INVENTORY_RESERVED',
    'PAYMENT_CAPTURED',
    'PAYMENT_CAPTURED',
    'COMPLETED',
  ];

  test('history: every transition, gapless, with what it asked for and how it came; no personal data', async () => {
    const placed = await edge.place(edge.body(await edge.product()));
    const id = String(placed.json()['order_ledger_id']);
    await edge.reaches(id, 'COMPLETED');
    const items = itemsOf(await edge.get(`/orders/${id}/history`));
    const traceId = String(placed.headers['traceresponse']).split('-')[1];
    expect(items.map(({ revision }) => revision)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(items.map(({ status }) => status)).toEqual(statuses);
    expect(items.map(({ effects }) => effects)).toEqual([
      ['payments.authorize'],
      ['orders.create'],
      ['inventory.reserve'],
      ['payments.capture'],
      ['orders.confirm'],
      ['inventory.commit'],
      [],
    ]);
    expect(items[0]).toMatchObject({ from: null, outcome: null, trace_id: traceId });
    expect(items[1]).toEqual({
      revision: 2,
      event: expect.stringContaining('authorize'),
      outcome: 'done',
      from: items[0]?.['to'],
      to: items[2]?.['from'],
      status: 'AUTHORIZED',
      effects: ['orders.create'],
      at: expect.stringMatching(/Z$/),
      trace_id: traceId,
    });
  });

  test('history comes in pages', async () => {
    const id = await edge.placed();
    await edge.reaches(id, 'COMPLETED');
    const first = await edge.get(`/orders/${id}/history?limit=4`);
    const rest = await edge.get(`/orders/${id}/history?limit=4&cursor=${String(first.json()['next_cursor'])}`);
    expect([...itemsOf(first), ...itemsOf(rest)].map(({ revision }) => revision)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(rest.json()).not.toHaveProperty('next_cursor');
  });

  test('events: one per transition as it happens, ending with the order', async () => {
    const release = edge.hold('/payments/capture');
    const id = await edge.placed();
    const stream = await open(`/orders/${id}/events`);
    expect([stream.status, stream.type]).toEqual([200, 'text/event-stream; charset=utf-8']);
    await eventually(() => stream.events().length === 4);
    release();
    await stream.ended;
    const items = itemsOf(await edge.get(`/orders/${id}/history`));
    expect(stream.events()).toEqual(items.map((data) => ({ id: String(data['revision']), event: 'transition', data })));
  });

  test('an order that ends between two looks loses none of its events', async () => {
    const release = edge.hold('/payments/capture');
    const id = await edge.placed();
    await edge.reaches(id, 'INVENTORY_RESERVED');
    const system: ActorSystem = {
      ...edge.system(),
      async history(...asked) {
        const found = await edge.system().history(...asked);
        release();
        await edge.reaches(id, 'COMPLETED');
        return found;
      },
    };
    const revisions: number[] = [];
    const { signal } = new AbortController();
    for await (const { revision } of followOrder({ pool: edge.pool(), system }, id, { afterRevision: 0, signal }))
      revisions.push(revision);
    expect(revisions).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  test('events resume after Last-Event-ID; what is no revision of this order begins at the start', async () => {
    const id = await edge.placed();
    await edge.reaches(id, 'COMPLETED');
    const from = async (lastEventId: string) => {
      const stream = await open(`/orders/${id}/events`, { 'last-event-id': lastEventId });
      await stream.ended;
      return stream.events().map((event) => event.id);
    };
    expect(await from('4')).toEqual(['5', '6', '7']);
    for (const nonsense of ['0', 'x', '-1', '999', '1e3']) expect(await from(nonsense)).toHaveLength(7);
  });

  test('events after the last one was seen: 204, so that browsers stop coming back', async () => {
    const id = await edge.placed();
    await edge.reaches(id, 'COMPLETED');
    const answer = await edge.get(`/orders/${id}/events`, { 'last-event-id': '7' });
    expect([answer.status, answer.text]).toEqual([204, '']);
  });

  test('a HEAD request follows nothing', async () => {
    const id = await edge.placed();
    const answer = await edge.app().inject({ method: 'HEAD', url: `/orders/${id}/events` });
    expect(answer.statusCode).toBeGreaterThanOrEqual(404);
    await edge.reaches(id, 'COMPLETED');
  });

  interface Stream {
    readonly status: number;
    readonly type: string | null;
    readonly ended: Promise<void>;
    events(): { id: string; event: string; data: unknown }[];
  }

  /** A stream as a client sees it, over a socket. */
  async function open(path: string, headers: Record<string, string> = {}): Promise<Stream> {
    if (!edge.app().server.listening) await edge.app().listen({ host: '127.0.0.1', port: 0 });
    const { port } = edge.app().server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
    let text = '';
    const read = async (): Promise<void> => {
      for await (const chunk of response.body ?? []) text += Buffer.from(chunk).toString();
    };
    return {
      status: response.status,
      type: response.headers.get('content-type'),
      ended: read(),
      events: () =>
        text
          .split('\n\n')
          .map((frame) => /^id: (.*)\nevent: (.*)\ndata: (.*)$/.exec(frame))
          .filter((match) => match !== null)
          .map(([, id = '', event = '', data = '']) => ({ id, event, data: JSON.parse(data) as unknown })),
    };
  }
});
