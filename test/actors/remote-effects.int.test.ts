/** Calls outside any transaction: claims, leases, fences, timeouts, `notNow`, and what happens to an actor meanwhile. */
import { describe, expect, test } from 'vitest';
import { leaseMarginMs, redeliveryMs, startMs, type TestProcess, useRuntime } from '../support/runtime.ts';
import { done, failed } from '../support/scripted-effects.ts';
import { payTimeoutMs } from '../support/toys.ts';
import { eventually } from '../support/wait.ts';

const runtime = useRuntime();
const leaseMs = payTimeoutMs + leaseMarginMs;
const paths = async ({ system }: TestProcess, id: string) => (await system.history(id)).map(({ to }) => to);
const pending = async (id: string) =>
  (await runtime.actor(id))?.effects.map(({ id: effect, claims, token, lease }) => ({
    effect,
    claims,
    token,
    until: lease && lease.untilMs - startMs,
  }));

/** An actor whose first call this process is making, and holds. */
async function calling(process: TestProcess, id = 't') {
  process.effects.rule('bank.pay', () => 'hold');
  await process.system.start({ machine: 'trip', id, input: { id } });
  const visit = process.system.advance(id);
  return { call: await process.effects.held('bank.pay'), visit };
}

describe('a claim', () => {
  test('is committed before the call, with its lease, its token and a wake row at its end', async () => {
    const process = runtime.process();
    const { call, visit } = await calling(process);
    expect(call.request).toMatchObject({ effect: 'bank.pay', key: 't:bank.pay', actorId: 't', input: { attempt: 1 } });
    expect(await pending('t')).toEqual([{ effect: 'pay@1', claims: 1, token: 1, until: leaseMs }]);
    expect(await runtime.wake('t')).toEqual({ inMs: leaseMs, redeliveries: 0 });
    expect((await runtime.actor('t'))?.revision).toBe(1);
    call.settle(done());
    expect(await visit).toBe('waiting');
  });

  test('shares the commit of the transition that armed its effect', async () => {
    const process = runtime.process();
    await process.system.start({ machine: 'inbox', id: 'i', input: {} });
    process.effects.rule('bank.pay', () => 'hold');
    await process.system.start({ machine: 'trip', id: 't', input: { id: 't' }, until: 'accepted' });
    const call = await process.effects.held('bank.pay');
    expect(process.seen('commit')).toHaveLength(2);
    const [line] = await process.system.history('t');
    expect((await runtime.actor('t'))?.effects[0]).toMatchObject({
      claims: 1,
      token: 1,
      lease: { commitId: line?.commitId },
    });
    call.settle(done());
  });

  test('holds off a second call, by any process, while it lives', async () => {
    const [a, b] = [runtime.process(), runtime.process()];
    const { call, visit } = await calling(a);
    expect(await b.system.advance('t')).toBe('waiting');
    await runtime.advanceClock(leaseMs - 1);
    expect(await b.system.advance('t')).toBe('waiting');
    expect(b.effects.calls).toEqual([]);
    expect(await pending('t')).toEqual([{ effect: 'pay@1', claims: 1, token: 1, until: leaseMs }]);
    call.settle(done());
    await visit;
  });

  test('that has run out is claimed by another, with the next token, and counted', async () => {
    const [a, b] = [runtime.process(), runtime.process()];
    const { call, visit } = await calling(a);
    await runtime.advanceClock(leaseMs);
    b.effects.rule('bank.pay', () => 'hold');
    const second = b.system.advance('t');
    const again = await b.effects.held('bank.pay');
    expect(again.request.key).toBe(call.request.key);
    expect(await pending('t')).toEqual([{ effect: 'pay@1', claims: 2, token: 2, until: 2 * leaseMs }]);
    expect(b.seen('lease-expired')).toEqual([
      { type: 'lease-expired', actorId: 't', revision: 1, traceparent: null, effectId: 'pay@1' },
    ]);
    again.settle(done());
    call.settle(done());
    await Promise.all([visit, second]);
  });

  test('the sixth reports `unknown` instead of calling', async () => {
    for (let round = 1; round <= 5; round += 1) {
      const dying = runtime.process();
      dying.effects.rule('bank.pay', () => 'hold');
      if (round === 1) await dying.system.start({ machine: 'trip', id: 't', input: { id: 't' } });
      void dying.system.advance('t');
      await dying.effects.held('bank.pay');
      await runtime.advanceClock(leaseMs);
    }
    const last = runtime.process();
    await last.system.advance('t');
    expect(last.effects.calls).toEqual([]);
    expect(await runtime.actor('t')).toMatchObject({
      path: 'backingOff',
      snapshot: { context: { trouble: 'claims_spent' } },
    });
    expect((await last.system.history('t')).at(-1)?.settled).toEqual({ effectId: 'pay@1', token: 5 });
  });

  test('whose commit took longer than the lease can spare is given back without a call', async () => {
    const process = runtime.process({
      store: (store) => ({
        ...store,
        transaction: async (work) => {
          const result = await store.transaction(work);
          if ((await pending('t'))?.some(({ token }) => token === 1)) process.clock.pass(leaseMarginMs + 1);
          return result;
        },
      }),
    });
    await process.system.start({ machine: 'trip', id: 't', input: { id: 't' } });
    expect(await process.system.advance('t')).toBe('waiting');
    expect(process.effects.callsOf('bank.pay')).toHaveLength(1);
    expect(await paths(process, 't')).toEqual(['paying', 'taking', 'resting']);
    expect((await process.system.history('t'))[1]?.settled).toEqual({ effectId: 'pay@1', token: 3 });
    expect(process.seen('lease-expired')).toEqual([]);
  });
});

describe('an outcome', () => {
  test('under an old token is fenced and counted, also when it comes first; the new holder’s is applied', async () => {
    const [zombie, b] = [runtime.process(), runtime.process()];
    const { call, visit } = await calling(zombie);
    await runtime.advanceClock(leaseMs);
    b.effects.rule('bank.pay', () => 'hold');
    const second = b.system.advance('t');
    const again = await b.effects.held('bank.pay');
    call.settle({ type: 'refused', value: { code: 'late' } });
    await visit;
    expect(zombie.seen('outcome-fenced')).toEqual([
      { type: 'outcome-fenced', actorId: 't', revision: 1, traceparent: null, effectId: 'pay@1', token: 1 },
    ]);
    expect((await runtime.actor('t'))?.revision).toBe(1);
    again.settle(done());
    await second;
    expect(await paths(b, 't')).toEqual(['paying', 'taking', 'resting']);
    expect((await b.system.history('t'))[1]?.settled).toEqual({ effectId: 'pay@1', token: 2 });
  });

  test('of a request that was settled already is stale: dropped and counted', async () => {
    const [zombie, b] = [runtime.process(), runtime.process()];
    const { call, visit } = await calling(zombie);
    await runtime.advanceClock(leaseMs);
    await b.system.advance('t');
    call.settle(failed);
    await visit;
    expect(zombie.seen('outcome-stale')).toEqual([
      { type: 'outcome-stale', actorId: 't', revision: expect.any(Number), traceparent: null, effectId: 'pay@1' },
    ]);
    expect(await paths(b, 't')).toEqual(['paying', 'taking', 'resting']);
    await runtime.replayed('t');
  });

  test('of a state that was left is stale', async () => {
    const process = runtime.process();
    const { call, visit } = await calling(process);
    expect(await process.system.send('t', { type: 'LEAVE' })).toEqual({ type: 'applied', revision: 2 });
    call.settle(done());
    expect(await visit).toBe('done');
    expect(process.seen('outcome-stale')).toHaveLength(1);
    expect(await paths(process, 't')).toEqual(['paying', 'failed']);
  });

  test('of an earlier attempt is stale for the next one, which has an id of its own', async () => {
    const [zombie, b] = [runtime.process(), runtime.process()];
    const { call, visit } = await calling(zombie);
    await runtime.advanceClock(leaseMs);
    b.effects.rule('bank.pay', () => failed);
    await b.system.advance('t');
    await runtime.advanceClock(2_000);
    b.effects.rule('bank.pay', () => 'hold');
    const second = b.system.advance('t');
    const again = await b.effects.held('bank.pay');
    expect((await pending('t'))?.map(({ effect }) => effect)).toEqual(['pay@3']);
    call.settle(done());
    await visit;
    expect(zombie.seen('outcome-stale')).toHaveLength(1);
    expect((await runtime.actor('t'))?.path).toBe('paying');
    again.settle(done());
    await second;
  });

  test('is applied to the actor as it is by then: events that came during the call are not lost, nor is it', async () => {
    const [a, b] = [runtime.process(), runtime.process()];
    const { call, visit } = await calling(a);
    expect(await b.system.send('t', { type: 'NOTE' })).toEqual({ type: 'applied', revision: 2 });
    expect(await b.system.send('t', { type: 'CANCEL' })).toEqual({ type: 'applied', revision: 3 });
    expect(await pending('t')).toEqual([{ effect: 'pay@1', claims: 1, token: 1, until: leaseMs }]);
    expect(await runtime.wake('t')).toEqual({ inMs: leaseMs, redeliveries: 0 });
    call.settle(done());
    expect(await visit).toBe('done');
    expect(await paths(a, 't')).toEqual(['paying', 'paying', 'paying', 'undoing', 'failed']);
    expect(await runtime.actor('t')).toMatchObject({ snapshot: { context: { notes: 1, cancelled: true } } });
    await runtime.replayed('t');
  });

  test('that two processes bring at once is applied once', async () => {
    const processes = Array.from({ length: 4 }, () => runtime.process());
    const ids = Array.from({ length: 10 }, (_, n) => `t${n}`);
    await Promise.all(ids.map((id) => processes[0]!.system.start({ machine: 'trip', id, input: { id } })));
    await Promise.all(processes.flatMap(({ system }) => ids.map((id) => system.advance(id))));
    for (const id of ids) {
      expect(await paths(processes[0]!, id)).toEqual(['paying', 'taking', 'resting']);
      expect(await runtime.applied(id)).toEqual([`${id}:shelf.take`]);
      await runtime.replayed(id);
    }
    expect(processes.flatMap(({ effects }) => effects.callsOf('bank.pay')).length).toBe(ids.length);
  });

  test.each([
    ['a handler that throws', 'threw'],
    ['a handler that never answers', 'timeout'],
  ])('%s is `unknown`', async (_name, code) => {
    const process = runtime.process();
    const { call, visit } = await calling(process);
    if (code === 'threw') call.fail(new Error('connection lost'));
    else process.clock.pass(payTimeoutMs);
    expect(await visit).toBe('waiting');
    expect(call.request.signal.aborted).toBe(code === 'timeout');
    expect(await runtime.actor('t')).toMatchObject({
      path: 'backingOff',
      snapshot: { context: { trouble: code, attempts: 1 } },
    });
    expect(process.seen('effect-outcome')).toEqual([
      { type: 'effect-outcome', actorId: 't', revision: 1, traceparent: null, effect: 'bank.pay', outcome: 'unknown' },
    ]);
    call.settle(done());
  });

  test('that failed is tried again by the machine, with the chance that came with it, and then compensated', async () => {
    const process = runtime.process({ seed: 7 });
    process.effects.rule('bank.pay', () => failed);
    await process.system.start({ machine: 'trip', id: 't', input: { id: 't' } });
    const waits: (number | undefined)[] = [];
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      await process.system.advance('t');
      const wake = await runtime.wake('t');
      if (wake) waits.push(wake.inMs - ((await runtime.nowMs()) - startMs));
      if (wake) await runtime.advanceClock(waits.at(-1) ?? 0);
    }
    expect(await paths(process, 't')).toEqual([
      'paying',
      'backingOff',
      'paying',
      'backingOff',
      'paying',
      'undoing',
      'failed',
    ]);
    expect(waits).toHaveLength(2);
    expect(process.effects.callsOf('bank.pay').map(({ key, input }) => [key, input])).toEqual(
      [1, 2, 3].map((attempt) => ['t:bank.pay', { attempt }]),
    );
    await runtime.replayed('t');
  });
});

describe('notNow', () => {
  test('gives the lease back for so long, without an attempt, a claim or a transition', async () => {
    const process = runtime.process();
    process.effects.rule('bank.pay', () => ({ type: 'notNow', retryAfterMs: 3_000 }));
    await process.system.start({ machine: 'trip', id: 't', input: { id: 't' } });
    expect(await process.system.advance('t')).toBe('waiting');
    expect(await runtime.actor('t')).toMatchObject({
      revision: 1,
      effects: [{ claims: 0, token: 2, notNowSinceMs: startMs }],
    });
    expect(await runtime.wake('t')).toEqual({ inMs: 3_000, redeliveries: 0 });
    expect(await process.system.advance('t')).toBe('waiting');
    expect(process.effects.calls).toHaveLength(1);
    process.effects.rule('bank.pay', () => done());
    await runtime.advanceClock(3_000);
    await process.system.advance('t');
    expect(await paths(process, 't')).toEqual(['paying', 'taking', 'resting']);
    expect(process.seen('lease-expired')).toEqual([]);
  });

  test('for 30 s in a row is `failed`', async () => {
    const process = runtime.process();
    process.effects.rule('bank.pay', () => ({ type: 'notNow', retryAfterMs: 7_000 }));
    await process.system.start({ machine: 'trip', id: 't', input: { id: 't' } });
    for (let sinceMs = 0; sinceMs <= 28_000; sinceMs += 7_000) {
      await process.system.advance('t');
      expect((await runtime.actor('t'))?.path).toBe('paying');
      await runtime.advanceClock(7_000);
    }
    await process.system.advance('t');
    expect(await runtime.actor('t')).toMatchObject({
      path: 'backingOff',
      snapshot: { context: { trouble: 'not_now', attempts: 1 } },
    });
    expect(process.effects.calls).toHaveLength(6);
    expect(process.seen('effect-outcome')).toEqual([
      { type: 'effect-outcome', actorId: 't', revision: 1, traceparent: null, effect: 'bank.pay', outcome: 'failed' },
    ]);
  });

  test.each([Infinity, Number.NaN, -1, 10 ** 9])('with %d ms the actor is not forgotten', async (retryAfterMs) => {
    const process = runtime.process();
    process.effects.rule('bank.pay', () => ({ type: 'notNow', retryAfterMs }));
    await process.system.start({ machine: 'trip', id: 't', input: { id: 't' } });
    await process.system.advance('t');
    expect((await runtime.wake('t'))?.inMs).toBeLessThanOrEqual(30_000);
  });

  test('under an old token changes nothing', async () => {
    const [zombie, b] = [runtime.process(), runtime.process()];
    const { call, visit } = await calling(zombie);
    await runtime.advanceClock(leaseMs);
    b.effects.rule('bank.pay', () => 'hold');
    const second = b.system.advance('t');
    const again = await b.effects.held('bank.pay');
    call.settle({ type: 'notNow', retryAfterMs: 9_000 });
    await visit;
    expect(await pending('t')).toEqual([{ effect: 'pay@1', claims: 2, token: 2, until: 2 * leaseMs }]);
    again.settle(done());
    await second;
  });
});

describe('two effects at once', () => {
  test('each is claimed, called and settled, whoever does it', async () => {
    const process = runtime.process();
    await process.system.start({ machine: 'pair', id: 'p', input: {} });
    expect(await process.system.advance('p')).toBe('done');
    expect((await process.system.history('p')).map(({ to }) => to)).toEqual([
      '(left.busy)|(right.busy)',
      '(left.done)|(right.busy)',
      '(left.done)|(right.done)',
    ]);
    await runtime.replayed('p');
  });

  test('a crash after one of them leaves the other to whoever comes next', async () => {
    const [dying, b] = [runtime.process(), runtime.process()];
    dying.effects.rule('bank.pay', () => 'hold');
    await dying.system.start({ machine: 'pair', id: 'p', input: {} });
    void dying.system.advance('p');
    await dying.effects.held('bank.pay');
    await runtime.advanceClock(redeliveryMs);
    expect(await b.work()).toBe(1);
    await eventually(async () => (await runtime.actor('p'))?.snapshot.status === 'done');
    expect(b.effects.calls.map(({ effect }) => effect).sort()).toEqual(['bank.pay', 'bank.undo']);
  });
});

describe('a handed-over actor', () => {
  test('looking at it with `until` again and again does not put its wake row off', async () => {
    const process = runtime.process();
    const started = await process.system.start({ machine: 'trip', id: 't', input: { id: 't' }, until: 'accepted' });
    if (started.type === 'applied') await started.end;
    expect(await runtime.wake('t')).toEqual({ inMs: redeliveryMs, redeliveries: 0 });
    for (let look = 0; look < 3; look += 1) {
      await runtime.advanceClock(1_000);
      expect(await process.system.advance('t', { until: 'accepted' })).toBe('handedOver');
    }
    expect(await runtime.wake('t')).toEqual({ inMs: redeliveryMs, redeliveries: 0 });
  });
});
