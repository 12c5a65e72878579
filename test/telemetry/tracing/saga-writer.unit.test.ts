import { expect, test } from 'vitest';
import type { Observation, TransitionRecord } from '../../../src/actors/index.ts';
import { transitionSpanId } from '../../../src/actors/index.ts';
import type { SagaSpan } from '../../../src/telemetry/tracing/saga-spans.ts';
import { sagaWriter, slowMs } from '../../../src/telemetry/tracing/saga-writer.ts';

type Transition = Observation & { readonly type: 'transition' };

const sampled = `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`;
const unsampled = `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-00`;
const later = `00-${'ef'.repeat(16)}-${transitionSpanId('a', 0)}-00`;
const record = (to: string, traceparent: string): TransitionRecord => ({
  actorId: 'a',
  revision: 1,
  event: { type: 'GO' },
  from: null,
  to,
  armed: [],
  settled: null,
  commitId: 'c',
  atMs: 0,
  traceparent,
});
const transition = (to: string, traceparent: string, change: Partial<Transition> = {}): Transition => ({
  type: 'transition',
  machine: 'trip',
  record: record(to, traceparent),
  tags: [],
  startedAtMs: 0,
  ended: true,
  before: { enteredAtMs: 0, traceparent, parked: null },
  ...change,
});

async function written(...transitions: Transition[]): Promise<{ spans: SagaSpan[]; reads: number; lost: number }> {
  const seen = { spans: [] as SagaSpan[], reads: 0, lost: 0 };
  const writer = sagaWriter({
    readLogs: async () => {
      seen.reads += 1;
      return [record('home', unsampled), record('home', sampled), record('home', later)];
    },
    emit: (spans) => void seen.spans.push(...spans),
    tagsOf: () => [],
    isGoodEnd: (_machine, path) => path === 'home',
    delay: () => Promise.resolve(),
    onLost: (sagas) => void (seen.lost += sagas),
  });
  for (const one of transitions) writer.observe(one);
  await writer.flush();
  return seen;
}

test.each<[string, Transition, boolean]>([
  ['that ended well, of the share that is traced', transition('home', sampled), true],
  ['that ended well, of the others', transition('home', unsampled), false],
  ['that ended elsewhere', transition('lost', unsampled), true],
  ['that took long', transition('home', unsampled, { startedAtMs: -slowMs }), true],
  ['that needs a person', transition('stuck', unsampled, { ended: false, tags: ['parked'] }), true],
  ['that is on its way', transition('road', sampled, { ended: false }), false],
])('a saga %s', async (_which, seen, isKept) => {
  expect((await written(seen)).spans.length > 0).toBe(isKept);
});

test('a trace that is left behind after days is written; one left by a parked actor was written when it parked', async () => {
  const parked = { by: 'machine', reason: 'stuck' } as const;
  const before = { enteredAtMs: 0, traceparent: unsampled, parked: null };
  const goesOn = { ended: false, before };
  expect((await written(transition('road', later, goesOn))).spans[0]?.traceparent.slice(3, 35)).toBe('ab'.repeat(16));
  expect((await written(transition('road', later, { ...goesOn, before: { ...before, parked } }))).spans).toEqual([]);
});

test('those that end within a moment share a query', async () => {
  const two = [transition('lost', unsampled), transition('lost', sampled)];
  expect(await written(...two)).toMatchObject({ reads: 1, lost: 0 });
});
