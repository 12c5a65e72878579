/** How the system is doing, in one look that many may share. */
import type { Static } from '@sinclair/typebox';
import type { CommonQueryMethods } from 'slonik';
import type { ActorMachine } from '../actors/index.ts';
import { storeClock } from '../persistence/operations.ts';
import type { OrderStatus } from '../services/ledger/entry.ts';
import { statusAt } from '../services/ledger/order-events.ts';
import { livingProcesses } from './heartbeat.ts';
import { lastAudit } from './kept-audit.ts';
import { orderMachineId } from './order-machine.ts';
import { parkedGroups } from './parked-queries.ts';
import { parkedTitle } from './parked-title.ts';
import { openFindings, searches } from './reconciliation-state.ts';
import type { Overview } from './schemas.ts';
import { stepEffect } from './step-effect.ts';
import { type Minute, minutesShown, throughput, timeToCompleted } from './throughput.ts';
import { countStanding, maxLookedAt, whatIsDue } from './unfinished.ts';

export interface OverviewPorts {
  readonly pool: CommonQueryMethods;
  readonly machines: readonly ActorMachine[];
  readonly queue: {
    readonly backend: 'redis' | 'postgres';
    /** As last looked up; null while it is away. */
    waiting(): number | null;
  };
}

type OverviewBody = Static<typeof Overview>;

/** @returns takes the look; its queries are bounded, and read by index alone */
export function overviewOf({ pool, machines, queue }: OverviewPorts): () => Promise<OverviewBody> {
  const minutesUntil = throughput(pool);
  return async () => {
    const nowMs = await storeClock(pool);
    const minutes = await minutesUntil(nowMs);
    const [times, standing, due, processes] = await Promise.all([
      timeToCompleted(pool, nowMs - minutesShown * 60_000),
      countStanding(pool),
      whatIsDue(pool),
      livingProcesses(pool),
    ]);
    const [parked, findings, turns, audit] = await Promise.all([
      parkedGroups(pool),
      openFindings(pool),
      searches(pool),
      lastAudit(pool),
    ]);
    return {
      at: instant(nowMs),
      minutes: minutes.map(({ atMs, ...counts }) => ({ at: instant(atMs), ...counts })),
      ended: endedIn(minutes, times),
      unfinished: unfinishedBy(machines, standing),
      parked: parked.map((group) => ({
        cause: group.cause,
        title: parkedTitle(machines, group),
        actors: group.actors,
      })),
      due: { rows: due.rows, oldest_ms: due.oldest_ms === null ? null : Math.max(0, due.oldest_ms) },
      queue: { backend: queue.backend, waiting: queue.waiting() },
      processes: processes.map(({ started_at, seen_at, ...process }) => ({
        ...process,
        started_at: instant(started_at),
        seen_at: instant(seen_at),
      })),
      roles: rolesFilled(processes),
      reconciliation: {
        open: [...findings],
        searches: turns.map(({ next_at, ...search }) => ({
          ...search,
          next_at: next_at === null ? null : instant(next_at),
        })),
      },
      audit: audit && auditBody(audit),
    };
  };
}

function endedIn(
  minutes: readonly Minute[],
  times: { readonly p50: number | null; readonly p95: number | null },
): OverviewBody['ended'] {
  const sum = (of: keyof Minute): number => minutes.reduce((total, minute) => total + minute[of], 0);
  const [completed, failed] = [sum('completed'), sum('failed')];
  return {
    completed,
    failed,
    cancelled: sum('cancelled'),
    declined: sum('declined'),
    success_rate: completed + failed === 0 ? null : completed / (completed + failed),
    time_to_completed_ms: times,
  };
}

type Standing = Awaited<ReturnType<typeof countStanding>>[number];

function unfinishedBy(machines: readonly ActorMachine[], standing: readonly Standing[]): OverviewBody['unfinished'] {
  const byStatus = new Map<OrderStatus, number>();
  const byEffect = new Map<string, number>();
  for (const { version, state, is_parked, is_retrying, orders } of standing) {
    const machine = machines.find((one) => one.id === orderMachineId && one.version === version);
    const status = is_parked ? 'NEEDS_ATTENTION' : machine && statusAt(machine.config, state);
    if (status) byStatus.set(status, (byStatus.get(status) ?? 0) + orders);
    const effect = is_retrying ? ((machine && stepEffect(machine, state)) ?? state) : null;
    if (effect !== null) byEffect.set(effect, (byEffect.get(effect) ?? 0) + orders);
  }
  const all = standing.reduce((total, { orders }) => total + orders, 0);
  return {
    is_partial: all >= maxLookedAt,
    orders: [...byStatus].map(([status, orders]) => ({ status, orders })),
    retrying: [...byEffect].map(([effect, orders]) => ({ effect, orders })),
    compensating: byStatus.get('COMPENSATING') ?? 0,
    stuck: standing.reduce((total, { is_stuck, orders }) => total + (is_stuck ? orders : 0), 0),
  };
}

/** What it takes for orders to be placed and to move. Every worker relays too. */
const neededRoles = ['edge', 'orders', 'inventory', 'payments', 'worker', 'relay', 'console'] as const;

function rolesFilled(processes: readonly { readonly roles: readonly string[] }[]): OverviewBody['roles'] {
  return neededRoles.map((role) => ({
    role,
    processes: processes.filter(({ roles }) => roles.includes(role) || (role === 'relay' && roles.includes('worker')))
      .length,
  }));
}

function auditBody(audit: NonNullable<Awaited<ReturnType<typeof lastAudit>>>): OverviewBody['audit'] {
  const broken = audit.checks.filter(({ findings }) => findings > 0);
  return {
    at: instant(audit.at),
    clean: audit.is_clean,
    is_live: audit.is_live,
    actors: audit.actors,
    transitions: audit.transitions,
    broken,
    holds: audit.checks.length - broken.length,
  };
}

const instant = (ms: number): string => new Date(ms).toISOString();
