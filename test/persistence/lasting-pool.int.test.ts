import { Type } from '@sinclair/typebox';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type DatabasePool, openPool } from '../../src/persistence/pool.ts';
import { row, sql } from '../../src/persistence/sql.ts';
import { classifyFault } from '../../src/persistence/faults.ts';
import { useDatabase } from '../support/database.ts';
import { type TcpValve, tcpValve } from '../support/tcp-valve.ts';
import { eventually } from '../support/wait.ts';

const database = useDatabase();
const maxConnections = 3;
let valve: TcpValve;
let pool: DatabasePool;
let errors: string[];

beforeEach(async () => {
  errors = [];
  valve = await tcpValve(database.url());
  pool = await openPool({ url: valve.url, maxConnections, onError: (error) => void errors.push(error.message) });
  await database.pg().query('create table if not exists pool_test (n int)');
});
afterEach(async () => {
  valve.open();
  await pool.end();
  await valve.close();
});

const one = (): Promise<{ n: number }> => pool.one(sql.type(row(Type.Object({ n: Type.Integer() })))`select 1 as n`);
const faultOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'answered',
    (error: unknown) => classifyFault(error),
  );

test('all connections taken: who waits for one is told that none is free, and is served once one is', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const taken = Array.from({ length: maxConnections }, () => pool.transaction(() => promise));
  const refused = await Promise.all(Array.from({ length: 10 }, () => faultOf(one())));
  expect(refused).toEqual(refused.map(() => 'unavailable'));
  const waiting = one();
  resolve();
  await Promise.all(taken);
  expect(await waiting).toEqual({ n: 1 });
});

test('a server that answers nothing any more: calls under way fail, new ones at once, until it is back', async () => {
  await one();
  valve.shut();
  const underWay = Array.from({ length: maxConnections * 3 }, () => faultOf(one()));
  expect(await Promise.all(underWay)).toEqual(underWay.map(() => 'unavailable'));
  expect(await faultOf(one())).toBe('unavailable');
  expect(errors).toContain('Postgres does not answer: its connections are given up');
  valve.open();
  expect(await eventually(one)).toEqual({ n: 1 });
});

test('a transaction that was given up writes nothing, also when its server wakes up', async () => {
  const written = faultOf(
    pool.transaction(async (tx) => {
      await tx.query(sql.typeAlias('void')`insert into pool_test values (1)`);
      valve.shut();
      await tx.query(sql.typeAlias('void')`insert into pool_test values (2)`);
    }),
  );
  expect(await written).toBe('unavailable');
  valve.open();
  await eventually(one);
  // It waits for whoever still holds a lock on the table.
  await database.pg().query('begin; lock table pool_test in access exclusive mode; commit');
  expect((await database.pg().query('select n from pool_test')).rows).toEqual([]);
});

test('a statement that takes long on a server that is there is no silence', async () => {
  await pool.query(sql.typeAlias('void')`select pg_sleep(3)`);
  expect(errors).toEqual([]);
});
