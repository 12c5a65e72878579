/** Postgres's own figures as metrics. */
import type { BatchObservableResult, Meter } from '@opentelemetry/api';
import type { PostgresFigures } from '../persistence/postgres-figures.ts';

export function postgresGauges(meter: Meter) {
  const counter = (name: string, description: string) => meter.createObservableCounter(name, { description });
  const gauge = (name: string, description: string) => meter.createObservableGauge(name, { description });
  const transactions = counter('postgres_transactions_total', 'Transactions of this database, by how they ended');
  const deadlocks = counter('postgres_deadlocks_total', 'Deadlocks in this database');
  const connections = gauge('postgres_connections', 'Connections to this database, of everybody');
  const size = gauge('postgres_database_size_bytes', 'Size of this database on disk');
  const deadRows = gauge('postgres_dead_rows', 'Rows that wait for vacuum, by table');
  const updates = counter('postgres_updates_total', 'Updated rows by table; hot ones touched no index');
  return {
    instruments: [transactions, deadlocks, connections, size, deadRows, updates],
    show(result: BatchObservableResult, figures: PostgresFigures): void {
      result.observe(transactions, figures.commits, { outcome: 'commit' });
      result.observe(transactions, figures.rollbacks, { outcome: 'rollback' });
      result.observe(deadlocks, figures.deadlocks);
      result.observe(connections, figures.connections);
      result.observe(size, figures.sizeBytes);
      for (const { table, ...rows } of figures.tables) {
        result.observe(deadRows, rows.deadRows, { table });
        result.observe(updates, rows.hotUpdates, { table, hot: 'true' });
        result.observe(updates, rows.updates - rows.hotUpdates, { table, hot: 'false' });
      }
    },
  };
}
