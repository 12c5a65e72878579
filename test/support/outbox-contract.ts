/** What the relay builds on, of any outbox: one suite for the one on Postgres and for the one in memory. */
import { describe, expect, test } from 'vitest';
import type { Outbox } from '../../src/actors/index.ts';

/** An outbox as the suite sees it. Every test finds it empty. All instants are in ms from the clock's start. */
export interface OutboxUnderTest {
  readonly outbox: () => Outbox;
  readonly advanceClock: (ms: number) => Promise<void>;
  readonly addWake: (id: string, inMs: number) => Promise<void>;
  /** `deliverAt` is the clock's start. */
  readonly addMessage: (targetId: string, inMs: number) => Promise<void>;
  readonly wake: (id: string) => Promise<Due | undefined>;
  /** In the order sent. */
  readonly messages: () => Promise<readonly (Due & { readonly deliverInMs: number })[]>;
}

export interface Due {
  readonly inMs: number;
  readonly redeliveries: number;
}

const redeliveryMs = 5_000;
const options = { limit: 100, redeliveryMs, maxRedeliveryMs: 30_000 };

export function describeOutboxContract(under: OutboxUnderTest): void {
  describe('claiming what is due', () => {
    claiming(under);
  });
  describe('when nothing is due', () => {
    idling(under);
  });
}

function claiming({ outbox, advanceClock, addWake, addMessage, wake, messages }: OutboxUnderTest): void {
  const claim = (limit = 100) => outbox().claimDue({ ...options, limit });

  test('names due wake rows and the targets of due messages, each actor once, and leaves the rest', async () => {
    await addWake('due', 0);
    await addWake('both', -1);
    await addWake('later', 1);
    await addMessage('both', 0);
    await addMessage('both', 0);
    await addMessage('told', -5);
    await addMessage('told-later', 700);
    const claimed = await claim();
    expect([...claimed.actorIds].sort()).toEqual(['both', 'due', 'told']);
    expect(claimed.nextDueInMs).toBe(1);
  });

  test('the longest waiting come first, and no more of each kind than asked for', async () => {
    await addWake('c', -1);
    await addWake('a', -3);
    await addWake('b', -2);
    expect((await claim(2)).actorIds).toEqual(['a', 'b']);
    expect((await claim(2)).actorIds).toEqual(['c']);
  });

  test('moves each row on by an interval that doubles with every redelivery, up to 30 s', async () => {
    await addWake('lost', 0);
    await addMessage('told', 0);
    const moves: unknown[] = [];
    let nowMs = 0;
    for (let round = 1; round <= 6; round += 1) {
      expect((await claim()).actorIds).toEqual(['lost', 'told']);
      const inMs = (await wake('lost'))?.inMs ?? 0;
      expect(await wake('lost')).toEqual({ inMs, redeliveries: round });
      expect(await messages()).toEqual([{ inMs, redeliveries: round, deliverInMs: 0 }]);
      moves.push(inMs - nowMs);
      await advanceClock(inMs - nowMs);
      nowMs = inMs;
    }
    expect(moves).toEqual([5_000, 10_000, 20_000, 30_000, 30_000, 30_000]);
  });

  test('what has just been claimed is not due again, and when a message may be delivered never changes', async () => {
    await addWake('once', 0);
    await addMessage('told', 0);
    await claim();
    expect(await claim()).toEqual({ actorIds: [], nextDueInMs: redeliveryMs });
    expect(await messages()).toEqual([{ inMs: redeliveryMs, redeliveries: 1, deliverInMs: 0 }]);
  });

  test('many relays at once claim every row exactly once', async () => {
    for (let n = 1; n <= 120; n += 1) await addWake(`a-${n}`, 0);
    const claims = await Promise.all(Array.from({ length: 8 }, () => claim(40)));
    const first = claims.flatMap(({ actorIds }) => actorIds);
    const rest = (await claim(120)).actorIds;
    expect(new Set([...first, ...rest]).size).toBe(120);
    expect(first.length + rest.length).toBe(120);
  });
}

function idling({ outbox, addWake }: OutboxUnderTest): void {
  const claim = () => outbox().claimDue(options);

  test('an empty outbox: never', async () => {
    expect(await claim()).toEqual({ actorIds: [], nextDueInMs: Infinity });
  });

  test('an actor that only an event can move (its wake row says infinity) is never due', async () => {
    await addWake('waits', Infinity);
    expect(await claim()).toEqual({ actorIds: [], nextDueInMs: Infinity });
    await addWake('later', 250);
    expect(await claim()).toEqual({ actorIds: [], nextDueInMs: 250 });
  });
}
