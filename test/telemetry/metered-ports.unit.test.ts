import { metrics } from '@opentelemetry/api';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RemoteEffect } from '../../src/actors/index.ts';
import { meteredEffects, meteredOutbox } from '../../src/telemetry/metered-ports.ts';
import { type Metrics, startMetrics } from '../../src/telemetry/metrics.ts';

let running: Metrics;
beforeEach(() => void (running = startMetrics()));
afterEach(() => running.shutdown());

const samples = async (name: string): Promise<string[]> =>
  (await running.render()).split('\n').filter((line) => line.startsWith(name));

test('a call is counted by how it ended, and one that an open breaker put off is none', async () => {
  const answers: (() => ReturnType<RemoteEffect['call']>)[] = [
    async () => ({ type: 'notNow', retryAfterMs: 1_000 }),
    async () => ({ type: 'failed', code: 'away', message: 'nobody there' }),
    () => Promise.reject(new Error('a bug')),
  ];
  const effect: RemoteEffect = {
    kind: 'remote',
    effect: 'payments.capture',
    call: () => answers.shift()?.() ?? Promise.reject(new Error('asked too often')),
  };
  let nowMs = 0;
  const [metered] = meteredEffects(metrics.getMeter('test'), [effect], () => (nowMs += 50));
  const request = {} as Parameters<RemoteEffect['call']>[0];
  expect(await metered?.call(request)).toEqual({ type: 'notNow', retryAfterMs: 1_000 });
  expect(await metered?.call(request)).toEqual({ type: 'failed', code: 'away', message: 'nobody there' });
  await expect(metered?.call(request)).rejects.toThrow('a bug');
  expect(await samples('effect_attempt_duration_seconds_count')).toEqual([
    'effect_attempt_duration_seconds_count{effect="payments.capture",outcome="failed"} 1',
    'effect_attempt_duration_seconds_count{effect="payments.capture",outcome="threw"} 1',
  ]);
});

test('a relay shows what it has claimed, and for how long it has not looked', async () => {
  let nowMs = 0;
  const claimDue = async () => ({ actorIds: ['a', 'b'], nextDueInMs: null });
  const outbox = meteredOutbox(metrics.getMeter('test'), { claimDue } as never, () => nowMs);
  nowMs = 7_000;
  expect([await samples('relay_claimed_total'), await samples('relay_lag_seconds')]).toEqual([
    ['relay_claimed_total 0'],
    ['relay_lag_seconds 7'],
  ]);
  await outbox.claimDue({} as never);
  expect([await samples('relay_claimed_total'), await samples('relay_lag_seconds')]).toEqual([
    ['relay_claimed_total 2'],
    ['relay_lag_seconds 0'],
  ]);
});
