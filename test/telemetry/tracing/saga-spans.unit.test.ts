import { describe, expect, test } from 'vitest';
import type { TransitionRecord } from '../../../src/actors/index.ts';
import { effectSpanId, settledEvent, transitionSpanId, uncertainEvent } from '../../../src/actors/index.ts';
import { sagaSpans } from '../../../src/telemetry/tracing/saga-spans.ts';

const first = `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-00`;
const second = `00-${'ef'.repeat(16)}-${transitionSpanId('a', 0)}-00`;
const at = (revision: number, to: string, change: Partial<TransitionRecord> = {}): TransitionRecord => ({
  actorId: 'a',
  revision,
  event: { type: 'GO' },
  from: revision === 1 ? null : 'before',
  to,
  armed: [],
  settled: null,
  commitId: `c${revision}`,
  atMs: revision * 1_000,
  traceparent: first,
  ...change,
});
const records = [
  at(1, 'paying', { armed: [{ id: 'pay@1', src: 'bank.pay' }] }),
  at(2, 'paying', { event: { type: 'CANCEL' } }),
  at(3, 'undoing', {
    event: settledEvent('pay', { type: 'refused', value: { code: 'declined', email: 'x@example.com' } }),
    settled: { effectId: 'pay@1', token: 2 },
    armed: [{ id: 'undo@3', src: 'bank.undo' }],
  }),
  at(4, 'parked', {
    event: uncertainEvent('undo', { type: 'unknown', code: 'timeout', message: 'x@example.com' }, 0.5),
    settled: { effectId: 'undo@3', token: 1 },
  }),
  at(5, 'undone', { event: { type: 'RETRY' }, traceparent: second }),
];
const spansOf = (traceparent: string) =>
  sagaSpans({
    machine: 'trip',
    records,
    traceparent,
    tagsOf: (path) => (path === 'parked' ? ['parked'] : []),
    isGoodEnd: (path) => path === 'resting',
  });
const brief = (traceparent: string) =>
  spansOf(traceparent).map(({ name, startMs, endMs, error }) => [name, startMs, endMs, error]);

describe('the saga’s part of a trace', () => {
  test('is a span per state, up to the next transition, and one per effect, up to its outcome', () => {
    expect(brief(first)).toEqual([
      ['trip', 1_000, 4_000, 'parked'],
      ['trip paying', 1_000, 2_000, null],
      ['bank.pay', 1_000, 3_000, 'declined'],
      ['trip paying', 2_000, 3_000, null],
      ['trip undoing', 3_000, 4_000, null],
      ['bank.undo', 3_000, 4_000, 'timeout'],
      ['trip parked', 4_000, 4_000, 'parked'],
    ]);
  });

  test('hangs together: the request, the saga, its states, their effects', () => {
    const saga = transitionSpanId('a', 0);
    expect(spansOf(first).map(({ parentSpanId }) => parentSpanId)).toEqual([
      'cd'.repeat(8),
      saga,
      transitionSpanId('a', 1),
      saga,
      saga,
      transitionSpanId('a', 3),
      saga,
    ]);
    expect(spansOf(first)[2]?.traceparent).toBe(`00-${'ab'.repeat(16)}-${effectSpanId('a', 'pay@1')}-00`);
  });

  test('a later trace of the same actor begins by itself, and links the one before', () => {
    const [root, ...states] = spansOf(second);
    expect(root).toMatchObject({
      name: 'trip',
      parentSpanId: null,
      links: [`00-${'ab'.repeat(16)}-${transitionSpanId('a', 0)}-00`],
    });
    expect(states.map(({ name }) => name)).toEqual(['trip undone']);
  });

  test('names events by what they mean, and holds nothing of what they carry', () => {
    const spans = spansOf(first);
    const events = spans.flatMap(({ attributes }) => attributes['waybill.event'] ?? []);
    expect(events).toEqual(['start', 'CANCEL', 'pay → refused', 'undo → unknown']);
    expect(JSON.stringify(spans)).not.toContain('example.com');
  });

  test('of a trace that the actor never had is nothing', () => {
    expect(spansOf(`00-${'11'.repeat(16)}-${'cd'.repeat(8)}-00`)).toEqual([]);
  });
});
