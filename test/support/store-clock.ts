/** The store's clock in the hand of a test: it runs on, stands still, or jumps. Nothing else tells the runtime the time. */
import type pg from 'pg';

export interface StoreClock {
  jump(ms: number): Promise<void>;
  /** Time stands still, but for jumps, until `run`. */
  freeze(): Promise<void>;
  run(): Promise<void>;
  /** Jumps to the end of the earliest backoff, or of being put off by a breaker, of any actor, or of the given one. */
  skipBackoffs(actorId?: string): Promise<void>;
  /** A process's monotonic clock that jumps along, for what goes by it. */
  monotonicMs(): number;
}

/** Replaces the clock of one test's database. */
export async function installClock(database: pg.Pool): Promise<StoreClock> {
  await database.query(`
    create table actors.test_clock (ahead interval not null, frozen_at timestamptz);
    insert into actors.test_clock values ('0', null);
    create or replace function actors.clock() returns timestamptz language sql volatile
      return (select coalesce(frozen_at, clock_timestamp()) + ahead from actors.test_clock)`);
  let aheadMs = 0;
  const run = async (statement: string, values: readonly unknown[] = []): Promise<void> => {
    const { rows } = await database.query<{ ms: number }>(
      `${statement} returning (extract(epoch from test_clock.ahead) * 1000)::float8 as ms`,
      [...values],
    );
    aheadMs = rows[0]?.ms ?? aheadMs;
  };
  return {
    monotonicMs: () => performance.now() + aheadMs,
    jump: (ms) => run(`update actors.test_clock set ahead = ahead + $1 * interval '1 millisecond'`, [ms]),
    freeze: () => run('update actors.test_clock set frozen_at = clock_timestamp()'),
    run: () => run('update actors.test_clock set ahead = actors.clock() - clock_timestamp(), frozen_at = null'),
    skipBackoffs: (actorId) =>
      run(
        // The backoff's timer is the first one to come; expiries are minutes and days away. One that is due already stays
        // the first, so that nothing jumps past it to an expiry.
        `update actors.test_clock set ahead = ahead + wait.rest
         from (
           select min(actors.from_ms(waits.until_ms)) - actors.clock() + interval '2 milliseconds' as rest
           from actors.actor a, lateral (
             select (timer ->> 'dueAtMs')::float8 as until_ms from jsonb_array_elements(a.timers) as timer
             where a.state like '%.backingOff'
             union all
             select (effect -> 'lease' ->> 'untilMs')::float8 from jsonb_array_elements(a.effects) as effect
             where effect ->> 'notNowSinceMs' is not null
           ) waits
           where a.status = 'active' and a.parked_by is null and ($1::text is null or a.id = $1)
         ) wait
         where wait.rest > '0'`,
        [actorId ?? null],
      ),
  };
}
