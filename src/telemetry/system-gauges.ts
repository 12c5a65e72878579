/** Gauges of the whole system, read from its database when somebody asks; every process shows the same. */
import type { BatchObservableResult, Meter } from '@opentelemetry/api';
import type { Figures, StuckAfter } from '../persistence/figures.ts';
import type { PostgresFigures } from '../persistence/postgres-figures.ts';
import type { ChartFacts } from './chart-facts.ts';
import { postgresGauges } from './postgres-gauges.ts';

export interface SystemFigures extends Figures {
  readonly stock: { readonly onHand: number; readonly reserved: number };
  readonly postgres: PostgresFigures;
}

export interface SystemGaugePorts {
  readonly read: (stuckAfter: readonly StuckAfter[]) => Promise<SystemFigures>;
  readonly facts: ChartFacts;
  readonly monotonicMs: () => number;
  readonly onError: (error: Error) => void;
}

/** Figures are no older than this where reading them is cheap. */
const minAgeMs = 5_000;
/** Where it is not, reading takes at most a twentieth of the time. */
const restShare = 20;
/** An actor that stays for ten times what its state should take, and for longer than any wait between attempts, is stuck. */
const stuckFactor = 10;
const minStuckMs = 120_000;

/** @param meter from a provider that has been started */
export function systemGauges(meter: Meter, ports: SystemGaugePorts): void {
  const gauge = (name: string, description: string) => meter.createObservableGauge(name, { description });
  const actors = gauge('actors_unfinished', 'Unfinished actors, by machine and state');
  const parked = gauge('actors_parked', 'Actors that wait for a person, by machine and reason');
  const stuck = gauge('actors_stuck', 'Actors that have been in a state for far longer than it should take');
  const dueRows = gauge('outbox_due_rows', 'Rows of the outbox that are due and that no relay has claimed');
  const dueAge = gauge('outbox_due_age_seconds', 'For how long the first of them has been due');
  const unanswered = gauge(
    'wake_ups_unanswered',
    'Actors whose wake-up was published three times, and nobody moved them',
  );
  const up = gauge('database_up', 'Whether the last reading of these figures got an answer');
  const stock = gauge('inventory_stock_units', 'Pieces on hand and reserved, of all products');
  const postgres = postgresGauges(meter);
  const stuckAfter = ports.facts.deadlines().map(({ machine, path, expectedMs }) => ({
    machine,
    path,
    afterMs: Math.max(minStuckMs, stuckFactor * expectedMs),
  }));
  let figures: SystemFigures | null = null;
  let nextAtMs = -Infinity;
  let reading: Promise<void> | null = null;

  const read = async (): Promise<void> => {
    const begunMs = ports.monotonicMs();
    try {
      figures = await ports.read(stuckAfter);
    } catch (error) {
      // Old figures would say that all is as it was.
      figures = null;
      ports.onError(error instanceof Error ? error : new Error(String(error)));
    }
    const tookMs = ports.monotonicMs() - begunMs;
    nextAtMs = begunMs + Math.max(minAgeMs, restShare * tookMs);
    reading = null;
  };
  const show = (result: BatchObservableResult): void => {
    result.observe(up, figures ? 1 : 0);
    if (!figures) return;
    const { occupancy, due } = figures;
    for (const { machine, state, ...counts } of occupancy) {
      result.observe(actors, counts.actors, { machine, state });
      result.observe(stuck, counts.stuck, { machine, state });
      result.observe(parked, counts.parkedByMachine, { machine, reason: state });
    }
    for (const [machine, group] of Map.groupBy(occupancy, (line) => line.machine)) {
      const byRuntime = group.reduce((sum, { parkedByRuntime }) => sum + parkedByRuntime, 0);
      result.observe(parked, byRuntime, { machine, reason: 'runtime' });
    }
    result.observe(dueRows, due.rows);
    result.observe(dueAge, due.oldestSeconds);
    result.observe(unanswered, due.unanswered);
    result.observe(stock, figures.stock.onHand, { kind: 'on_hand' });
    result.observe(stock, figures.stock.reserved, { kind: 'reserved' });
    postgres.show(result, figures.postgres);
  };
  meter.addBatchObservableCallback(
    async (result) => {
      if (ports.monotonicMs() >= nextAtMs) await (reading ??= read());
      show(result);
    },
    [actors, parked, stuck, dueRows, dueAge, unanswered, up, stock, ...postgres.instruments],
  );
}
