/** A step of the machine as it is stored: row, log line, messages. */
import { describe, expect, test } from 'vitest';
import { interpret } from '../../src/actors/interpret.ts';
import type { ActorRow, PendingEffect } from '../../src/actors/ports.ts';
import type { MachineAction } from '../../src/actors/xstate/actions.ts';
import type { MachineStep } from '../../src/actors/xstate/actor-machine.ts';
import { toyMachine } from '../support/toys.ts';

const { state } = toyMachine('trip').start({ id: 't' });
const commit = { id: 'c', nowMs: 1_000, redeliveryMs: 5_000 };
const effect: PendingEffect = {
  id: 'pay@3',
  invoke: 'pay',
  src: 'bank.pay',
  input: null,
  timeoutMs: 9,
  claims: 2,
  token: 2,
  lease: { untilMs: 5, commitId: 'b' },
  notNowSinceMs: null,
};
const timer = { id: 'rest', event: { type: 'T' }, dueAtMs: 900 };
const before: ActorRow = {
  id: 'a',
  machine: 'm',
  version: '1',
  structureHash: 'h',
  revision: 3,
  path: 'old',
  snapshot: { status: 'active', value: 'old', context: {} },
  timers: [timer],
  effects: [effect],
  parked: null,
  traceparent: 'trace',
  startedAtMs: 0,
  enteredAtMs: 0,
};
const stepTo = (actions: readonly MachineAction[], changes: Partial<MachineStep> = {}): MachineStep => ({
  state,
  snapshot: { status: 'active', value: 'new', context: { n: 1 } },
  view: { path: 'new', tags: [], meta: {} },
  actions,
  invokes: new Map([['pay', 'bank.pay']]),
  ...changes,
});
const event = { type: 'GO' };

describe('the row', () => {
  test('is one revision on; effects and timers that still stand are kept', () => {
    expect(interpret(before, stepTo([]), { event }, commit).row).toEqual({
      ...before,
      revision: 4,
      path: 'new',
      enteredAtMs: 1_000,
      snapshot: { status: 'active', value: 'new', context: { n: 1 } },
    });
  });

  test('loses the timer that fired and the effect that was settled', () => {
    const { row } = interpret(before, stepTo([]), { event, timer, settled: effect, remote: true }, commit);
    expect([row.timers, row.effects]).toEqual([[], []]);
  });

  test('sets timers on whole milliseconds from now, never in the past; the same id again replaces the first', () => {
    const set = (delayMs: number, id = 'rest'): MachineAction => ({ type: 'setTimer', id, event, delayMs });
    const { row } = interpret(before, stepTo([set(0.2), set(-7, 'past')]), { event }, commit);
    expect(row.timers).toEqual([
      { id: 'rest', event, dueAtMs: 1_001 },
      { id: 'past', event, dueAtMs: 1_000 },
    ]);
  });

  test('cancel before set is a timer, set before cancel is none', () => {
    const set: MachineAction = { type: 'setTimer', id: 'rest', event, delayMs: 10 };
    const cancel: MachineAction = { type: 'cancelTimer', id: 'rest' };
    expect(interpret(before, stepTo([cancel, set]), { event }, commit).row.timers).toHaveLength(1);
    expect(interpret(before, stepTo([set, cancel]), { event }, commit).row.timers).toEqual([]);
  });

  test('an effect armed again starts anew: no claims, no lease, a new id', () => {
    const arm: MachineAction = { type: 'arm', invoke: 'pay', src: 'bank.pay', input: { q: 1 }, timeoutMs: 7 };
    expect(interpret(before, stepTo([arm]), { event }, commit).row.effects).toEqual([
      { ...effect, id: 'pay@4', input: { q: 1 }, timeoutMs: 7, claims: 0, token: 0, lease: null },
    ]);
  });

  test('an invoke that now means another handler does not keep the old request', () => {
    expect(
      interpret(before, stepTo([], { invokes: new Map([['pay', 'bank.other']]) }), { event }, commit).row.effects,
    ).toEqual([]);
  });

  test('is parked by a state with that tag, unless it is the end', () => {
    const parked = { path: 'new', tags: ['parked'], meta: {} };
    expect(interpret(before, stepTo([], { view: parked }), { event }, commit).row.parked).toEqual({
      by: 'machine',
      reason: 'new',
    });
    const ended = stepTo([], { view: parked, snapshot: { status: 'done', value: 'new', context: {} } });
    expect(interpret(before, ended, { event }, commit).row).toMatchObject({ parked: null, timers: [], effects: [] });
  });
});

describe('the log line', () => {
  test('says what came, from where to where, what was armed, and under which token an outcome counted', () => {
    const arm: MachineAction = { type: 'arm', invoke: 'pay', src: 'bank.pay', input: null, timeoutMs: 7 };
    expect(interpret(before, stepTo([arm]), { event, settled: effect, remote: true }, commit).record).toEqual({
      actorId: 'a',
      revision: 4,
      event,
      from: 'old',
      to: 'new',
      armed: [{ id: 'pay@4', src: 'bank.pay' }],
      settled: { effectId: 'pay@3', token: 2 },
      commitId: 'c',
      atMs: 1_000,
      traceparent: 'trace',
    });
  });

  test('of a local effect names no token, and the first comes from nowhere', () => {
    expect(interpret(before, stepTo([]), { event, settled: effect, remote: false }, commit).record.settled).toBeNull();
    expect(interpret({ ...before, revision: 0 }, stepTo([]), { event }, commit).record).toMatchObject({
      revision: 1,
      from: null,
    });
  });
});

test('messages may be delivered at once, and come again after one redelivery interval', () => {
  const tell = (n: number): MachineAction => ({ type: 'tell', machine: 'inbox', id: 'i', event: { type: 'ADD', n } });
  expect(interpret(before, stepTo([tell(1), tell(2)]), { event }, commit).messages).toEqual(
    [1, 2].map((n) => ({
      senderId: 'a',
      targetId: 'i',
      targetMachine: 'inbox',
      event: { type: 'ADD', n },
      deliverAtMs: 1_000,
      dueAtMs: 6_000,
      traceparent: 'trace',
    })),
  );
});

test('a snapshot beyond its bound is refused', () => {
  const large = stepTo([], { snapshot: { status: 'active', value: 'new', context: 'x'.repeat(300_000) } });
  expect(() => interpret(before, large, { event }, commit)).toThrow('262144');
});
