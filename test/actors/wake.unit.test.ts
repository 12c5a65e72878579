/** When an actor is looked at next, and when its wake row must be written for that. */
import { describe, expect, test } from 'vitest';
import type { ActorRow, PendingEffect } from '../../src/actors/ports.ts';
import { mustMoveWake, wakeAt } from '../../src/actors/wake.ts';

const nowMs = 10_000;
const redeliveryMs = 5_000;
const row: ActorRow = {
  id: 'a',
  machine: 'm',
  version: '1',
  structureHash: '',
  revision: 1,
  path: 's',
  snapshot: { status: 'active', value: 's', context: {} },
  timers: [],
  effects: [],
  parked: null,
  traceparent: null,
  startedAtMs: 0,
  enteredAtMs: 0,
};
const timer = (dueAtMs: number) => ({ id: `t${dueAtMs}`, event: { type: 'T' }, dueAtMs });
const effect = (leaseUntilMs: number | null): PendingEffect => ({
  id: 'e@1',
  invoke: 'e',
  src: 'e',
  input: null,
  timeoutMs: 1,
  claims: 0,
  token: 0,
  lease: leaseUntilMs === null ? null : { untilMs: leaseUntilMs, commitId: 'c' },
  notNowSinceMs: null,
});

test.each<[string, Partial<ActorRow>, number | null]>([
  ['only an event can move it', {}, Infinity],
  ['its earliest timer', { timers: [timer(90_000), timer(20_000)] }, 20_000],
  ['a timer that is due already', { timers: [timer(9_000)] }, 9_000],
  ['an effect that nobody has claimed', { effects: [effect(null)] }, nowMs + redeliveryMs],
  ['an effect whose lease has run out', { effects: [effect(nowMs)] }, nowMs + redeliveryMs],
  ['the end of a live lease', { effects: [effect(12_345)] }, 12_345],
  ['a timer before the end of a lease', { effects: [effect(12_345)], timers: [timer(11_000)] }, 11_000],
  ['an unclaimed effect beside a leased one', { effects: [effect(60_000), effect(null)] }, nowMs + redeliveryMs],
  ['parked by the runtime', { parked: { by: 'runtime', reason: 'r' }, timers: [timer(20_000)] }, null],
  ['parked by its machine', { parked: { by: 'machine', reason: 'r' } }, null],
  ['done', { snapshot: { status: 'done', value: 's', context: {} } }, null],
])('wakeAt: %s', (_name, changes, expected) => {
  expect(wakeAt({ ...row, ...changes }, nowMs, redeliveryMs)).toBe(expected);
});

describe('mustMoveWake', () => {
  const ahead = { dueAtMs: nowMs + 3_000, redeliveries: 0 };

  test.each<[string, Parameters<typeof mustMoveWake>[0], number, boolean, boolean]>([
    ['none is never upserted', null, nowMs + 1, false, false],
    ['as it should be', ahead, ahead.dueAtMs, false, false],
    ['too late', ahead, nowMs + 1_000, true, true],
    ['at infinity, with something to come', { dueAtMs: Infinity, redeliveries: 0 }, nowMs + 1_000, true, true],
    ['early, and the committer goes on', ahead, nowMs + 9_000, true, false],
    ['early, and nobody goes on: it would come for nothing', ahead, nowMs + 9_000, false, true],
    ['early, with nothing ever due', ahead, Infinity, false, true],
    ['due already, though the committer goes on', { dueAtMs: nowMs, redeliveries: 0 }, nowMs + 9_000, true, true],
    [
      'redelivered before: its interval starts again',
      { dueAtMs: nowMs + 3_000, redeliveries: 2 },
      nowMs + 9_000,
      true,
      true,
    ],
  ])('%s', (_name, wake, target, goesOn, expected) => {
    expect(mustMoveWake(wake, target, nowMs, goesOn)).toBe(expected);
  });
});
