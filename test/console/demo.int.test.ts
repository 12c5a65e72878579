/** The demo corner: orders of its scenarios, the gateway's weather while it runs, and a worker that dies in the middle. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Demo, DemoOrder } from '../../src/console/schemas.ts';
import { type Stack, useStack } from '../support/stack.ts';
import { eventually } from '../support/wait.ts';

const kit = useStack('postgres');
let stack: Stack;

const send = async <T>(method: 'GET' | 'POST' | 'PUT', path: string, body?: object) => {
  const answer = await stack.shop.send({ method, path: `/console/api/demo${path}`, ...(body ? { body } : {}) });
  return { status: answer.status, body: answer.json<T>() };
};
const placed = async (scenario: string): Promise<DemoOrder> => {
  const { status, body } = await send<DemoOrder>('POST', '/orders', { scenario });
  expect({ status, body }).toMatchObject({ status: 201 });
  return body;
};

beforeAll(async () => {
  stack = await kit.start({ DEMO_CORNER: 'on', LEASE_MARGIN_MS: '1000', REDELIVERY_MS: '1000' });
});

describe('the demo corner', () => {
  it('places an order of each scenario, which ends as it is said to', async () => {
    const { body } = await send<Demo>('GET', '');
    expect(body).toMatchObject({ gateway: { failure_rate: 0, latency_ms: 0 }, worker: { state: 'none', kills: 0 } });
    const quick = body.scenarios.filter(({ name }) => !['capture_answer_lost', 'refund_parked'].includes(name));
    const orders = [];
    for (const { name, ends } of quick) orders.push({ ends, id: (await placed(name)).order_ledger_id });
    for (const { ends, id } of orders) await kit.ends(id, ends);
    expect((await send('POST', '/orders', { scenario: 'unheard of' })).status).toBe(404);
  });

  it('one order is of the product that is named', async () => {
    const { body } = await send<Demo>('GET', '');
    const screen = body.products.find(({ sku }) => sku === 'CONSOLE-SCREEN');
    const answer = await send<DemoOrder>('POST', '/orders', { scenario: 'happy', product_id: screen?.id, quantity: 2 });
    await kit.ends(answer.body.order_ledger_id, 'COMPLETED');
    const nothing = { scenario: 'happy', product_id: '00000000-0000-7000-8000-000000000000' };
    expect((await send('POST', '/orders', nothing)).status).toBe(422);
  });

  it('changes the gateway’s weather at once', async () => {
    expect((await send('PUT', '/gateway', { failure_rate: 2, latency_ms: 0 })).status).toBe(400);
    const stormy = await send<Demo>('PUT', '/gateway', { failure_rate: 1, latency_ms: 0 });
    expect(stormy.body.gateway).toEqual({ failure_rate: 1, latency_ms: 0 });
    const { order_ledger_id: id } = await placed('happy');
    await kit.reaches(id, /^authorizing\.backingOff$/);
    await send('PUT', '/gateway', { failure_rate: 0, latency_ms: 0 });
    await kit.ends(id, 'COMPLETED');
  });

  it('kills a worker in the middle of a call; this process takes over, and the effect is done once', async () => {
    await stack.waybill.listen();
    expect((await send<Demo>('POST', '/worker', { do: 'start' })).body.worker.state).toBe('starting');
    await eventually(async () => (await send<Demo>('GET', '')).body.worker.state === 'running');
    const { order_ledger_id: id } = await placed('capture_answer_lost');
    // The gateway has captured, and the worker waits for an answer that never comes.
    await eventually(async () => (await kit.facts(id)).payment === 'captured 2999');
    const killed = await send<Demo>('POST', '/worker', { do: 'kill' });
    expect(killed.body.worker).toMatchObject({ state: 'killed', kills: 1 });
    await kit.ends(id, 'COMPLETED');
    expect((await kit.facts(id)).payment).toBe('captured 2999');
    const { rows } = await kit
      .pg()
      .query<{ token: number }>(
        `select settled_token as token from actors.transition where actor_id = $1 and settled_effect like 'capture@%'`,
        [id],
      );
    // A second claim: the first one died with its worker.
    expect(rows[0]?.token).toBeGreaterThanOrEqual(2);
  });
});
