/** One run: a dozen orders, processes that die, lines that lose; then all is well again, and everything must end. */
import type { ActorSystem, Observation } from '../../src/actors/index.ts';
import { stocks } from './books.ts';
import { checkEnd, isAtRest } from './check-end.ts';
import { checkOutbox, checkWork, maxLieMs } from './check-due.ts';
import { checkMoney } from './check-money.ts';
import { type Market, type Order, shop } from './customers.ts';
import type { FaultKind } from './faults.ts';
import type { Tables } from './memory-database.ts';
import { operate } from './operator.ts';
import { leaseMarginMs, type SimulatedProcess } from './process.ts';
import { type Scheduler, turn } from './scheduler.ts';
import { talk } from './talk.ts';
import { createWorld, type World } from './world.ts';

export interface Run {
  readonly seed: number;
  readonly orders: number;
  readonly violations: readonly string[];
  readonly ends: Readonly<Record<string, number>>;
  readonly struck: Readonly<Record<FaultKind, number>>;
  readonly observed: Readonly<Partial<Record<Observation['type'], number>>>;
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

/** From the last fault on everything must end within this (L2). */
const endsWithinMs = 120_000;
/** Requests that were held may come this late. */
const lateMs = 30_000;
/** A run takes about a thousand. */
const maxSteps = 20_000;

export async function simulate(seed: number, { orders = 12, without = [], onStep }: RunOptions = {}): Promise<Run> {
  const world = createWorld(seed, without, onStep);
  const { scheduler, tables, violations, around } = world;
  const market = marketOf(world);
  for (let n = 0; n < orders; n += 1) void shop(market, orderOf(n, scheduler));
  const anySystem = (): ActorSystem => world.any().system;
  void talk(scheduler, market.sleep, anySystem);
  void operate(market, around.gateway);
  void strikeNowAndThen(world);
  void lookForDue(world);
  await runToTheEnd(world);
  await turn();
  if (violations.length === 0) {
    for (const [key, answer] of market.told)
      if (!tables.keys.has(key)) around.violated(`L1: ${key} was told ${answer}, and is not there`);
    checkEnd(tables, around.gateway, stocks, around.violated);
  }
  return {
    seed,
    orders,
    violations,
    ends: countBy(
      [...tables.actors.values()].filter(({ machine }) => machine === 'order'),
      ({ path }) => path,
    ),
    struck: around.faults.struck,
    observed: world.observed,
    steps: scheduler.steps(),
    virtualMs: scheduler.nowMs(),
    fingerprint: scheduler.fingerprint(),
  };
}

async function runToTheEnd({ scheduler, around, tables, violations, healsAtMs, hasMoved }: World): Promise<void> {
  const { faults } = around;
  while (violations.length === 0) {
    if (!faults.isHealed() && scheduler.nowMs() >= healsAtMs) faults.heal();
    if (faults.isHealed() && isOver(tables, scheduler.nowMs() - healsAtMs)) return;
    if (scheduler.steps() >= maxSteps) return around.violated(`L2: it goes round in circles`);
    if (!(await scheduler.step())) return;
    if (hasMoved()) checkMoney(tables, around.gateway, around.violated);
  }
}

const isOver = (tables: Tables, sinceMs: number): boolean =>
  sinceMs >= endsWithinMs ||
  (sinceMs >= lateMs && tables.messages.size === 0 && tables.actors.values().every(isAtRest));

function marketOf({ scheduler, tables, any, around }: World): Market {
  const { outside, violated } = around;
  const sleep = (ms: number, signal?: AbortSignal): Promise<void> => scheduler.sleep(outside, ms, signal);
  return { scheduler, tables, any, sleep, violated, told: new Map(), isRush: scheduler.chance(0.5) };
}

async function strikeNowAndThen({ scheduler, around, any }: World): Promise<void> {
  const { faults, queue, outside } = around;
  while (!faults.isHealed()) {
    await scheduler.sleep(outside, 200 + scheduler.below(2_000));
    const { owner }: SimulatedProcess = any();
    if (owner.isAlive && faults.strikes('process killed', 0.1)) around.kill(owner);
    if (faults.strikes('process paused past its lease', 0.1))
      owner.pausedUntilMs = scheduler.nowMs() + 5_000 + leaseMarginMs + scheduler.below(10_000);
    if (faults.strikes('queue wiped', 0.05)) queue.wipe();
  }
}

const lookEveryMs = 5_000;

async function lookForDue({ scheduler, around, tables, healsAtMs }: World): Promise<void> {
  for (;;) {
    await scheduler.sleep(around.outside, lookEveryMs);
    const nowMs = scheduler.nowMs();
    checkOutbox(tables, nowMs, around.violated);
    if (nowMs > healsAtMs + maxLieMs) checkWork(tables, nowMs, around.violated);
  }
}

const tokens = ['tok', 'tok', 'tok', 'tok', 'tok', 'tok_decline_stolen', 'tok_capture_declined', 'tok_auth_expires'];

function orderOf(n: number, scheduler: Scheduler): Order {
  const productId = [...stocks.keys()][scheduler.below(stocks.size)] ?? '';
  const quantity = 1 + scheduler.below(3);
  const unitPriceCents = 100 + scheduler.below(900);
  const totalCents = quantity * unitPriceCents;
  const items = [{ productId, quantity, unitPriceCents }];
  const input = { userId: '00000000-0000-7000-8000-000000000042', currency: 'USD', totalCents, items };
  return { key: `key-${n}`, token: tokens[scheduler.below(tokens.length)] ?? 'tok', totalCents, input };
}

function countBy<T>(list: readonly T[], of: (one: T) => string): Record<string, number> {
  return Object.fromEntries([...Map.groupBy(list, of)].map(([name, group]) => [name, group.length]));
}
