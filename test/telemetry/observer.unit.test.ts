import { metrics } from '@opentelemetry/api';
import { type Logger, pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Observation, type TransitionRecord, transitionSpanId } from '../../src/actors/index.ts';
import { type Metrics, startMetrics } from '../../src/telemetry/metrics.ts';
import { runtimeObserver } from '../../src/telemetry/observer.ts';

let running: Metrics;
let lines: { level: number; msg: string; [field: string]: unknown }[];
let log: Logger;

beforeEach(() => {
  running = startMetrics();
  lines = [];
  log = pino(
    { level: 'debug', base: null, timestamp: false },
    { write: (line: string) => void lines.push(JSON.parse(line)) },
  );
});
afterEach(() => running.shutdown());

const actorId = '01980000-0000-7000-8000-000000000001';
const traceparent = `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`;
const seen = { actorId, revision: 4, traceparent };
const record = (change: Partial<TransitionRecord>): TransitionRecord => ({
  actorId,
  revision: 1,
  event: { type: 'xstate.init' },
  from: null,
  to: 'authorizing.calling',
  armed: [],
  settled: null,
  commitId: 'c',
  atMs: 0,
  traceparent,
  ...change,
});
const transition = (
  change: Partial<TransitionRecord>,
  tags: readonly string[] = [],
  machine = 'order',
): Observation => ({
  type: 'transition',
  machine,
  record: record(change),
  tags,
  startedAtMs: 0,
  ended: false,
  before: null,
});

function observe(...observations: Observation[]): void {
  const observer = runtimeObserver(metrics.getMeter('test'), log);
  for (const observation of observations) observer.observe(observation);
}

/** The sample lines of one metric, as Prometheus gets them. */
async function samples(name: string): Promise<string[]> {
  return (await running.render()).split('\n').filter((line) => line.startsWith(name) && !line.startsWith('#'));
}

describe('counters of orders', () => {
  test('are there from the start, under exactly these names', async () => {
    observe();
    expect((await running.render()).split('\n').filter((line) => line.startsWith('orders_'))).toEqual([
      'orders_created_total 0',
      'orders_completed_total 0',
      'orders_failed_total{stage="fulfilment"} 0',
      'orders_failed_total{stage="authorization"} 0',
      'orders_cancelled_total 0',
    ]);
  });

  test('move once per order, and only for orders', async () => {
    observe(
      transition({}),
      transition({ revision: 2, from: 'authorizing.calling', to: 'fulfilling.creatingOrder.calling' }),
      transition({ revision: 3, from: 'committingStock.calling', to: 'completed' }),
      transition({ revision: 2, from: 'authorizing.calling', to: 'authorizationFailed' }),
      transition({ revision: 9, from: 'compensating.cancellingOrder.calling', to: 'failed' }),
      transition({ revision: 9, from: 'compensating.cancellingOrder.calling', to: 'cancelled' }),
      transition({}, [], 'order-notice'),
      transition({ revision: 2, from: 'sending', to: 'completed' }, [], 'order-notice'),
    );
    expect((await running.render()).split('\n').filter((line) => line.startsWith('orders_'))).toEqual([
      'orders_created_total 1',
      'orders_completed_total 1',
      'orders_failed_total{stage="fulfilment"} 1',
      'orders_failed_total{stage="authorization"} 1',
      'orders_cancelled_total 1',
    ]);
  });
});

test('every observation is counted under few labels', async () => {
  observe(
    transition({ to: 'completed' }),
    { type: 'event-ignored', ...seen, event: 'ANYTHING' },
    { type: 'outcome-stale', ...seen, effectId: 'capture@5' },
    { type: 'outcome-stale', ...seen, effectId: 'capture@7' },
    { type: 'outcome-fenced', ...seen, effectId: 'capture@5', token: 2 },
    { type: 'effect-outcome', ...seen, effect: 'payments.capture', outcome: 'unknown' },
    { type: 'lease-expired', ...seen, effectId: 'capture@5' },
    { type: 'parked', ...seen, machine: 'order', parking: { by: 'runtime', reason: 'state is gone: x' } },
    { type: 'unknown-version', ...seen, machine: 'order', version: '9' },
    { type: 'migrated', ...seen, machine: 'order', from: '1', to: '2' },
    { type: 'commit', actors: 3, transitions: 4 },
    { type: 'commit', actors: 300, transitions: 300 },
    { type: 'commit-retried', reason: 'conflict' },
  );
  const text = await running.render();
  expect(text).not.toContain(actorId);
  expect(text).not.toContain('ANYTHING');
  expect(text).not.toContain('state is gone');
  expect(text.split('\n').filter((line) => /^(actor|effect|lease|commits)/.test(line))).toEqual([
    'actor_transitions_total{machine="order",state="completed"} 1',
    'actor_events_ignored_total 1',
    'effect_outcomes_total{effect="payments.capture",outcome="unknown"} 1',
    'effect_outcomes_stale_total{effect="capture"} 2',
    'effect_outcomes_fenced_total{effect="capture"} 1',
    'leases_expired_total{effect="capture"} 1',
    'actors_parked_total{machine="order",reason="runtime"} 1',
    'actor_unknown_version_total{machine="order",version="9"} 1',
    'actors_migrated_total{machine="order",from="1",to="2"} 1',
    'commits_total 2',
    'commits_retried_total{reason="conflict"} 1',
  ]);
  expect(await samples('commit_batch_actors_bucket{le="4"}')).toEqual(['commit_batch_actors_bucket{le="4"} 1']);
  expect(await samples('commit_batch_actors_count')).toEqual(['commit_batch_actors_count 2']);
});

describe('logs', () => {
  const levels = { 20: 'debug', 30: 'info', 40: 'warn', 50: 'error' } as const;
  const told = (): string[] => lines.map(({ level, msg }) => `${Reflect.get(levels, level)}: ${msg}`);

  test('a transition is a debug line with its trace', () => {
    observe(transition({ revision: 2, event: { type: 'CANCEL', email: 'x@example.com' }, from: 'a', to: 'b' }));
    expect(lines).toEqual([
      {
        level: 20,
        actor_id: actorId,
        revision: 2,
        machine: 'order',
        event: 'CANCEL',
        from: 'a',
        to: 'b',
        trace_id: 'ab'.repeat(16),
        span_id: transitionSpanId(actorId, 2),
        msg: 'transition',
      },
    ]);
  });

  test('compensation is told once, when it begins', () => {
    observe(
      transition({ from: 'fulfilling.capturingPayment.calling', to: 'compensating.undoingPayment.calling' }, [
        'compensating',
      ]),
      transition({ from: 'compensating.undoingPayment.calling', to: 'compensating.releasingStock.calling' }, [
        'compensating',
      ]),
    );
    expect(told()).toEqual(['info: compensation begins', 'debug: transition']);
  });

  test('what went well is quiet; retries inform; what needs a person warns', () => {
    observe(
      { type: 'effect-outcome', ...seen, effect: 'payments.capture', outcome: 'done' },
      { type: 'effect-outcome', ...seen, effect: 'payments.capture', outcome: 'failed' },
      { type: 'commit', actors: 1, transitions: 1 },
      { type: 'commit-retried', reason: 'conflict' },
      { type: 'parked', ...seen, machine: 'order', parking: { by: 'machine', reason: 'undoingPayment' } },
    );
    expect(told()).toEqual([
      'debug: effect answered',
      'info: effect not done',
      'info: commit retried',
      'warn: actor parked: needs attention',
    ]);
  });

  test('an unknown version is told once, however many actors have it', () => {
    const unknown: Observation = { type: 'unknown-version', ...seen, machine: 'order', version: '9' };
    observe(unknown, unknown, { ...unknown, version: '10' });
    expect(lines.map(({ level, version }) => [level, version])).toEqual([
      [40, '9'],
      [40, '10'],
    ]);
  });

  test('an observer that fails does not take the runtime with it', () => {
    const broken = runtimeObserver(metrics.getMeter('test'), log);
    const bad: Observation = {
      type: 'outcome-stale',
      ...seen,
      get effectId(): string {
        throw new Error('broken');
      },
    };
    expect(() => broken.observe(bad)).not.toThrow();
    expect(told()).toEqual(['error: observation lost']);
  });
});
