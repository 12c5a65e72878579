/**
 * Whatever happens in whatever order (crashes between commit and publish, lost and doubled wake-ups, calls that never
 * answer, answers that come late), every actor ends or is parked, and nothing that must hold is broken on the way.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { replay } from '../../src/actors/index.ts';
import { leaseMarginMs, type TestProcess, useRuntime } from '../support/runtime.ts';
import { type CallAnswer, done, failed, type HeldCall, refused } from '../support/scripted-effects.ts';
import { seeded } from '../support/virtual-process.ts';

const runtime = useRuntime();

type Act =
  | { readonly type: 'start' | 'advance'; readonly actor: number; readonly process: number }
  | { readonly type: 'send'; readonly actor: number; readonly process: number; readonly event: string }
  | { readonly type: 'settle'; readonly call: number; readonly answer: number }
  | { readonly type: 'crash' | 'loseWakeUps' | 'work'; readonly process: number }
  | { readonly type: 'pass'; readonly ms: number };

const actors = 4;
const processes = 3;
const actor = fc.integer({ min: 0, max: actors - 1 });
const process = fc.integer({ min: 0, max: processes - 1 });
const acts: fc.Arbitrary<Act> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ type: fc.constant('start' as const), actor, process }) },
  { weight: 6, arbitrary: fc.record({ type: fc.constant('advance' as const), actor, process }) },
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant('send' as const), actor, process, event: fc.constantFrom('NOTE', 'CANCEL', 'RETRY', 'HURRY', 'LEAVE', 'SAY') }),
  },
  { weight: 6, arbitrary: fc.record({ type: fc.constant('settle' as const), call: fc.nat(20), answer: fc.nat(4) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constantFrom('crash' as const, 'loseWakeUps' as const), process }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('work' as const), process }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('pass' as const), ms: fc.constantFrom(1, 900, 2_000, 5_000, 31_000, 61_000) }) },
);
const answers: readonly CallAnswer[] = [done(), refused({ code: 'no' }), failed, { type: 'unknown', code: 'lost', message: 'm' }, { type: 'notNow', retryAfterMs: 1_500 }];

/** Several processes over one database; their calls are held until the run settles them, in any order. */
class World {
  readonly alive: TestProcess[] = [];
  readonly #held: HeldCall[] = [];
  readonly #pending = new Set<Promise<unknown>>();
  #seed = 0;

  constructor() {
    for (let n = 0; n < processes; n += 1) this.alive.push(this.#boot());
  }

  #boot(): TestProcess {
    const booted = runtime.process({ seed: (this.#seed += 1) });
    for (const effect of ['bank.pay', 'bank.undo']) booted.effects.rule(effect, () => 'hold');
    return booted;
  }

  at(index: number): TestProcess {
    const found = this.alive[index];
    if (!found) throw new Error(`no process ${index}`);
    return found;
  }

  /** Something under way, which may wait for a held call and need not end before the next act. */
  begin(work: Promise<unknown>): void {
    const tracked = work.catch((error: unknown) => {
      throw error;
    });
    this.#pending.add(tracked);
    tracked.then(
      () => this.#pending.delete(tracked),
      () => undefined,
    );
  }

  /** Collects what is being called. Commits are real, so each act gives them a moment. */
  async settleDown(): Promise<void> {
    for (let quiet = 0; quiet < 3; ) {
      const before = this.alive.reduce((sum, { observations, effects }) => sum + observations.length + effects.calls.length, 0);
      await runtime.pg().query('select 1');
      await new Promise((resolve) => setImmediate(resolve));
      const after = this.alive.reduce((sum, { observations, effects }) => sum + observations.length + effects.calls.length, 0);
      quiet = before === after ? quiet + 1 : 0;
    }
  }

  async act(act: Act): Promise<void> {
    switch (act.type) {
      case 'start': {
        const shelf = act.actor === 1 ? 'refused' : 'done';
        const machine = act.actor === 3 ? 'talker' : 'trip';
        this.begin(this.at(act.process).system.start({ machine, id: `t${act.actor}`, input: { id: `t${act.actor}`, shelf } }));
        break;
      }
      case 'advance':
        this.begin(this.at(act.process).system.advance(`t${act.actor}`));
        break;
      case 'send':
        this.begin(this.at(act.process).system.send(`t${act.actor}`, { type: act.event, to: 'told' }));
        break;
      case 'settle':
        this.#held[act.call % Math.max(1, this.#held.length)]?.settle(answers[act.answer] ?? done());
        break;
      case 'crash':
        // Its calls never come back, and what it had yet to publish is gone.
        this.alive[act.process] = this.#boot();
        break;
      case 'loseWakeUps':
        this.at(act.process).published.length = 0;
        break;
      case 'work':
        this.begin(this.at(act.process).work());
        break;
      case 'pass':
        await runtime.advanceClock(act.ms);
        for (const { clock } of this.alive) clock.pass(act.ms);
        break;
    }
    await this.settleDown();
  }
}

/** What must hold after every act: O1, G1, G2, G3, and no commit that was turned into a parking. */
async function mustHold(): Promise<void> {
  const { rows } = await runtime.pg().query<{ id: string; parked_by: string | null; status: string; has_wake: boolean }>(
    `select id, parked_by, status, exists (select from actors.wake w where w.actor_id = a.id) as has_wake from actors.actor a`,
  );
  for (const row of rows) {
    expect({ ...row, has_wake: row.has_wake }).toMatchObject({ has_wake: row.status === 'active' && row.parked_by === null });
    expect(row.parked_by).not.toBe('runtime');
    await runtime.replayed(row.id);
  }
  const orphan = await runtime.pg().query('select from actors.wake w where not exists (select from actors.actor a where a.id = w.actor_id)');
  expect(orphan.rowCount).toBe(0);
}

async function live(random: () => number): Promise<void> {
  const last = runtime.process();
  last.effects.rule('bank.pay', () => (random() < 0.2 ? failed : done()));
  last.effects.rule('bank.undo', () => (random() < 0.2 ? failed : done()));
  for (let round = 0; round < 80; round += 1) {
    await runtime.advanceClock(6_000 + leaseMarginMs);
    await last.work();
  }
}

test('after any sequence of acts every actor gets to its end, or is parked by its machine', async () => {
  void replay;
  await fc.assert(
    fc.asyncProperty(fc.array(acts, { minLength: 5, maxLength: 40 }), fc.integer(), async (sequence, seed) => {
      await runtime.reset();
      const world = new World();
      for (const act of sequence) {
        await world.act(act);
        await mustHold();
      }
      await live(seeded(seed));
      await mustHold();
      const { rows } = await runtime.pg().query(
        `select id, machine, status, parked_by, state from actors.actor
         where status = 'active' and parked_by is null and machine not in ('inbox', 'talker')`,
      );
      expect(rows).toEqual([]);
      expect((await runtime.pg().query('select from actors.message')).rowCount).toBe(0);
    }),
    { numRuns: 25 },
  );
}, 240_000);
