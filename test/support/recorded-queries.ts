/** A pool that remembers what it was asked, for tests that look at the plans of real queries. */
import type { QuerySqlToken } from 'slonik';
import type { DatabasePool } from '../../src/persistence/pool.ts';

export interface Recorded {
  readonly sql: string;
  readonly values: readonly unknown[];
}

const queryMethods = new Set<PropertyKey>(['any', 'one', 'oneFirst', 'maybeOne', 'many', 'query', 'exists']);

/** @returns the pool, and every statement sent through it or its transactions, in order */
export function recording(pool: DatabasePool): { readonly pool: DatabasePool; readonly recorded: readonly Recorded[] } {
  const recorded: Recorded[] = [];
  const observed = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(of, name) {
        const member: unknown = Reflect.get(of, name);
        if (typeof member !== 'function') return member;
        if (name === 'transaction')
          return (work: (tx: object) => unknown) => Reflect.apply(member, of, [(tx: object) => work(observed(tx))]);
        if (!queryMethods.has(name)) return member.bind(of) as unknown;
        return (query: QuerySqlToken) => {
          // As Slonik sends it: `$slonik_1` is its own word for `$1`.
          recorded.push({ sql: query.sql.replaceAll('$slonik_', '$'), values: query.values });
          return Reflect.apply(member, of, [query]) as unknown;
        };
      },
    });
  return { pool: observed(pool), recorded };
}
