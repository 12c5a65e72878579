/**
 * Whatever happens in whatever order (crashes between commit and publish, lost and doubled wake-ups, calls that never
 * answer, answers that come late), every actor ends or is parked, and nothing that must hold is broken on the way.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ActorStore } from '../../src/actors/index.ts';
import type { Tx } from '../../src/persistence/pool.ts';
import { leaseMarginMs, type TestProcess, useRuntime } from '../support/runtime.ts';
import { type CallAnswer, done, failed, type HeldCall, refused } from '../support/scripted-effects.ts';
import { seeded } from '../support/virtual-process.ts';

const runtime = useRuntime();

type Act =
  | { readonly type: 'start'; readonly actor: number; readonly process: number; readonly until: boolean }
  | { readonly type: 'advance'; readonly actor: number; readonly process: number }
  | { readonly type: 'send'; readonly actor: number; readonly process: number; readonly event: string }
  | { readonly type: 'settle'; readonly call: number; readonly answer: number }
  | { readonly type: 'crash' | 'pause' | 'loseWakeUps'; readonly process: number }
  | { readonly type: 'work'; readonly process: number; readonly twice: boolean }
  | { readonly type: 'pass'; readonly ms: number };

const actors = 4;
const processes = 3;
const actor = fc.integer({ min: 0, max: actors - 1 });
const process = fc.integer({ min: 0, max: processes - 1 });
const acts: fc.Arbitrary<Act> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ type: fc.constant('start' as const), actor, process, until: fc.boolean() }) },
  { weight: 6, arbitrary: fc.record({ type: fc.constant('advance' as const), actor, process }) },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('send' as const),
      actor,
      process,
      event: fc.constantFrom('NOTE', 'CANCEL', 'RETRY', 'HURRY', 'LEAVE', 'SAY'),
    }),
  },
  { weight: 6, arbitrary: fc.record({ type: fc.constant('settle' as const), call: fc.nat(20), answer: fc.nat(4) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constantFrom('crash' as const, 'pause' as const, 'loseWakeUps' as const),
      process,
    }),
  },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('work' as const), process, twice: fc.boolean() }) },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('pass' as const),
      ms: fc.constantFrom(1, 900, 2_000, 5_000, 31_000, 61_000),
    }),
  },
);
const answers: readonly CallAnswer[] = [
  done(),
  refused({ code: 'no' }),
  failed,
  { type: 'unknown', code: 'lost', message: 'm' },
  { type: 'notNow', retryAfterMs: 1_500 },
];

/** Several processes over one database; their calls are held until the run settles them, in any order. */
class World {
  /** What a healthy system never throws. */
  readonly errors: unknown[] = [];
  readonly struck = { crash: 0, pause: 0, loseWakeUps: 0 };
  readonly #alive: TestProcess[] = [];
  readonly #held: { readonly of: TestProcess; readonly call: HeldCall }[] = [];
  #seed = 0;
  #transactions = 0;

  constructor() {
    for (let n = 0; n < processes; n += 1) this.#alive.push(this.#boot());
  }

  async act(act: Act): Promise<void> {
    await this.#begin(act);
    await this.#quiet();
  }

  async #begin(act: Act): Promise<void> {
    switch (act.type) {
      case 'start': {
        const id = `t${act.actor}`;
        const machine = act.actor === 3 ? 'talker' : 'trip';
        const input = { id, shelf: act.actor === 1 ? 'refused' : 'done' };
        return this.#watch(
          this.#at(act.process).system.start({ machine, id, input, ...(act.until ? { until: 'accepted' } : {}) }),
        );
      }
      case 'advance':
        return this.#watch(this.#at(act.process).system.advance(`t${act.actor}`));
      case 'send':
        return this.#watch(this.#at(act.process).system.send(`t${act.actor}`, { type: act.event, to: 'told' }));
      case 'settle': {
        const [taken] = this.#held.splice(act.call % Math.max(1, this.#held.length), 1);
        return taken?.call.settle(answers[act.answer] ?? done());
      }
      case 'crash': {
        const dead = this.#replace(act.process);
        this.struck.crash += 1;
        // Its calls never come back.
        for (const held of this.#held.filter(({ of }) => of === dead)) this.#held.splice(this.#held.indexOf(held), 1);
        return;
      }
      case 'pause':
        this.#replace(act.process);
        this.struck.pause += 1;
        return;
      case 'loseWakeUps':
        this.struck.loseWakeUps += this.#at(act.process).published.splice(0).length;
        return;
      case 'work': {
        const { relay, published, system } = this.#at(act.process);
        await relay.runOnce();
        const ids = published.splice(0);
        for (const id of act.twice ? [...ids, ...ids] : ids) this.#watch(system.advance(id));
        return;
      }
      case 'pass':
        await runtime.advanceClock(act.ms);
        for (const { clock } of this.#alive) clock.pass(act.ms);
    }
  }

  /** A new process takes the place of one that is dead, or stopped and may yet wake up as a zombie. */
  #replace(index: number): TestProcess {
    const before = this.#at(index);
    this.struck.loseWakeUps += before.published.splice(0).length;
    this.#alive[index] = this.#boot();
    return before;
  }

  #boot(): TestProcess {
    const counted = (store: ActorStore<Tx>): ActorStore<Tx> => ({
      ...store,
      transaction: async (work) => {
        this.#transactions += 1;
        try {
          return await store.transaction(work);
        } finally {
          this.#transactions -= 1;
        }
      },
    });
    this.#seed += 1;
    // Every other process commits in two lanes and small batches.
    const limits = this.#seed % 2 === 0 ? { lanes: 2, maxBatch: 2 } : {};
    const booted = runtime.process({ seed: this.#seed, store: counted, limits });
    for (const effect of ['bank.pay', 'bank.undo']) booted.effects.rule(effect, () => 'hold');
    return booted;
  }

  #at(index: number): TestProcess {
    const found = this.#alive[index];
    if (!found) throw new Error(`no process ${index}`);
    return found;
  }

  /** Something under way, which may wait for a held call and need not end before the next act. */
  #watch(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.errors.push(error));
  }

  /** Until nobody is in a transaction any more: everything waits for a call, or for the next act. */
  async #quiet(): Promise<void> {
    for (let turns = 0; turns < 5; turns = this.#transactions === 0 ? turns + 1 : 0)
      await new Promise((resolve) => setImmediate(resolve));
    for (const of of this.#alive) for (const call of of.effects.takeHeld()) this.#held.push({ of, call });
  }
}

/** What must hold after every act: O1, G1, G2, G3, E1, and nobody parked by the runtime: nothing here is poisoned. */
async function mustHold(): Promise<void> {
  const { rows } = await runtime
    .pg()
    .query<{ id: string; parked_by: string | null; status: string; has_wake: boolean }>(
      `select id, parked_by, status, exists (select from actors.wake w where w.actor_id = a.id) as has_wake from actors.actor a`,
    );
  for (const row of rows) {
    expect(row).toMatchObject({ has_wake: row.status === 'active' && row.parked_by === null });
    expect(row.parked_by).not.toBe('runtime');
    await runtime.replayed(row.id);
  }
  const twice = await runtime.pg().query('select key from toy.applied group by key having count(*) > 1');
  expect(twice.rows).toEqual([]);
  const orphan = await runtime
    .pg()
    .query('select from actors.wake w where not exists (select from actors.actor a where a.id = w.actor_id)');
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
  const struck = { crash: 0, pause: 0, loseWakeUps: 0 };
  await fc.assert(
    fc.asyncProperty(
      fc.array(acts, { minLength: 20, maxLength: 60, size: 'max' }),
      fc.integer(),
      async (sequence, seed) => {
        await runtime.reset();
        const world = new World();
        for (const act of sequence) {
          await world.act(act);
          await mustHold();
        }
        await live(seeded(seed));
        await mustHold();
        expect(world.errors).toEqual([]);
        const { rows } = await runtime.pg().query(
          `select id, machine, state from actors.actor
         where status = 'active' and parked_by is null and machine not in ('inbox', 'talker')`,
        );
        expect(rows).toEqual([]);
        expect((await runtime.pg().query('select from actors.message')).rowCount).toBe(0);
        for (const fault of ['crash', 'pause', 'loseWakeUps'] as const) struck[fault] += world.struck[fault];
      },
    ),
    { numRuns: 30 },
  );
  // A run in which nothing happened proves nothing.
  expect(Math.min(...Object.values(struck))).toBeGreaterThan(0);
}, 240_000);
