/** The whole content of a database, so that a test can say that something wrote nothing at all. */
import type pg from 'pg';

/** @returns per table `schema.table`: how many rows, and the MD5 of all of them */
export async function databasePrint(db: pg.Pool): Promise<Readonly<Record<string, string>>> {
  const { rows } = await db.query<{ name: string }>(`
    select format('%I.%I', schemaname, tablename) as name from pg_tables
    where schemaname not in ('pg_catalog', 'information_schema') order by 1`);
  const prints = await Promise.all(
    rows.map(async ({ name }) => {
      const { rows: found } = await db.query<{ print: string }>(
        `select count(*) || ' ' || coalesce(md5(string_agg(t::text, e'\\n' order by t::text)), '') as print from ${name} t`,
      );
      return [name, found[0]?.print ?? ''] as const;
    }),
  );
  return Object.fromEntries(prints);
}
