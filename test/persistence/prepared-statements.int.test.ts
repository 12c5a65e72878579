/** Statements that come again are parsed and planned once per connection. */
import { Type } from '@sinclair/typebox';
import { expect, test } from 'vitest';
import { row, sql } from '../../src/persistence/sql.ts';
import { useDatabase } from '../support/database.ts';

const database = useDatabase({ maxConnections: 2 });
const textRow = row(Type.Object({ statement: Type.String() }));
const oneRow = row(Type.Object({ n: Type.Integer() }));

test('a statement has a name from its second time on, whatever its values; one that came once has none', async () => {
  const prepared = await database.pool().connect(async (connection) => {
    for (const values of [[1], [2, 3], [4, 5, 6]])
      await connection.any(sql.type(oneRow)`select n from unnest(${sql.array(values, 'int4')}) as often (n)`);
    await connection.any(sql.type(oneRow)`select 1 as n from (select) as once`);
    const found = await connection.any(sql.type(textRow)`select statement from pg_prepared_statements`);
    return found.map(({ statement }) => statement);
  });
  expect(prepared.filter((text) => text.includes('as often'))).toHaveLength(1);
  expect(prepared.filter((text) => text.includes('as once'))).toEqual([]);
});

test('a name is one text on every connection', async () => {
  const texts = [sql.fragment`n`, sql.fragment`n + 10`, sql.fragment`n + 20`];
  const asked = Array.from({ length: 42 }, (_, i) => ({ i, text: texts[i % texts.length] ?? sql.fragment`n` }));
  const answers = await Promise.all(
    asked.map(({ i, text }) =>
      database.pool().one(sql.type(oneRow)`select ${text} as n from (select ${i}::int4 as n) as given`),
    ),
  );
  expect(answers.map(({ n }) => n)).toEqual(asked.map(({ i }) => i + (i % texts.length) * 10));
});

test('a plan that was made while a table held one row reads no more than it needs when the table has grown', async () => {
  await database.pg().query(`create table grown as select n from generate_series(1, 1) n`);
  await database.pg().query(`create unique index on grown (n)`);
  await database.pg().query(`analyze grown`);
  await database.pool().connect(async (connection) => {
    const found = () =>
      connection.any(sql.type(oneRow)`select n from grown where n = any(${sql.array([1, 70_000], 'int4')})`);
    // Five times with a plan of its own, then once and for all.
    for (let times = 0; times < 10; times += 1) await found();
    await database.pg().query(`insert into grown select n from generate_series(2, 20000) n`);
    await found();
    await connection.query(sql.typeAlias('void')`select pg_stat_force_next_flush()`);
  });
  const { rows } = await database
    .pg()
    .query<{ read: number }>(`select seq_tup_read::int4 as read from pg_stat_user_tables where relname = 'grown'`);
  // Not 0: to make the index, all of it was read once.
  expect(rows[0]?.read).toBeLessThan(10);
});
