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
