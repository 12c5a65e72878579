/** The mailbox's SQL. */
import { Type } from '@sinclair/typebox';
import type { DatabasePool, Tx } from '../../persistence/pool.ts';
import { row, sql } from '../../persistence/sql.ts';
import type { Letter } from './letter.ts';

const idRow = row(Type.Object({ order_id: Type.String() }));

/**
 * Lays letters down, of different orders, in a transaction of their own, each unless its order has one. Locks the new rows, in
 * the order of their ids. Index: mailbox_pkey.
 * @returns for each whether it is new
 */
export async function insertLetters(pool: DatabasePool, letters: readonly Letter[]): Promise<boolean[]> {
  const tuples = letters.map(({ orderId, recipient, subject, body, outcome }) => [
    orderId,
    recipient,
    subject,
    body,
    outcome,
  ]);
  const inserted = await pool.any(sql.type(idRow)`
    insert into notice.mailbox (order_id, recipient, subject, body, outcome, created_at)
    select order_id, recipient, subject, body, outcome, actors.clock()
    from ${sql.unnest(tuples, ['uuid', 'text', 'text', 'text', 'text'])} as t (order_id, recipient, subject, body, outcome)
    order by order_id
    on conflict (order_id) do nothing
    returning order_id`);
  const ids = new Set(inserted.map(({ order_id }) => order_id));
  return letters.map(({ orderId }) => ids.has(orderId));
}

/** For orders whose history is dropped. Locks the letters. Index: mailbox_pkey. @returns how many there were */
export async function deleteLetters(tx: Tx, orderIds: readonly string[]): Promise<number> {
  const { rowCount } = await tx.query(sql.typeAlias('void')`
    delete from notice.mailbox where order_id = any(${sql.array([...orderIds], 'uuid')})`);
  return rowCount;
}
