/** The outbox as the relay sees it: what is claimed, how far it moves on, what is left alone. */
import { describe, expect, test } from 'vitest';
import { outbox } from '../../src/persistence/outbox.ts';
import { redeliveryMs, startMs, useRuntime } from '../support/runtime.ts';

const runtime = useRuntime();
const options = { limit: 100, redeliveryMs, maxRedeliveryMs: 30_000 };
const claim = (limit = 100) => outbox(runtime.pool()).claimDue({ ...options, limit });

async function addWake(id: string, inMs: number): Promise<void> {
  const due = Number.isFinite(inMs) ? startMs + inMs : inMs;
  await runtime.pg().query('insert into actors.wake (actor_id, due_at) values ($1, actors.from_ms($2))', [id, due]);
}

async function addMessage(targetId: string, inMs: number): Promise<void> {
  await runtime.pg().query(
    `insert into actors.message (sender_id, target_id, target_machine, event, deliver_at, due_at)
     values ('sender', $1, 'inbox', '{"type":"ADD"}', actors.from_ms($2), actors.from_ms($3))`,
    [targetId, startMs, startMs + inMs],
  );
}

async function messageDue(): Promise<readonly { inMs: number; redeliveries: number }[]> {
  const found = await runtime
    .pg()
    .query(
      'select actors.to_ms(due_at) as ms, actors.to_ms(deliver_at) as deliver, redeliveries from actors.message order by id',
    );
  return found.rows.map(({ ms, redeliveries }) => ({ inMs: Number(ms) - startMs, redeliveries: Number(redeliveries) }));
}

describe('claiming what is due', () => {
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
    for (const [id, inMs] of [
      ['c', -1],
      ['a', -3],
      ['b', -2],
    ] as const)
      await addWake(id, inMs);
    expect((await claim(2)).actorIds).toEqual(['a', 'b']);
    expect((await claim(2)).actorIds).toEqual(['c']);
  });

  test('moves each row on by an interval that doubles with every redelivery, up to 30 s', async () => {
    await addWake('lost', 0);
    await addMessage('told', 0);
    const moves: unknown[] = [];
    let before = 0;
    for (let round = 1; round <= 6; round += 1) {
      expect((await claim()).actorIds).toEqual(['lost', 'told']);
      const due = (await runtime.wake('lost'))?.inMs ?? 0;
      expect(await messageDue()).toEqual([{ inMs: due, redeliveries: round }]);
      moves.push(due - before);
      before = due;
      await runtime.advanceClock(due - ((await runtime.nowMs()) - startMs));
    }
    expect(moves).toEqual([5_000, 10_000, 20_000, 30_000, 30_000, 30_000]);
  });

  test('what has just been claimed is not due again, and when a message may be delivered never changes', async () => {
    await addWake('once', 0);
    await addMessage('told', 0);
    await claim();
    expect(await claim()).toEqual({ actorIds: [], nextDueInMs: redeliveryMs });
    const { rows } = await runtime.pg().query('select actors.to_ms(deliver_at) as ms from actors.message');
    expect(rows).toEqual([{ ms: startMs }]);
  });

  test('skips rows that another claim or commit holds', async () => {
    await addWake('held', 0);
    await addWake('free', 0);
    const other = await runtime.pg().connect();
    try {
      await other.query(`begin; select from actors.wake where actor_id = 'held' for update`);
      expect((await claim()).actorIds).toEqual(['free']);
    } finally {
      await other.query('rollback');
      other.release();
    }
    expect((await claim()).actorIds).toEqual(['held']);
  });

  test('many relays at once claim every row exactly once', async () => {
    await runtime
      .pg()
      .query(
        `insert into actors.wake (actor_id, due_at) select 'a-' || n, actors.from_ms($1) from generate_series(1, 300) n`,
        [startMs],
      );
    const claims = await Promise.all(Array.from({ length: 8 }, () => claim(100)));
    const first = claims.flatMap(({ actorIds }) => actorIds);
    const rest = (await claim(300)).actorIds;
    expect(new Set([...first, ...rest]).size).toBe(300);
    expect(first.length + rest.length).toBe(300);
  });
});

describe('when nothing is due', () => {
  test('an empty outbox: never', async () => {
    expect(await claim()).toEqual({ actorIds: [], nextDueInMs: Infinity });
  });

  test('an actor that only an event can move (its wake row says infinity) is never due', async () => {
    await addWake('waits', Infinity);
    expect(await claim()).toEqual({ actorIds: [], nextDueInMs: Infinity });
    await addWake('later', 250);
    expect(await claim()).toEqual({ actorIds: [], nextDueInMs: 250 });
  });
});
