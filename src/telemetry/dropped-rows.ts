/** Counts what retention drops. */
import type { Meter } from '@opentelemetry/api';

/**
 * @param meter from a provider that has been started
 * @returns to be told of every batch: rows by what they are, names from code alone
 */
export function droppedRows(meter: Meter): (dropped: Readonly<Record<string, number>>) => void {
  const counter = meter.createCounter('retention_dropped_rows_total', {
    description: 'Rows of actors that ended long ago, dropped by this process',
  });
  // Shown from the start: an alert on a rate needs the zero before the first one.
  counter.add(0, { what: 'actors' });
  return (dropped) => {
    for (const [what, rows] of Object.entries(dropped)) counter.add(rows, { what });
  };
}
