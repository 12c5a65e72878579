import { describe, expect, test } from 'vitest';
import type { Outcome, RemoteEffect, RemoteRequest } from '../../src/actors/index.ts';
import { type BreakerState, createBreaker, guarded } from '../../src/effects/breaker.ts';

/** A breaker whose clock the test moves; put-off times are without chance. */
function breaker() {
  let nowMs = 0;
  const changes: BreakerState[] = [];
  const one = createBreaker({
    name: 'payments',
    monotonicMs: () => nowMs,
    random: () => 0,
    onChange: ({ to }) => void changes.push(to),
  });
  const fails = (times: number): void => {
    for (let n = 0; n < times; n += 1) one.settle(false);
  };
  return { ...one, changes, fails, pass: (ms: number) => void (nowMs += ms) };
}

describe('a closed breaker', () => {
  test('stays closed however often one order fails: a few calls prove nothing', () => {
    const one = breaker();
    one.fails(9);
    expect([one.state(), one.ask()]).toEqual(['closed', { type: 'call' }]);
  });

  test('stays closed while more than half of the calls are answered', () => {
    const one = breaker();
    for (let n = 0; n < 50; n += 1) {
      one.settle(true);
      one.settle(n % 2 === 0);
    }
    expect(one.changes).toEqual([]);
  });

  test('opens when half of the last calls fail, and then says for how long', () => {
    const one = breaker();
    one.fails(10);
    expect([one.state(), one.ask()]).toEqual(['open', { type: 'notNow', retryAfterMs: 2_000 }]);
    one.pass(1_500);
    expect(one.ask()).toEqual({ type: 'notNow', retryAfterMs: 500 });
  });

  test('forgets calls of long ago', () => {
    const one = breaker();
    one.fails(9);
    one.pass(30_000);
    one.fails(9);
    expect(one.state()).toBe('closed');
  });
});

describe('an open breaker', () => {
  test('lets one call probe when its time is over; the others wait for what comes of it', () => {
    const one = breaker();
    one.fails(10);
    one.pass(2_000);
    expect([one.ask(), one.ask(), one.state()]).toEqual([
      { type: 'call' },
      { type: 'notNow', retryAfterMs: 500 },
      'halfOpen',
    ]);
    one.settle(true);
    expect([one.ask(), one.state(), one.changes]).toEqual([{ type: 'call' }, 'closed', ['open', 'halfOpen', 'closed']]);
  });

  test('stays open longer after each probe that fails, up to ten seconds', () => {
    const one = breaker();
    one.fails(10);
    const waits = [2_000, 4_000, 8_000, 10_000, 10_000];
    for (const waitMs of waits) {
      expect(one.ask()).toEqual({ type: 'notNow', retryAfterMs: waitMs });
      one.pass(waitMs);
      expect(one.ask()).toEqual({ type: 'call' });
      one.settle(false);
    }
  });

  test('is not moved by what was on its way before it opened', () => {
    const one = breaker();
    one.fails(10);
    one.settle(true);
    expect(one.state()).toBe('open');
  });

  test('sends another probe when the first never comes back', () => {
    const one = breaker();
    one.fails(10);
    one.pass(2_000);
    one.ask();
    one.pass(15_000);
    expect(one.ask()).toEqual({ type: 'call' });
  });
});

describe('effects behind a breaker', () => {
  const request: RemoteRequest = {
    effect: 'payments.capture',
    effectId: 'capture@4',
    claim: 1,
    key: 'k',
    actorId: 'a',
    input: {},
    signal: new AbortController().signal,
    traceparent: null,
  };
  const answering = (answer: () => Promise<Outcome>) => {
    let calls = 0;
    const effect: RemoteEffect = {
      kind: 'remote',
      effect: 'payments.capture',
      call: () => {
        calls += 1;
        return answer();
      },
    };
    const one = breaker();
    const [handler] = guarded([effect], one);
    return { one, call: () => handler!.call(request), calls: () => calls };
  };
  const failed: Outcome = { type: 'failed', code: 'unreachable', message: '' };

  test('are put off while it is open, without a call: no attempt is burnt', async () => {
    const { one, call, calls } = answering(() => Promise.resolve(failed));
    for (let n = 0; n < 10; n += 1) expect(await call()).toEqual(failed);
    expect(await call()).toEqual({ type: 'notNow', retryAfterMs: 2_000 });
    expect([calls(), one.state()]).toEqual([10, 'open']);
  });

  test('a refusal is an answer', async () => {
    const { one, call } = answering(() => Promise.resolve({ type: 'refused', value: { code: 'declined' } }));
    for (let n = 0; n < 30; n += 1) await call();
    expect(one.state()).toBe('closed');
  });

  test('one that throws counts as failed', async () => {
    const { one, call } = answering(() => Promise.reject(new Error('broken')));
    for (let n = 0; n < 10; n += 1) await expect(call()).rejects.toThrow('broken');
    expect(one.state()).toBe('open');
  });
});
