/**
 * Names statements that come again, so that Postgres parses and plans them once per connection: what a batch writes has the
 * same text whatever its size. The names are the only session state there is; a pooler in between must keep them
 * (PgBouncer does from 1.21 on).
 */
import type { Interceptor } from 'slonik';

/** Texts that are remembered. A list with its filters has a few dozen; beyond this they go without a name. */
const maxTexts = 512;

/** One for all connections of a pool: a name means the same text on each. */
export function preparedStatements(): Interceptor {
  /** Null after the first time: what comes once, as a migration does, is not worth a name. */
  const names = new Map<string, string | null>();
  let named = 0;
  return {
    name: 'prepared-statements',
    transformQuery: (_context, query) => {
      const known = names.get(query.sql);
      if (known === undefined) {
        if (names.size < maxTexts) names.set(query.sql, null);
        return query;
      }
      const name = known ?? `s${(named += 1)}`;
      names.set(query.sql, name);
      return { ...query, name };
    },
  };
}
