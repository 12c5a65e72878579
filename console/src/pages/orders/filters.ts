/** What orders are searched by, as it stands in the address. Pure. */
import type { OrderFilters } from '../../api/queries.ts';

const names = [
  'view',
  'status',
  'user_id',
  'product_id',
  'created_after',
  'created_before',
  'min_cents',
  'max_cents',
  'parked_cause',
] as const;

/** @param search of the address: whatever somebody has typed there */
export function readFilters(search: Readonly<Record<string, unknown>>): OrderFilters {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = search[name];
      const isText = typeof value === 'string' || typeof value === 'number';
      return isText && value !== '' ? [[name, String(value)]] : [];
    }),
  );
}

/** An amount as people write it, in minor units; empty where there is none. */
export function centsOf(text: string): string {
  const value = Number(text.replace(',', '.'));
  return text.trim() === '' || !Number.isFinite(value) || value < 0 ? '' : String(Math.round(value * 100));
}

export const amountOf = (cents: string | undefined): string => (cents === undefined ? '' : String(Number(cents) / 100));

/** A local date and time as a control has it (`2026-01-31T13:00`), as an instant; empty where there is none. */
export function instantOf(local: string): string {
  const date = new Date(local);
  return local === '' || Number.isNaN(date.getTime()) ? '' : date.toISOString();
}

/** The other way round. */
export function localOf(instant: string | undefined): string {
  const date = new Date(instant ?? '');
  if (Number.isNaN(date.getTime())) return '';
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
