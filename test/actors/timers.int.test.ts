/** Time belongs to the store: timers, wake rows and redelivery, across restarts of every process. */
import { describe, expect, test } from 'vitest';
import { redeliveryMs, useRuntime } from '../support/runtime.ts';
import { restMs } from '../support/toys.ts';

const runtime = useRuntime();

describe('a timer', () => {
  test('survives the process that set it, and is due by the clock of the store', async () => {
    const first = runtime.process();
    await first.system.start({ machine: 'trip', id: 't', input: { id: 't' } });
    await first.work();
    await runtime.advanceClock(restMs - 1);
    expect(await runtime.process().work()).toBe(0);
    await runtime.advanceClock(1);
    expect(await runtime.process().work()).toBe(1);
    expect((await runtime.actor('t'))?.path).toBe('done');
  });

  test('no process’s own clock matters to it', async () => {
    const fast = runtime.process();
    fast.clock.pass(3_600_000);
    await fast.system.start({ machine: 'trip', id: 't', input: { id: 't' } });
    await fast.work();
    fast.clock.pass(3_600_000);
    await fast.system.advance('t');
    expect((await runtime.actor('t'))?.path).toBe('resting');
    expect(await runtime.wake('t')).toEqual({ inMs: restMs, redeliveries: 0 });
  });

  test('is cancelled by leaving its state: it never fires, and the actor is not woken for it', async () => {
    const process = runtime.process();
    await process.system.start({ machine: 'trip', id: 't', input: { id: 't' } });
    await process.work();
    await process.system.send('t', { type: 'CANCEL' });
    expect(await runtime.actor('t')).toMatchObject({ path: 'undoing', timers: [] });
    expect((await runtime.wake('t'))?.inMs).toBe(redeliveryMs);
    await process.work();
    expect((await process.system.history('t')).map(({ to }) => to)).toEqual([
      'paying',
      'taking',
      'resting',
      'undoing',
      'failed',
    ]);
  });

  test('stands while other events are applied', async () => {
    const process = runtime.process();
    await process.system.start({ machine: 'trip', id: 't', input: { id: 't' } });
    await process.work();
    await runtime.advanceClock(1_000);
    await process.system.send('t', { type: 'NOTE' });
    expect(await runtime.wake('t')).toEqual({ inMs: restMs, redeliveries: 0 });
  });
});

describe('a wake row', () => {
  test('a waiting actor is not brought again before its timer, nor after each redelivery for ever', async () => {
    const process = runtime.process();
    await process.system.start({ machine: 'trip', id: 't', input: { id: 't' } });
    await process.work();
    for (let second = 0; second < restMs / 1_000 - 1; second += 1) {
      await runtime.advanceClock(1_000);
      expect(await process.work()).toBe(0);
    }
    // A needless look in between costs nothing later: the row goes back to where it belongs.
    await runtime.pg().query('update actors.wake set due_at = actors.clock(), redeliveries = 3');
    expect(await process.work()).toBe(1);
    expect(await runtime.wake('t')).toEqual({ inMs: restMs, redeliveries: 0 });
  });

  test('an actor that only an event can move is never brought at all', async () => {
    const process = runtime.process();
    await process.system.start({ machine: 'inbox', id: 'i', input: {} });
    expect(await runtime.wake('i')).toEqual({ inMs: Infinity, redeliveries: 0 });
    expect(await process.system.advance('i')).toBe('waiting');
    await runtime.advanceClock(365 * 86_400_000);
    expect(await process.work()).toBe(0);
    await runtime.pg().query('update actors.wake set due_at = actors.clock()');
    expect(await process.work()).toBe(1);
    expect(await runtime.wake('i')).toEqual({ inMs: Infinity, redeliveries: 0 });
  });

  test('a lost wake-up is published again, later and later, and the interval starts again at a commit', async () => {
    const process = runtime.process();
    await process.system.start({ machine: 'trip', id: 't', input: { id: 't' } });
    const gaps: number[] = [];
    let waitedMs = 0;
    while (gaps.length < 5) {
      await runtime.advanceClock(1_000);
      waitedMs += 1_000;
      process.published.length = 0;
      await process.relay.runOnce();
      if (process.published.length === 0) continue;
      gaps.push(waitedMs);
      waitedMs = 0;
    }
    expect(gaps).toEqual([5_000, 5_000, 10_000, 20_000, 30_000]);
    await process.system.send('t', { type: 'NOTE' });
    const now = (await runtime.wake('t'))?.inMs ?? 0;
    await runtime.advanceClock(redeliveryMs);
    await process.relay.runOnce();
    expect(await runtime.wake('t')).toEqual({ inMs: now + redeliveryMs, redeliveries: 1 });
  });

  test('while the queue is full what is left to others is due at once, and nothing is claimed: the interval does not grow', async () => {
    let full = true;
    const process = runtime.process({ takes: () => !full });
    await process.system.start({ machine: 'trip', id: 't', input: { id: 't' } });
    // Due at once: nobody has been told of it.
    expect(await runtime.wake('t')).toEqual({ inMs: 0, redeliveries: 0 });
    await runtime.advanceClock(3_600_000);
    expect(await process.work()).toBe(0);
    expect(await runtime.wake('t')).toEqual({ inMs: 0, redeliveries: 0 });
    full = false;
    expect(await process.work()).toBe(1);
    expect((await runtime.actor('t'))?.path).toBe('resting');
  });

  test('goes when its actor is done or parked, and comes back when it goes on', async () => {
    const process = runtime.process();
    await process.system.start({ machine: 'inbox', id: 'i', input: {} });
    await process.system.send('i', { type: 'PARK' });
    expect(await runtime.wake('i')).toBeUndefined();
    await process.system.send('i', { type: 'RETRY' });
    expect(await runtime.wake('i')).toEqual({ inMs: Infinity, redeliveries: 0 });
    await process.system.send('i', { type: 'CLOSE' });
    expect(await runtime.wake('i')).toBeUndefined();
  });
});
