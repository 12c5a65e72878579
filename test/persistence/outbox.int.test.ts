/** The outbox as the relay sees it: what is claimed, how far it moves on, what is left alone. */
import { describe, expect, test } from 'vitest';
import { outbox } from '../../src/persistence/outbox.ts';
import { describeOutboxContract } from '../support/outbox-contract.ts';
import { redeliveryMs, startMs, useRuntime } from '../support/runtime.ts';

const runtime = useRuntime();

async function addWake(id: string, inMs: number): Promise<void> {
  const due = Number.isFinite(inMs) ? startMs + inMs : inMs;
  await runtime.pg().query('insert into actors.wake (actor_id, due_at) values ($1, actors.from_ms($2))', [id, due]);
}

describeOutboxContract({
  outbox: () => outbox(runtime.pool()),
  advanceClock: (ms) => runtime.advanceClock(ms),
  addWake,
  wake: (id) => runtime.wake(id),
  async addMessage(targetId, inMs) {
    await runtime.pg().query(
      `insert into actors.message (sender_id, target_id, target_machine, event, deliver_at, due_at)
       values ('sender', $1, 'inbox', '{"type":"ADD"}', actors.from_ms($2), actors.from_ms($3))`,
      [targetId, startMs, startMs + inMs],
    );
  },
  async messages() {
    const { rows } = await runtime
      .pg()
      .query<{ ms: string; deliver: string; redeliveries: number }>(
        'select actors.to_ms(due_at) as ms, actors.to_ms(deliver_at) as deliver, redeliveries from actors.message order by id',
      );
    return rows.map(({ ms, deliver, redeliveries }) => ({
      inMs: Number(ms) - startMs,
      redeliveries,
      deliverInMs: Number(deliver) - startMs,
    }));
  },
});

describe('beside other sessions', () => {
  test('skips rows that another claim or commit holds', async () => {
    const claim = () => outbox(runtime.pool()).claimDue({ limit: 100, redeliveryMs, maxRedeliveryMs: 30_000 });
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
});
