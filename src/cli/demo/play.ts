/** Plays one scenario over HTTP: places the order, does to it what the scenario says, follows it to its end. */
import type { Answer, DemoApi, OrderBody, PlacedBody } from './api.ts';
import type { Report } from './progress.ts';
import { linesOf, type ProductName, type Scenario } from './scenarios.ts';
import { judge, lost, type Money, noMoney, type Played } from './verdict.ts';
import { until } from './wait.ts';

export interface Stage {
  readonly api: DemoApi;
  readonly productIds: Readonly<Record<ProductName, string>>;
  readonly newKey: () => string;
  /** Ends the play. */
  readonly signal: AbortSignal;
}

/** Longer than any scenario takes, unless something is broken. */
const endTimeoutMs = 60_000;
const startTimeoutMs = 20_000;

export interface PlacedOrder {
  readonly id: string;
  readonly answer: Answer<PlacedBody>;
  readonly repeat: () => Promise<Answer<PlacedBody>>;
}

/** @returns never throws for an order that went wrong: that is a finding. @throws the signal's reason */
export async function play(stage: Stage, scenario: Scenario, report: Report): Promise<Played> {
  try {
    const { order, wrong } = await placeAsTold(stage, scenario);
    report('accepted');
    await interfere(stage, scenario, order, report);
    return await follow(stage, scenario, { order, wrong, report });
  } catch (error) {
    stage.signal.throwIfAborted();
    return lost(scenario, error);
  }
}

export async function place({ api, productIds, newKey }: Stage, scenario: Scenario): Promise<PlacedOrder> {
  const items = linesOf(scenario.items).map(({ product, quantity }) => ({ product_id: productIds[product], quantity }));
  const request = { key: newKey(), token: scenario.token, items };
  const repeat = (): Promise<Answer<PlacedBody>> => api.placeOrder(request);
  const answer = await repeat();
  const { order_ledger_id: id } = answer.body;
  if (typeof id !== 'string') throw new Error(`POST /orders answered ${answer.status}: ${answer.text}`);
  return { id, answer, repeat };
}

interface Follow {
  readonly order: PlacedOrder;
  readonly wrong: readonly string[];
  readonly report: Report;
}

/** Waits for the order's end, and judges it. */
export async function follow(stage: Stage, scenario: Scenario, { order, wrong, report }: Follow): Promise<Played> {
  const { api, signal } = stage;
  const { id, answer } = order;
  const finals = new Set(['COMPLETED', 'AUTHORIZATION_FAILED', 'FAILED', 'CANCELLED', 'NEEDS_ATTENTION']);
  let last = '';
  const look = async (): Promise<OrderBody | null> => {
    const seen = await api.orderSoon(id);
    if (seen.status !== last) report(seen.status);
    last = seen.status;
    return finals.has(seen.status) ? seen : null;
  };
  const ended = await until(() => `the order ended (it is ${last})`, look, { timeoutMs: endTimeoutMs, signal });
  const { items } = await api.history(id);
  return judge(scenario, {
    orderId: id,
    answer: answer.status,
    status: ended.status,
    reason: ended.payment.decline_code ?? ended.failure?.code ?? null,
    retries: items.filter(({ outcome }) => outcome === 'failed' || outcome === 'unknown').length,
    transitions: ended.revision,
    tookMs: Date.parse(ended.updated_at) - Date.parse(ended.created_at),
    gateway: await moneyAtGateway(api, id),
    wrong: scenario.meanwhile === 'the request is repeated' ? [...wrong, ...(await repeated(order))] : wrong,
  });
}

async function placeAsTold(
  stage: Stage,
  scenario: Scenario,
): Promise<{ order: PlacedOrder; wrong: readonly string[] }> {
  const order = await place(stage, scenario);
  const wrong = scenario.meanwhile === 'the request is repeated' ? await repeated(order) : [];
  return { order, wrong };
}

/** What is wrong with the answer to a repeated request: it must be the first one's, byte for byte. */
async function repeated({ answer, repeat }: PlacedOrder): Promise<string[]> {
  const again = await repeat();
  const same =
    again.status === answer.status &&
    again.text === answer.text &&
    again.headers.get('location') === answer.headers.get('location');
  return [
    ...(same ? [] : [`a repeat was answered ${again.status} ${again.text}, the first ${answer.status} ${answer.text}`]),
    ...(again.headers.get('idempotent-replayed') === 'true' ? [] : ['a repeat was not marked as replayed']),
  ];
}

async function interfere(stage: Stage, { meanwhile }: Scenario, { id }: PlacedOrder, report: Report): Promise<void> {
  switch (meanwhile) {
    case 'nothing':
    case 'the request is repeated':
      return;
    case 'the customer cancels':
      await captureIsDue(stage, id);
      await stage.api.cancel(id);
      report('cancelled by the customer');
      return;
    case 'the orders service cancels':
      await captureIsDue(stage, id);
      await stage.api.cancelInOrdersService(id);
      report('cancelled in the orders service');
      return;
    default:
      meanwhile satisfies never;
  }
}

/** Stock is reserved, and the capture has not been answered. */
async function captureIsDue({ api, signal }: Stage, id: string): Promise<void> {
  const look = async (): Promise<true | null> => ((await api.order(id)).status === 'INVENTORY_RESERVED' ? true : null);
  await until(() => 'the order waits for its capture', look, { timeoutMs: startTimeoutMs, signal });
}

/** A worker has the capture in hand: the gateway has done it, and has not answered. */
export async function captureHangs({ api, signal }: Stage, id: string): Promise<void> {
  const look = async (): Promise<true | null> => {
    const { effects } = await api.actor(id);
    const leased = effects.some(({ effect, lease_until }) => effect === 'payments.capture' && lease_until !== null);
    return leased && (await api.payment(id))?.status === 'captured' ? true : null;
  };
  await until(() => 'a worker captures the payment', look, { timeoutMs: startTimeoutMs, signal });
}

async function moneyAtGateway(api: DemoApi, orderId: string): Promise<Money> {
  const payment = await api.payment(orderId);
  if (payment === null) return noMoney;
  return {
    authorizedCents: payment.authorized_cents,
    capturedCents: payment.captured_cents,
    voidedCents: payment.voided_cents,
    refundedCents: payment.refunded_cents,
    expiredCents: payment.expired_cents,
  };
}
