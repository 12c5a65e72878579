/** What Postgres would do for a query of ours, without running it. */
import { type CommonQueryMethods, createPool } from 'slonik';

/**
 * @param query calls one query function; its rows are the lines of the plan
 * @returns the plan as text
 */
export async function queryPlan(url: string, query: (db: CommonQueryMethods) => Promise<unknown>): Promise<string> {
  const pool = await createPool(url, {
    interceptors: [
      { name: 'explain', transformQuery: (_context, asked) => ({ ...asked, sql: `explain ${asked.sql}` }) },
    ],
  });
  try {
    const rows: unknown = await query(pool);
    return JSON.stringify(rows, null, 1);
  } finally {
    await pool.end();
  }
}
