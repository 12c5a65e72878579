/** Everything that one run is made of: the tables, the queue, the services, and the processes, which die and come back. */
import type { Observation } from '../../src/actors/index.ts';
import { stocks } from './books.ts';
import { watchCalls } from './calls.ts';
import { createFaults, type FaultKind } from './faults.ts';
import { createGateway } from './gateway.ts';
import { emptyTables, type Tables } from './memory-database.ts';
import { type SimulatedProcess, startProcess, type Surroundings } from './process.ts';
import { createQueue } from './queue.ts';
import { createScheduler, type Owner, type Scheduler } from './scheduler.ts';
import { createServices } from './services.ts';

export interface World {
  readonly scheduler: Scheduler;
  readonly tables: Tables;
  readonly around: Surroundings;
  readonly violations: readonly string[];
  readonly observed: Readonly<Partial<Record<Observation['type'], number>>>;
  /** When the faults end. */
  readonly healsAtMs: number;
  /** One of the processes. */
  readonly any: () => SimulatedProcess;
  /** Whether something has moved, here or at a service, since it was last asked. */
  readonly hasMoved: () => boolean;
}

const names = ['one', 'two', 'three'];
const restartMs = 3_000;
const hourMs = 3_600_000;
const shortMs = 60_000;
/** Time for an outage that outlasts all attempts of an effect. */
const longMs = 180_000;

export function createWorld(seed: number, without: readonly FaultKind[], onStep?: (line: string) => void): World {
  const scheduler = createScheduler(seed, onStep);
  const faults = createFaults(scheduler, without);
  const tables = emptyTables();
  const outside: Owner = { name: 'outside', isAlive: true, pausedUntilMs: 0 };
  const violations: string[] = [];
  const violated = (what: string): void => void violations.push(what);
  const observed: Partial<Record<Observation['type'], number>> = {};
  const processes = new Map<string, SimulatedProcess>();
  const outage = outageOf(scheduler, faults.strikes('service down for minutes', 0.25));
  const deadly = new Map<string, boolean>();
  let moved = false;
  const onMove = (): void => void (moved = true);
  const newId = idsOf(scheduler);
  const around: Surroundings = {
    scheduler,
    faults,
    tables,
    queue: createQueue(scheduler, faults),
    outside,
    newId,
    gateway: createGateway(newId),
    services: createServices(tables, scheduler.nowMs),
    form: scheduler.chance(0.5) ? 'local' : 'remote',
    clocksOffMs: scheduler.chance(0.5) ? hourMs : -hourMs,
    calls: watchCalls(scheduler.nowMs, violated),
    outage: () => !faults.isHealed() && outage.isOn(),
    deadly(key) {
      const isDeadly = deadly.get(key) ?? faults.strikes('killed by a call', 0.01);
      deadly.set(key, isDeadly);
      return isDeadly;
    },
    observe(observation) {
      observed[observation.type] = (observed[observation.type] ?? 0) + 1;
      checkDropped(tables, observation, violated);
    },
    committed: onMove,
    called: onMove,
    violated,
    kill(owner) {
      scheduler.kill(owner);
      const again = (): void => start(owner.name);
      void scheduler.park(outside, `${owner.name} starts again`, again, scheduler.below(restartMs));
    },
  };
  const start = (name: string): void => {
    const process = startProcess(name, around);
    processes.set(name, process);
    process.work();
  };
  for (const [productId, onHand] of stocks) tables.stock.set(productId, { productId, onHand, reserved: 0 });
  for (const name of names) start(name);
  return {
    scheduler,
    tables,
    around,
    violations,
    observed,
    healsAtMs: outage.isLong ? longMs : shortMs,
    any() {
      const found = processes.get(names[scheduler.below(names.length)] ?? '');
      if (!found) throw new Error('there are processes');
      return found;
    },
    hasMoved() {
      const was = moved;
      moved = false;
      return was;
    },
  };
}

function outageOf(scheduler: Scheduler, isLong: boolean): { readonly isLong: boolean; readonly isOn: () => boolean } {
  const fromMs = scheduler.below(20_000);
  const toMs = fromMs + 100_000 + scheduler.below(50_000);
  return { isLong, isOn: () => isLong && scheduler.nowMs() >= fromMs && scheduler.nowMs() < toMs };
}

/** G6: an outcome that is dropped must have lost its effect or its token, and neither ever comes back. */
function checkDropped({ actors }: Tables, observation: Observation, violated: (what: string) => void): void {
  if (observation.type !== 'outcome-fenced' && observation.type !== 'outcome-stale') return;
  const { actorId, effectId } = observation;
  const pending = actors.get(actorId)?.effects.find(({ id }) => id === effectId);
  if (pending && (observation.type === 'outcome-stale' || observation.token === pending.token))
    violated(`G6: an outcome of ${effectId} of ${actorId} was dropped, and was current`);
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
