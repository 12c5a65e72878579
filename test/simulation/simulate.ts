/** One run: a dozen orders, processes that die, a line that loses; then all is well again, and everything must end. */
import type { Json, Observation } from '../../src/actors/index.ts';
import type { Accepted } from './books.ts';
import { createFaults, type FaultKind } from './faults.ts';
import { createGateway } from './gateway.ts';
import { checkEnd, checkMoney } from './invariants.ts';
import { emptyTables, type Tables } from './memory-database.ts';
import { leaseMarginMs, type SimulatedProcess, startProcess, type Surroundings } from './process.ts';
import { createQueue } from './queue.ts';
import { createScheduler, type Owner, type Scheduler } from './scheduler.ts';

export interface Run {
  readonly seed: number;
  readonly orders: number;
  readonly violations: readonly string[];
  readonly ends: Readonly<Record<string, number>>;
  readonly struck: Readonly<Record<FaultKind, number>>;
  readonly observed: Readonly<Record<string, number>>;
  readonly steps: number;
  readonly virtualMs: number;
  readonly fingerprint: string;
}

export interface RunOptions {
  readonly orders?: number;
  /** Faults that do not strike in this run. */
  readonly without?: readonly FaultKind[];
  readonly onStep?: (line: string) => void;
}

/** Faults strike until here; from here on everything must end within `endsWithinMs` (L2). */
const healsAtMs = 60_000;
const endsWithinMs = 120_000;
const arrivalsMs = 20_000;
const maxSteps = 200_000;

export async function simulate(seed: number, { orders = 12, without = [], onStep }: RunOptions = {}): Promise<Run> {
  const world = createWorld(seed, without, onStep);
  const { scheduler, faults, around, tables, violations } = world;
  for (let n = 0; n < orders; n += 1) void world.shop(n);
  world.mischief();
  let healed = false;
  while (violations.length === 0 && scheduler.steps() < maxSteps) {
    if (!healed && scheduler.nowMs() >= healsAtMs) {
      healed = true;
      faults.heal();
    }
    if (healed && isOver(tables, scheduler.nowMs())) break;
    if (!(await scheduler.step())) break;
    checkMoney(tables, around.gateway, around.violated);
  }
  if (violations.length === 0) world.end();
  return {
    seed,
    orders,
    violations,
    ends: countBy(
      [...tables.actors.values()].filter(({ machine }) => machine === 'order'),
      ({ path }) => path,
    ),
    struck: faults.struck,
    observed: world.observed,
    steps: scheduler.steps(),
    virtualMs: scheduler.nowMs(),
    fingerprint: scheduler.fingerprint(),
  };
}

const isAtRest = (tables: Tables): boolean =>
  tables.messages.size === 0 &&
  [...tables.actors.values()].every((row) => row.snapshot.status === 'done' || row.parked !== null);

const isOver = (tables: Tables, nowMs: number): boolean =>
  nowMs >= healsAtMs + endsWithinMs || (nowMs >= healsAtMs + 10_000 && isAtRest(tables));

function createWorld(seed: number, without: readonly FaultKind[], onStep?: (line: string) => void) {
  const scheduler = createScheduler(seed, onStep);
  const faults = createFaults(scheduler, without);
  const tables = emptyTables();
  const queue = createQueue(scheduler, faults);
  const outside: Owner = { name: 'outside', isAlive: true, pausedUntilMs: 0 };
  const violations: string[] = [];
  const observed: Record<string, number> = {};
  const newId = idsOf(scheduler);
  const processes = new Map<string, SimulatedProcess>();
  const around: Surroundings = {
    scheduler,
    faults,
    tables,
    queue,
    gateway: createGateway(newId),
    outside,
    newId,
    observe: ({ type }: Observation) => void (observed[type] = (observed[type] ?? 0) + 1),
    violated: (what) => void violations.push(what),
    kill: (owner) => {
      scheduler.kill(owner);
      void scheduler.park(outside, `${owner.name} starts again`, () => start(owner.name), scheduler.below(3_000));
    },
  };
  const start = (name: string): void => {
    const process = startProcess(name, around);
    processes.set(name, process);
    process.work();
  };
  for (const name of ['one', 'two', 'three']) start(name);
  for (const [id, onHand] of stocks) tables.stock.set(id, { productId: id, onHand, reserved: 0 });
  const any = (): SimulatedProcess => {
    const all = [...processes.values()];
    const found = all[scheduler.below(all.length)];
    if (!found) throw new Error('there are processes');
    return found;
  };
  const sleep = (ms: number): Promise<void> => scheduler.sleep(outside, ms);
  const told = new Map<string, string>();
  return {
    scheduler,
    faults,
    tables,
    around,
    violations,
    observed,
    /** One customer: orders, asks again under the same key when no answer comes, may cancel; an operator retries what parks. */
    async shop(n: number): Promise<void> {
      const order = orderOf(n, scheduler);
      await sleep(scheduler.below(arrivalsMs));
      if (scheduler.chance(0.25)) void cancelLater(order.key);
      for (let request = 0; request < 8; request += 1) {
        const answered = await askFor(any(), order);
        if (answered === null) continue;
        const before = told.get(order.key);
        if (before !== undefined && before !== answered)
          around.violated(`A2: ${order.key} was told ${before}, then ${answered}`);
        told.set(order.key, answered);
        if (scheduler.chance(0.7)) return;
      }
    },
    mischief() {
      void strikeNowAndThen();
      void operate();
    },
    end() {
      for (const [key, answer] of told)
        if (!tables.keys.has(key)) around.violated(`L1: ${key} was told ${answer}, and is not there`);
      for (const row of tables.actors.values())
        if (row.snapshot.status !== 'done' && row.parked === null)
          around.violated(`L2: ${row.id} is still in ${row.path} ${endsWithinMs} ms after the last fault`);
      checkEnd(tables, around.gateway, around.violated);
    },
  };

  /** @returns null when no answer came in time */
  async function askFor(edge: SimulatedProcess, order: Accepted & { readonly input: Json }): Promise<string | null> {
    const overdue = new AbortController();
    const answer = await Promise.race([
      edge.place(order).then(
        (placed) => `${placed.orderId} ${placed.answer}`,
        () => null,
      ),
      scheduler.sleep(outside, 10_000, overdue.signal).then(() => null),
    ]);
    overdue.abort();
    return answer;
  }

  async function cancelLater(key: string): Promise<void> {
    await sleep(scheduler.below(30_000));
    const id = tables.keys.get(key);
    if (id !== undefined)
      await any()
        .system.send(id, { type: 'CANCEL' })
        .catch(() => {});
  }

  async function operate(): Promise<void> {
    for (;;) {
      await sleep(5_000 + scheduler.below(10_000));
      const parked = [...tables.actors.values()].filter((row) => row.parked?.by === 'machine');
      for (const { id } of parked)
        await Promise.race([
          any()
            .system.send(id, { type: 'RETRY' })
            .catch(() => {}),
          sleep(1_000),
        ]);
    }
  }

  async function strikeNowAndThen(): Promise<void> {
    while (!faults.isHealed()) {
      await sleep(200 + scheduler.below(2_000));
      const { owner } = any();
      if (owner.isAlive && faults.strikes('process killed', 0.1)) around.kill(owner);
      if (faults.strikes('process paused past its lease', 0.1))
        owner.pausedUntilMs = scheduler.nowMs() + 5_000 + leaseMarginMs + scheduler.below(10_000);
      if (faults.strikes('queue wiped', 0.05)) queue.wipe();
    }
  }
}

const stocks: readonly (readonly [string, number])[] = [
  ['00000000-0000-7000-8000-00000000a001', 100],
  ['00000000-0000-7000-8000-00000000a002', 8],
];
const tokens = ['tok', 'tok', 'tok', 'tok', 'tok', 'tok_decline_stolen', 'tok_capture_declined', 'tok_auth_expires'];

function orderOf(n: number, scheduler: Scheduler): Accepted & { readonly input: Json } {
  const [productId] = stocks[scheduler.below(stocks.length)] ?? ['', 0];
  const quantity = 1 + scheduler.below(3);
  const unitPriceCents = 100 + scheduler.below(900);
  const totalCents = quantity * unitPriceCents;
  const items = [{ productId, quantity, unitPriceCents }];
  const input = { userId: '00000000-0000-7000-8000-000000000042', currency: 'USD', totalCents, items };
  return { key: `key-${n}`, token: tokens[scheduler.below(tokens.length)] ?? 'tok', totalCents, input };
}

/** UUIDs (v7 in form) that the seed decides. */
function idsOf(scheduler: Scheduler): () => string {
  let n = 0;
  return () => {
    n += 1;
    const tail = Math.floor(scheduler.random() * 0xffff_ffff)
      .toString(16)
      .padStart(8, '0');
    return `00000000-0000-7000-8000-${n.toString(16).padStart(4, '0')}${tail}`;
  };
}

function countBy<T>(list: readonly T[], of: (one: T) => string): Record<string, number> {
  return Object.fromEntries([...Map.groupBy(list, of)].map(([name, group]) => [name, group.length]));
}
