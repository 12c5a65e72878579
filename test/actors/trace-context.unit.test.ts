import { describe, expect, test } from 'vitest';
import { atSpan, effectSpanId, maxTraceGapMs, traceAfter, transitionSpanId } from '../../src/actors/trace-context.ts';

const traceparent = `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`;

describe('span ids', () => {
  test('are the same wherever they are derived, and differ by actor, revision and effect', () => {
    const ids = [
      transitionSpanId('a', 1),
      transitionSpanId('a', 2),
      transitionSpanId('b', 1),
      effectSpanId('a', 'pay@1'),
      effectSpanId('a', 'pay@2'),
    ];
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{16}$/);
    expect(transitionSpanId('a', 1)).toBe(ids[0]);
  });

  test('take the place of the parent, and nothing else', () => {
    expect(atSpan(traceparent, '1'.repeat(16))).toBe(`00-${'ab'.repeat(16)}-${'1'.repeat(16)}-01`);
    expect(atSpan('no traceparent', '1'.repeat(16))).toBe('no traceparent');
  });
});

describe('the trace of the next transition', () => {
  const row = { id: 'a', revision: 3, traceparent, parked: null, enteredAtMs: 1_000 };

  test('is that of the one before, for as long as spans of one trace are found together', () => {
    expect(traceAfter(row, 1_000 + maxTraceGapMs)).toBe(traceparent);
    expect(traceAfter({ ...row, traceparent: null }, Infinity)).toBeNull();
    expect(traceAfter({ ...row, traceparent: 'odd' }, Infinity)).toBe('odd');
  });

  test('is one of its own after days, the same for whoever asks, sampled like the one before', () => {
    const late = traceAfter(row, 1_001 + maxTraceGapMs);
    expect(late).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect(late?.slice(3, 35)).not.toBe(traceparent.slice(3, 35));
    expect(traceAfter(row, 9 * maxTraceGapMs)).toBe(late);
    expect(traceAfter({ ...row, revision: 4 }, 9 * maxTraceGapMs)).not.toBe(late);
  });

  test('is one of its own after a person was waited for', () => {
    const parked = { by: 'machine', reason: 'undoing' };
    expect(traceAfter({ ...row, parked }, 1_001)).toBe(traceAfter(row, 9 * maxTraceGapMs));
  });

  test('of a new actor is that of the request, however long ago', () => {
    expect(traceAfter({ ...row, revision: 0 }, 9 * maxTraceGapMs)).toBe(traceparent);
  });
});
