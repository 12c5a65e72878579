/** Amounts, instants and durations for people. Pure. */

/** `€ 12.34` for 1234 minor units, with as many decimals as the currency has. */
export function money(cents: number, currency: string): string {
  const format = formatOf(currency);
  return format.format(cents / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
}

/** How many decimals a currency has; 2 for one that nobody knows. */
export function decimalsOf(currency: string): number {
  return formatOf(currency).resolvedOptions().maximumFractionDigits ?? 2;
}

const formats = new Map<string, Intl.NumberFormat>();

function formatOf(currency: string): Intl.NumberFormat {
  const known = formats.get(currency);
  if (known) return known;
  const made = /^[A-Z]{3}$/.test(currency)
    ? new Intl.NumberFormat(undefined, { style: 'currency', currency })
    : new Intl.NumberFormat(undefined, { minimumFractionDigits: 2 });
  formats.set(currency, made);
  return made;
}

/** `850 ms`, `4.2 s`, `3 min 5 s`, `2 h 4 min`, `3 d 2 h`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(ms < 9_950 ? 1 : 0)} s`;
  const units: readonly (readonly [string, number])[] = [
    ['d', 86_400],
    ['h', 3_600],
    ['min', 60],
    ['s', 1],
  ];
  const seconds = Math.round(ms / 1_000);
  const first = units.findIndex(([, size]) => seconds >= size);
  let left = seconds;
  return units
    .slice(first, first + 2)
    .flatMap(([name, size]) => {
      const count = Math.floor(left / size);
      left -= count * size;
      return count === 0 ? [] : [`${count} ${name}`];
    })
    .join(' ');
}

export function percent(share: number): string {
  const value = share * 100;
  if (value === 0 || value === 100) return `${value} %`;
  return `${value >= 99.95 ? '> 99.9' : value.toFixed(1)} %`;
}

const count = new Intl.NumberFormat();
export const number = (n: number): string => count.format(n);

/** Ids begin with the time: their last 8 characters tell orders apart for people. */
export const shortId = (id: string): string => id.slice(-8);

/** `reservingInventory` → `reserving inventory`. */
export const words = (name: string): string => name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase();

/** A state path that may break behind its dots. */
export const breakable = (path: string): string => path.replaceAll('.', '.\u200b');
