/** What was seen of a run besides its faults and verdicts. */
import type { SystemRecords } from '../support/system-records.ts';
import type { Counters } from './counters.ts';
import type { Customers } from './customers.ts';
import { faults } from './profiles.ts';
import type { System } from './system.ts';

/** Outcomes that came from somebody whose lease had gone to another. */
export const droppedFigure = 'outcomes of zombies dropped';

/** What the gateway did to calls because their token said so. */
export async function countScenarios({ query }: SystemRecords, counters: Counters): Promise<void> {
  const [row] = await query<{ n: number }>(`
    select (coalesce((select sum(struck) from payments.fault), 0)
      + (select count(*) from payments.payment where on_capture = 'time_out' and captured_cents > 0))::int4 as n`);
  counters.add(faults.scenario, row?.n ?? 0);
}

/** Orders that the system accepted, however they ended. */
export const ordersFigure = 'orders';

export interface Ended {
  readonly system: System;
  readonly records: SystemRecords;
  readonly customers: Customers;
  readonly drainedMs: number;
}

export async function figuresOf({ system, records, customers, drainedMs }: Ended): Promise<Map<string, number>> {
  await Promise.all(system.members.map((member) => member.look()));
  const counted = (metric: string): number => system.members.reduce((sum, member) => sum + member.counted(metric), 0);
  const { history } = customers;
  const sum = (of: (order: Customers['history'][number]) => number): number =>
    history.reduce((total, order) => total + of(order), 0);
  const statuses = Object.entries(await records.statuses());
  return new Map([
    [ordersFigure, statuses.reduce((total, [, n]) => total + n, 0)],
    ['keys that customers sent', history.length],
    ['requests: sent', sum(({ invoked }) => invoked)],
    ['requests: ok', sum(({ ok }) => ok.length)],
    ...[...customers.refusals].map(([code, n]): [string, number] => [`requests: fail for now, ${code}`, n]),
    ['requests: unknown, no answer', sum(({ unknown }) => unknown)],
    ['cancellations', sum(({ cancelled }) => cancelled.length)],
    ...statuses.map(([status, n]): [string, number] => [`orders ${status}`, n]),
    ['leases that ran out', counted('leases_expired_total')],
    ['outcomes fenced', counted('effect_outcomes_fenced_total')],
    ['outcomes stale', counted('effect_outcomes_stale_total')],
    [droppedFigure, counted('effect_outcomes_fenced_total') + counted('effect_outcomes_stale_total')],
    [
      'starts given up, for want of Postgres or the queue',
      system.members.reduce((n, member) => n + member.falseStarts(), 0),
    ],
    ['commits tried again', counted('commits_retried_total')],
    ['seconds from the last fault to the last order', Math.round(drainedMs / 1_000)],
  ]);
}
