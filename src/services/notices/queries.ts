/** The mailbox's SQL. */
import { Type } from '@sinclair/typebox';
import type { DatabasePool, Tx } from '../../persistence/pool.ts';
import { row, sql } from '../../persistence/sql.ts';
import type { Letter } from './letter.ts';

const idRow = row(Type.Object({ order_id: Type.String() }));

/**
 * Lays a letter down, in a transaction of its own, unless the order has one. Locks the new row. Index: mailbox_pkey.
 * @returns whether it is new
 */
export async function insertLetter(pool: DatabasePool, letter: Letter): Promise<boolean> {
  const inserted = await pool.maybeOne(sql.type(idRow)`
    insert into notice.mailbox (order_id, recipient, subject, body, outcome, created_at)
    values (${letter.orderId}, ${letter.recipient}, ${letter.subject}, ${letter.body}, ${letter.outcome}, actors.clock())
    on conflict (order_id) do nothing
    returning order_id`);
  return inserted !== null;
}

/** For orders whose history is dropped. Locks the letters. Index: mailbox_pkey. @returns how many there were */
export async function deleteLetters(tx: Tx, orderIds: readonly string[]): Promise<number> {
  const { rowCount } = await tx.query(sql.typeAlias('void')`
    delete from notice.mailbox where order_id = any(${sql.array([...orderIds], 'uuid')})`);
  return rowCount;
}
