/** The few figures that say whether somebody has to get up. */
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Overview } from '../../../../src/console/schemas.ts';
import { duration, number, percent } from '../../ui/format.ts';

export function Figures({ overview }: { readonly overview: Overview }) {
  const { ended, minutes, unfinished, parked, due } = overview;
  // The last minute is not over yet.
  const lastFive = minutes.slice(-6, -1);
  const perMinute = lastFive.reduce((sum, { placed }) => sum + placed, 0) / Math.max(1, lastFive.length);
  const { p50, p95 } = ended.time_to_completed_ms;
  const underWay = unfinished.orders.reduce((sum, { orders }) => sum + orders, 0);
  const waiting = parked.reduce((sum, { actors }) => sum + actors, 0);
  const isLate = due.oldest_ms !== null && due.oldest_ms > 30_000;
  return (
    <dl className="figures">
      <Figure name="Orders per minute" value={perMinute < 10 ? perMinute.toFixed(1) : number(Math.round(perMinute))}>
        {number(minutes.reduce((sum, { placed }) => sum + placed, 0))} in the hour
      </Figure>
      <Figure
        name="Success rate"
        value={ended.success_rate === null ? '–' : percent(ended.success_rate)}
        tone={ended.success_rate !== null && ended.success_rate < 0.9 ? 'bad' : 'plain'}
      >
        {number(ended.completed)} completed, {number(ended.failed + ended.cancelled)} not
      </Figure>
      <Figure name="Time to completed" value={p50 === null ? '–' : duration(p50)}>
        {p95 === null ? 'nothing completed yet' : `p95 ${duration(p95)}`}
      </Figure>
      <Figure name="Under way" value={number(underWay)}>
        {number(unfinished.compensating)} compensating, {number(unfinished.stuck)} stuck
      </Figure>
      <Figure name="Waiting for a person" value={number(waiting)} tone={waiting > 0 ? 'warn' : 'plain'}>
        {waiting > 0 ? <Link to="/parked">Look at them</Link> : 'nothing is parked'}
      </Figure>
      <Figure
        name="Oldest due"
        value={due.oldest_ms === null ? 'none' : duration(due.oldest_ms)}
        tone={isLate ? 'bad' : 'plain'}
      >
        {isLate ? 'late: is a worker alive?' : `${number(due.rows)} due now`}
      </Figure>
    </dl>
  );
}

interface FigureProps {
  readonly name: string;
  readonly value: string;
  readonly tone?: 'plain' | 'warn' | 'bad';
  readonly children: ReactNode;
}

function Figure({ name, value, tone = 'plain', children }: FigureProps) {
  return (
    <div className={`figure is-${tone}`}>
      <dt>{name}</dt>
      <dd className="figure-value">{value}</dd>
      <dd className="figure-note">{children}</dd>
    </div>
  );
}
