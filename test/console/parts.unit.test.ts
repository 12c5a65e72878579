/** The console's pure parts. */
import { describe, expect, it } from 'vitest';
import { initEvent, type TransitionRecord } from '../../src/actors/index.ts';
import { actorMachines } from '../../src/compose.ts';
import { failingTest } from '../../src/console/failing-test.ts';
import { keptBriefly } from '../../src/console/kept-briefly.ts';
import { replayLog } from '../../src/console/log-replay.ts';
import { machineDifference } from '../../src/console/machine-difference.ts';
import { parkedTitle } from '../../src/console/parked-title.ts';
import { stepEffect } from '../../src/console/step-effect.ts';
import { createVerdicts } from '../../src/console/verdicts.ts';
import { eventually } from '../support/wait.ts';
import { parcels } from './two-versions.ts';

const order = actorMachines().find(({ id }) => id === 'order');
if (!order) throw new Error('there is no machine for orders');

describe('keptBriefly', () => {
  it('one look for all who ask at once, and for those who ask a moment later', async () => {
    let nowMs = 0;
    let looks = 0;
    const look = keptBriefly(() => Promise.resolve((looks += 1)), { forMs: 100, monotonicMs: () => nowMs });
    expect(await Promise.all([look(), look()])).toEqual([1, 1]);
    nowMs = 99;
    expect(await look()).toBe(1);
    nowMs = 100;
    expect(await look()).toBe(2);
  });

  it('a failure is not kept', async () => {
    let looks = 0;
    const look = keptBriefly(() => ((looks += 1) === 1 ? Promise.reject(new Error('away')) : Promise.resolve('back')), {
      forMs: 100,
      monotonicMs: () => 0,
    });
    await expect(look()).rejects.toThrow('away');
    expect(await look()).toBe('back');
  });
});

describe('stepEffect', () => {
  it.each([
    ['fulfilling.capturingPayment.calling', 'payments.capture'],
    ['fulfilling.capturingPayment.backingOff', 'payments.capture'],
    ['compensating.undoingPayment.parked', 'payments.undo'],
    ['completed', null],
    ['no.such.state', null],
  ])('%s: %s', (path, effect) => {
    expect(stepEffect(order, path)).toBe(effect);
  });
});

describe('parkedTitle', () => {
  const cause = { machine: 'order', version: '1', state: 'committingStock.parked', reason: 'the reason' } as const;

  it('by the machine: the effect, and what became of it', () => {
    const title = parkedTitle([order], { ...cause, by: 'machine', outcome: 'refused', code: 'not_reserved' });
    expect(title).toBe('inventory.commit: refused, not_reserved');
  });

  it('of a version that is gone: the state; by the runtime: its reason', () => {
    expect(parkedTitle([], { ...cause, by: 'machine', outcome: null, code: null })).toBe('committingStock.parked');
    expect(parkedTitle([order], { ...cause, by: 'runtime', outcome: null, code: null })).toBe('the reason');
  });
});

describe('machineDifference', () => {
  it('states and transitions that came, went, and changed', () => {
    const [first, second] = parcels;
    const difference = machineDifference(first, second, true);
    expect(difference).toMatchObject({
      id: 'parcel',
      from: '1',
      to: '2',
      is_same_structure: false,
      has_migration: true,
    });
    expect(difference.states).toEqual([
      { path: 'paying', change: 'changed', changes: [{ path: '/meta/timeoutMs', before: 1_000, after: 2_000 }] },
      { path: 'weighing', change: 'removed', changes: [] },
      { path: 'insuring', change: 'added', changes: [] },
    ]);
    const told = difference.transitions.map(({ source, event, change }) => `${change} ${source} ${event}`);
    expect(told).toEqual(
      expect.arrayContaining([
        'removed paying WEIGH',
        'removed weighing DONE',
        'added insuring DONE',
        'changed paying PAID',
      ]),
    );
    expect(told).toHaveLength(4);
  });

  it('a version and itself: none', () => {
    const difference = machineDifference(parcels[0], parcels[0], false);
    expect(difference).toMatchObject({ is_same_structure: true, states: [], transitions: [] });
  });
});

describe('a log', () => {
  const started = order.start({ orderId: 'o', userId: 'somebody', currency: 'USD', totalCents: 5, items: [] });
  const record = (revision: number, over: Partial<TransitionRecord>): TransitionRecord => ({
    actorId: 'o',
    revision,
    event: { type: 'CANCEL' },
    from: started.view.path,
    to: started.view.path,
    armed: [],
    settled: null,
    commitId: 'c',
    atMs: revision,
    traceparent: null,
    ...over,
  });
  const input = { orderId: 'o', userId: 'somebody', currency: 'USD', totalCents: 5, items: [] };
  const log = [record(1, { event: initEvent(input), from: null }), record(2, {})];

  it('is replayed with what each transition changed', () => {
    const [, cancelled] = replayLog([order], 'order', log, '1');
    expect(cancelled?.changes).toEqual([
      { path: '/failure', before: null, after: { code: 'cancelled_by_customer', detail: null } },
    ]);
  });

  it('that does not replay is shown without contexts, from there on', () => {
    const wrong = [...log.slice(0, 1), record(2, { to: 'elsewhere' }), record(3, {})];
    expect(replayLog([order], 'order', wrong, '1').map(({ context }) => context)).toEqual([
      expect.objectContaining({ orderId: 'o' }),
      null,
      null,
    ]);
    expect(replayLog([], 'order', log, '1').map(({ machine }) => machine)).toEqual([null, null]);
  });

  it('as a failing test: names nobody, and runs from the tests’ folder', () => {
    const source = failingTest({
      orderId: 'o',
      machine: 'order',
      version: '1',
      log: replayLog([order], 'order', log, '1'),
      expected: 'cancelled',
    });
    expect(source).not.toContain('somebody');
    expect(source).toContain('00000000-0000-4000-8000-000000000000');
    expect(source).toContain("from '../src/actors/index.ts'");
    expect(source).toContain('const expected = "cancelled";');
  });
});

describe('createVerdicts', () => {
  const question = { machine: 'order', version: '1' };

  it('asks once, and says that the verifier failed when it did', async () => {
    const errors: Error[] = [];
    let asked = 0;
    const judge = (): Promise<never> => Promise.reject(new Error(`failed ${(asked += 1)}`));
    const verdicts = createVerdicts({ judge, onError: (error) => errors.push(error) });
    expect(verdicts.of(question)).toEqual({ type: 'pending' });
    await eventually(() => verdicts.of(question).type === 'failed');
    expect([asked, errors.length]).toEqual([1, 1]);
    await verdicts.close();
  });

  it('closing ends what is under way, which is no failure', async () => {
    const errors: Error[] = [];
    const { promise: begun, resolve } = Promise.withResolvers<void>();
    const verdicts = createVerdicts({
      onError: (error) => errors.push(error),
      judge: (_question, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new Error('ended')), { once: true });
          resolve();
        }),
    });
    verdicts.of(question);
    await begun;
    await verdicts.close();
    expect(errors).toEqual([]);
  });
});
