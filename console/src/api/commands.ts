/** What the pages do: operators' events with who and why, previews, what-ifs, retries, the demo corner. */
import type {
  Demo,
  DemoOrder,
  DemoOrderBody,
  GatewayWeather,
  Retried,
  RetryBody,
  WhatIf,
  WhatIfBody,
} from '../../../src/console/schemas.ts';
import { ask } from './client.ts';

const api = '/console/api';
const id = encodeURIComponent;

export interface OperatorEvent {
  readonly type: string;
  readonly by: string;
  readonly why: string;
  readonly settlement?: { readonly voided_cents: number; readonly refunded_cents: number };
}

export const sendEvent = (actorId: string, event: OperatorEvent) =>
  ask<{ readonly id: string; readonly revision: number }>(`/actors/${id(actorId)}/events`, {
    method: 'POST',
    body: event,
  });

/** Nothing is sent, written or called. */
export const previewEvent = (actorId: string, event: OperatorEvent, then: readonly string[], signal: AbortSignal) =>
  ask<WhatIf>(`/actors/${id(actorId)}/preview`, { method: 'POST', body: { ...event, then }, signal });

/** Nothing is sent, written or called. */
export const tryWhatIf = (orderId: string, body: WhatIfBody, signal: AbortSignal) =>
  ask<WhatIf>(`${api}/orders/${id(orderId)}/what-if`, { method: 'POST', body, signal });

export const retryParked = (body: RetryBody) => ask<Retried>(`${api}/parked/retry`, { method: 'POST', body });

export const placeDemoOrder = (body: DemoOrderBody) => ask<DemoOrder>(`${api}/demo/orders`, { method: 'POST', body });

export const setWeather = (body: GatewayWeather) => ask<Demo>(`${api}/demo/gateway`, { method: 'PUT', body });

export const commandWorker = (what: 'start' | 'kill') =>
  ask<Demo>(`${api}/demo/worker`, { method: 'POST', body: { do: what } });
