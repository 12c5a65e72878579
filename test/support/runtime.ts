/**
 * The runtime over the real Postgres store, with toy machines: a store clock that the test moves, effects that it
 * answers, wake-ups that it records. Several processes over one database are several systems with nothing in common.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Type } from '@sinclair/typebox';
import { beforeAll, beforeEach } from 'vitest';
import {
  type ActorMachine,
  type ActorRow,
  type ActorStore,
  type ActorSystem,
  createActorSystem,
  type Companion,
  type Migration,
  type Observation,
  type Participant,
  type Projection,
  replay,
  type SettledOutcome,
  type SystemLimits,
} from '../../src/actors/index.ts';
import { actorStore } from '../../src/persistence/actor-store.ts';
import { outbox } from '../../src/persistence/outbox.ts';
import type { DatabasePool, Tx } from '../../src/persistence/pool.ts';
import { row, sql } from '../../src/persistence/sql.ts';
import { type Relay, relay } from '../../src/queue/relay.ts';
import { type TestDatabase, useDatabase } from './database.ts';
import { type ScriptedEffects, scriptedEffects } from './scripted-effects.ts';
import { toyMachines } from './toys.ts';
import { type VirtualProcess, virtualProcess } from './virtual-process.ts';

export const redeliveryMs = 5_000;
export const leaseMarginMs = 1_000;
/** Where the store's clock stands when a test begins. */
export const startMs = Date.UTC(2027, 0, 1);

export interface TestProcess {
  readonly system: ActorSystem;
  readonly effects: ScriptedEffects;
  readonly observations: readonly Observation[];
  /** Ids of the wake-ups published so far, doubled ones too. */
  readonly published: string[];
  /** Stands still for what may end earlier; the short wait before another look, or try, passes by itself. */
  readonly clock: VirtualProcess;
  readonly relay: Relay;
  readonly pool: DatabasePool;
  seen<T extends Observation['type']>(type: T): readonly (Observation & { readonly type: T })[];
  /** One round of a worker: claims what is due in the outbox, then advances every actor that was published. */
  work(): Promise<number>;
}

export interface ProcessOptions {
  readonly store?: (store: ActorStore<Tx>) => ActorStore<Tx>;
  readonly machines?: readonly ActorMachine[];
  readonly migrations?: readonly Migration[];
  readonly limits?: Partial<SystemLimits>;
  readonly pool?: DatabasePool;
  /** Whether the queue takes wake-ups. */
  readonly takes?: () => boolean;
  readonly seed?: number;
}

export interface TestRuntime extends TestDatabase {
  /** Empties the tables and sets the clock back, as before every test. */
  reset(): Promise<void>;
  process(options?: ProcessOptions): TestProcess;
  nowMs(): Promise<number>;
  advanceClock(ms: number): Promise<void>;
  actor(id: string): Promise<ActorRow | null>;
  /** When the actor is next looked at, in ms from the start of the test; `undefined` without a wake row. */
  wake(id: string): Promise<{ readonly inMs: number; readonly redeliveries: number } | undefined>;
  /** Events waiting for an actor. */
  messages(id: string): Promise<readonly unknown[]>;
  /** Effect keys that the local participant applied, one entry per application. */
  applied(id: string): Promise<readonly string[]>;
  /** Replays the log of an actor; its revisions must be gapless and its end the stored snapshot (G1, G2, G3). */
  replayed(id: string): Promise<void>;
}

/** Call it at the top of a file or a `describe`. Every test begins with empty tables and the same clock. */
export function useRuntime(): TestRuntime {
  const database = useDatabase({ maxConnections: 20 });
  beforeAll(async () => {
    await database.pg().query(toySchema);
  });
  const reset = async (): Promise<void> => {
    await database.pg()
      .query(`truncate actors.actor, actors.ended, actors.transition, actors.wake, actors.message, toy.applied, toy.accepted,
      toy.status; update toy.clock set at = actors.from_ms(${startMs})`);
  };
  beforeEach(reset);
  const rows = async (text: string, values: readonly unknown[]): Promise<Record<string, never>[]> =>
    (await database.pg().query(text, [...values])).rows as Record<string, never>[];
  const actor = async (id: string): Promise<ActorRow | null> =>
    (await actorStore(database.pool()).read([id]))[0] ?? null;
  return {
    ...database,
    reset,
    actor,
    process: (options) => testProcess(options?.pool ?? database.pool(), options ?? {}),
    nowMs: async () => Number((await rows('select actors.to_ms(at) as ms from toy.clock', []))[0]?.['ms']),
    advanceClock: async (ms) => void (await rows(`update toy.clock set at = at + $1 * interval '1 millisecond'`, [ms])),
    async wake(id) {
      const [found] = await rows(
        'select actors.to_ms(due_at) as ms, redeliveries from actors.wake where actor_id = $1',
        [id],
      );
      return found && { inMs: Number(found['ms']) - startMs, redeliveries: Number(found['redeliveries']) };
    },
    messages: async (id) =>
      (await rows('select event from actors.message where target_id = $1 order by id', [id])).map(({ event }) => event),
    applied: async (id) =>
      (await rows('select key from toy.applied where actor_id = $1 order by n', [id])).map(({ key }) => String(key)),
    async replayed(id) {
      const stored = await actor(id);
      const log = await actorStore(database.pool()).history(id, { afterRevision: 0, limit: 10_000 });
      assertReplay(stored, log);
    },
  };
}

function assertReplay(stored: ActorRow | null, log: Awaited<ReturnType<ActorSystem['history']>>): void {
  if (!stored) throw new Error('no such actor');
  const machine = toyMachines.find(({ id }) => id === stored.machine);
  if (!machine) throw new Error(`no toy is named ${stored.machine}`);
  let step: ReturnType<typeof replay> | null = null;
  for (const [i, record] of log.entries()) {
    if (record.revision !== i + 1) throw new Error(`${stored.id}: revision ${record.revision} at place ${i + 1}`);
    if (record.from !== (step?.view.path ?? null)) throw new Error(`${stored.id}@${record.revision} starts elsewhere`);
    step = replay(machine, step?.state ?? null, record.event);
  }
  if (log.length !== stored.revision)
    throw new Error(`${stored.id}: ${log.length} lines for revision ${stored.revision}`);
  const replayed = JSON.stringify(sorted(step?.snapshot));
  const kept = JSON.stringify(sorted(stored.snapshot));
  if (replayed !== kept) throw new Error(`${stored.id} replays to ${replayed}, stored is ${kept}`);
}

/** jsonb forgets the order of keys. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}

function testProcess(pool: DatabasePool, options: ProcessOptions): TestProcess {
  const effects = scriptedEffects(['bank.pay', 'bank.undo']);
  const observations: Observation[] = [];
  const published: string[] = [];
  const clock = virtualProcess(options.seed);
  const takes = options.takes ?? (() => true);
  const wakeUps = {
    room: () => Promise.resolve(takes() ? 1_000 : 0),
    isFull: () => !takes(),
    publish: (ids: readonly string[]) => Promise.resolve(takes() && published.push(...ids) > 0),
  };
  const store = actorStore(pool);
  const system = createActorSystem<Tx>({
    machines: options.machines ?? toyMachines,
    migrations: options.migrations ?? [],
    participants: [shelf],
    remoteEffects: effects.handlers,
    companions: [accept],
    projections: { trip: status, parcel: status },
    store: options.store ? options.store(store) : store,
    wakeUps,
    feed: { subscribe: () => () => undefined },
    observer: { observe: (observation) => void observations.push(observation) },
    process: { ...clock, delay: (ms, signal) => (signal ? clock.delay(ms, signal) : sleep(ms)) },
    limits: { leaseMarginMs, redeliveryMs, maxBatch: 256, lanes: 1, ...options.limits },
  });
  const relaying = relay({
    outbox: outbox(pool),
    wakeUps,
    redeliveryMs,
    delay: (ms, signal) => clock.delay(ms, signal),
    onError: (error) => {
      throw error;
    },
  });
  return {
    system,
    effects,
    observations,
    published,
    clock,
    relay: relaying,
    pool,
    seen: (type) => observations.filter((observation) => observation.type === type) as never,
    async work() {
      await relaying.runOnce();
      const ids = new Set(published.splice(0));
      await Promise.all([...ids].map((id) => system.advance(id)));
      return ids.size;
    },
  };
}

const toySchema = `
  create schema toy;
  create table toy.clock (at timestamptz not null);
  insert into toy.clock values ('2027-01-01Z');
  create or replace function actors.clock() returns timestamptz language sql volatile as 'select at from toy.clock';
  create table toy.applied (n int generated always as identity, actor_id text not null, key text not null);
  create table toy.accepted (actor_id text primary key, payload jsonb not null);
  create table toy.status (actor_id text primary key, revision int not null, path text not null, poison bool not null check (not poison));`;

/** The local participant: refuses or breaks as the input says. */
const shelf: Participant<Tx> = {
  name: 'shelf',
  effects: ['shelf.take'],
  async apply(tx, requests): Promise<readonly SettledOutcome[]> {
    const wishes = requests.map(({ input }) => (input as { shelf: string }).shelf);
    if (wishes.includes('throw')) throw new Error('the shelf broke');
    await tx.query(sql.typeAlias('void')`
      insert into toy.applied (actor_id, key) select * from ${sql.unnest(
        requests.map(({ actorId, key }) => [actorId, key]),
        ['text', 'text'],
      )}`);
    return wishes.map((wish) => ({ type: wish === 'refused' ? 'refused' : 'done', value: {} }));
  },
};

export interface AcceptPayload {
  readonly answer?: 'refused' | 'exists';
  readonly note: string;
}

const accept: Companion<Tx, AcceptPayload> = {
  name: 'toy.accept',
  async write(tx, entries) {
    const written = entries.filter(({ payload }) => payload.answer === undefined);
    await tx.query(sql.typeAlias('void')`
      insert into toy.accepted (actor_id, payload) select * from ${sql.unnest(
        written.map(({ actorId, payload }) => [actorId, JSON.stringify(payload)]),
        ['text', 'jsonb'],
      )}`);
    return entries.map(({ payload }) =>
      payload.answer ? { type: payload.answer, detail: { note: payload.note } } : { type: 'written' },
    );
  },
};

const status: Projection<Tx> = async (tx, transitions) => {
  await tx.query(sql.type(row(Type.Object({})))`
    insert into toy.status (actor_id, revision, path, poison) select * from ${sql.unnest(
      transitions.map(({ actorId, revision, to, context }) => [
        actorId,
        revision,
        to.path,
        (context as { poison?: boolean }).poison === true && revision > 1,
      ]),
      ['text', 'int4', 'text', 'bool'],
    )} on conflict (actor_id) do update set revision = excluded.revision, path = excluded.path, poison = excluded.poison`);
};
