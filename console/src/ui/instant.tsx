/** An instant in local time; UTC on hover and for machines. */
import { duration } from './format.ts';
import { useNow } from './use-now.ts';

const long = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const day = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' });

interface InstantProps {
  readonly at: string;
  /** `full`: date and time; `short`: the date only where it is not today's; `age`: how long ago. */
  readonly as?: 'full' | 'short' | 'age';
}

export function Instant({ at, as = 'full' }: InstantProps) {
  const now = useNow(as === 'age' ? 5_000 : 60_000);
  const date = new Date(at);
  return (
    <time dateTime={at} title={`${at.replace('T', ' ').replace('Z', '')} UTC`}>
      {as === 'full' ? long.format(date) : as === 'short' ? short(date, now) : age(date.getTime() - now)}
    </time>
  );
}

function short(date: Date, now: number): string {
  const isToday = new Date(now).toDateString() === date.toDateString();
  return isToday ? clock.format(date) : `${day.format(date)}, ${clock.format(date)}`;
}

function age(ms: number): string {
  if (Math.abs(ms) < 1_500) return 'now';
  return ms < 0 ? `${duration(-ms)} ago` : `in ${duration(ms)}`;
}
