/** Tables for people: columns and nothing else, since they also go to files and pipes, and to narrow terminals. Pure. */
import Table from 'cli-table3';

export type Cell = string | number;

const noLine = { top: '', bottom: '', left: '', right: '', mid: '' };
const chars = {
  ...noLine,
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  'left-mid': '',
  'mid-mid': '',
  'right-mid': '',
  middle: '  ',
};

/** @param head empty: no line of headings */
export function textTable(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const style = { head: [], border: [], 'padding-left': 0, 'padding-right': 0 };
  const table = new Table({ head: head.map((name) => name.toUpperCase()), style, chars });
  for (const row of rows) table.push([...row]);
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** `59.98 USD`, `5998 JPY`: as many decimals as the currency has (two, if it is not known). */
export function money(amountMinor: number, currency: string): string {
  const { maximumFractionDigits: decimals = 2 } = new Intl.NumberFormat('en', {
    style: 'currency',
    currency,
  }).resolvedOptions();
  return `${(amountMinor / 10 ** decimals).toFixed(decimals)} ${currency}`;
}

/** `340 ms`, `12.4 s`, `7 min`, `3 h`, `2 d`: as precise as a person cares. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min`;
  return minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1_440)} d`;
}
