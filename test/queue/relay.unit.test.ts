/** The relay: claims only what the queue can take, publishes only what is committed, and outlives its dependencies. */
import { describe, expect, test } from 'vitest';
import { relay, type RelayOptions } from '../../src/queue/relay.ts';
import { virtualProcess } from '../support/virtual-process.ts';

function rig(changes: Partial<RelayOptions> = {}) {
  const log: string[] = [];
  const errors: string[] = [];
  const clock = virtualProcess();
  const options: RelayOptions = {
    outbox: {
      claimDue: (claim) => {
        log.push(`claim ${claim.limit} ${claim.redeliveryMs} ${claim.maxRedeliveryMs}`);
        return Promise.resolve({ actorIds: ['a', 'b'], nextDueInMs: 40 });
      },
    },
    wakeUps: {
      room: () => Promise.resolve(20),
      isFull: () => false,
      publish: (ids) => {
        log.push(`publish ${ids.join()}`);
        return Promise.resolve(true);
      },
    },
    redeliveryMs: 5_000,
    delay: (ms, signal) => {
      log.push(`sleep ${ms}`);
      return clock.delay(ms, signal);
    },
    onError: (error) => void errors.push(error.message),
    ...changes,
  };
  return { log, errors, clock, relay: relay(options) };
}

/** Lets everything run that needs no time. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

describe('runOnce', () => {
  test('claims as many as the queue has room for, and publishes after that', async () => {
    const { relay, log } = rig();
    expect(await relay.runOnce()).toBe(40);
    expect(log).toEqual(['claim 20 5000 30000', 'publish a,b']);
  });

  test('a queue that is full or away: nothing is claimed', async () => {
    const { relay, log } = rig({
      wakeUps: { room: () => Promise.resolve(0), isFull: () => true, publish: () => Promise.resolve(false) },
    });
    expect(await relay.runOnce()).toBe(250);
    expect(log).toEqual([]);
  });

  test('never more than a bound in one claim, and never a shorter longest interval than the first', async () => {
    const { relay, log } = rig({
      redeliveryMs: 60_000,
      wakeUps: { room: () => Promise.resolve(1e6), isFull: () => false, publish: () => Promise.resolve(true) },
    });
    await relay.runOnce();
    expect(log[0]).toBe('claim 500 60000 60000');
  });

  test('nothing due: nothing published, and nothing counted', async () => {
    const counted: number[] = [];
    const { relay, log } = rig({
      outbox: { claimDue: () => Promise.resolve({ actorIds: [], nextDueInMs: Infinity }) },
      onClaimed: (n) => void counted.push(n),
    });
    expect(await relay.runOnce()).toBe(Infinity);
    expect([log, counted]).toEqual([[], []]);
  });
});

describe('run', () => {
  test.each([
    [0, 5],
    [40, 40],
    [90_000, 250],
    [Infinity, 250],
  ])('with %d ms until something is due it sleeps %d ms', async (nextDueInMs, sleeps) => {
    const { relay, log, clock } = rig({ outbox: { claimDue: () => Promise.resolve({ actorIds: [], nextDueInMs }) } });
    const stop = new AbortController();
    const running = relay.run(stop.signal);
    await settle();
    expect(log).toEqual([`sleep ${sleeps}`]);
    clock.pass(sleeps);
    await settle();
    expect(log).toEqual([`sleep ${sleeps}`, `sleep ${sleeps}`]);
    stop.abort();
    await running;
  });

  test('where nothing was claimed for ten seconds it looks once a second, until something is', async () => {
    let due: readonly string[] = [];
    const { relay, log, clock } = rig({
      outbox: { claimDue: () => Promise.resolve({ actorIds: due, nextDueInMs: Infinity }) },
    });
    const stop = new AbortController();
    const running = relay.run(stop.signal);
    await settle();
    const passes = async (ms: number): Promise<void> => {
      clock.pass(ms);
      await settle();
    };
    for (let looks = 0; looks < 40; looks += 1) await passes(250);
    expect(log).toEqual([...Array<string>(40).fill('sleep 250'), 'sleep 1000']);
    due = ['a'];
    await passes(1_000);
    due = [];
    await passes(250);
    expect(log.slice(41)).toEqual(['publish a', 'sleep 250', 'sleep 250']);
    stop.abort();
    await running;
  });

  test('while somebody is under way it looks as often as ever: who is has a wake row within a redelivery', async () => {
    const { relay, log, clock } = rig({
      outbox: { claimDue: () => Promise.resolve({ actorIds: [], nextDueInMs: 5_000 }) },
    });
    const stop = new AbortController();
    const running = relay.run(stop.signal);
    await settle();
    for (let looks = 0; looks < 50; looks += 1) {
      clock.pass(250);
      await settle();
    }
    expect(log).toEqual(Array<string>(51).fill('sleep 250'));
    stop.abort();
    await running;
  });

  test('a fault of the store is reported, and it goes on', async () => {
    let faults = 2;
    const { relay, log, errors, clock } = rig({
      outbox: {
        claimDue: () => {
          faults -= 1;
          return faults >= 0
            ? Promise.reject(new Error('connection refused'))
            : Promise.resolve({ actorIds: ['a'], nextDueInMs: 100 });
        },
      },
    });
    const stop = new AbortController();
    const running = relay.run(stop.signal);
    for (let n = 0; n < 2; n += 1) {
      await settle();
      clock.pass(500);
    }
    await settle();
    stop.abort();
    await running;
    expect(errors).toEqual(['connection refused', 'connection refused']);
    expect(log).toEqual(['sleep 500', 'sleep 500', 'publish a', 'sleep 100']);
  });

  test('ends at once when told to, in the middle of a sleep', async () => {
    const { relay } = rig();
    const stop = new AbortController();
    const running = relay.run(stop.signal);
    await settle();
    stop.abort();
    await running;
  });
});
