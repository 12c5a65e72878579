/** Years of business in a minute: copies of one finished order, in everybody's tables, that pass the audit like the original. */
import type pg from 'pg';

export interface Copies {
  /** An order that has ended, and whose notice was sent. */
  readonly orderId: string;
  readonly copies: number;
  /** How long ago they are said to have happened, evenly from the first to the last. */
  readonly oldestDays: number;
  readonly newestDays: number;
  /** Only in these schemas: faster, but the audit would miss the rest. */
  readonly schemas?: readonly string[];
}

/** Rows that belong to the order, by table; `$1` are its actors, `$2` the order, `$3` its authorization. */
const belongings: readonly (readonly [table: string, where: string])[] = [
  ['actors.actor', 'id = any($1)'],
  ['actors.transition', 'actor_id = any($1)'],
  ['ledger.entry', 'id::text = $2'],
  ['ledger.item', 'order_id::text = $2'],
  ['orders.purchase_order', 'id::text = $2'],
  ['orders.order_item', 'order_id::text = $2'],
  ['inventory.reservation', 'order_id::text = $2'],
  ['inventory.reservation_item', 'order_id::text = $2'],
  ['inventory.movement', 'order_id::text = $2'],
  ['payments.payment', 'authorization_id::text = $3'],
  ['payments.request', `key like $2 || ':%'`],
  ['payments.entry', 'authorization_id::text = $3'],
  ['notice.mailbox', 'order_id::text = $2'],
];
/** Users among whom the copies are spread. */
const users = 1_000;

/** @param database a session of its own: it makes temporary tables */
export async function copyFinishedOrder(database: pg.ClientBase, asked: Copies): Promise<void> {
  const original = await findOriginal(database, asked.orderId);
  await database.query('drop table if exists pg_temp.copy');
  await database.query(
    `create temp table copy as
     select n, id::text as id, overlay(id::text placing '8' from 15 for 1) as notice_id, uuidv7(-age)::text as authorization_id,
       lpad((n % ${users})::text, 8, '0') || '-0000-4000-8000-000000000000' as user_id, age
     from (
       select n, uuidv7(-age) as id, age
       from (select n, interval '1 day' * ($2::float8 + ($3::float8 - $2) * n / $1) as age from generate_series(1, $1::int4) n) aged
     ) made`,
    [asked.copies, asked.oldestDays, asked.newestDays],
  );
  // Inlined by the planner.
  const from = [original.id, original.notice_id, original.authorization_id, original.user_id, original.idempotency_key];
  const to = ['c.id', 'c.notice_id', 'c.authorization_id', 'c.user_id', `'copy-' || c.id`];
  const copied = (text: string): string =>
    from.reduce((made, value, i) => `replace(${made}, '${value.replaceAll("'", "''")}', ${to[i]})`, text);
  const wanted = belongings.filter(([table]) => asked.schemas?.includes(table.split('.')[0] ?? '') ?? true);
  for (const [table, where] of wanted) await copyRows(database, { table, where, original, copied });
  await database.query(
    `update inventory.stock s set on_hand = on_hand - $1 * i.quantity
     from inventory.reservation_item i where i.order_id::text = $2 and i.product_id = s.product_id`,
    [asked.copies, original.id],
  );
}

type Original = Readonly<Record<'id' | 'notice_id' | 'authorization_id' | 'user_id' | 'idempotency_key', string>>;

async function findOriginal(database: pg.ClientBase, orderId: string): Promise<Original> {
  const { rows } = await database.query<Original>(
    `select id::text, overlay(id::text placing '8' from 15 for 1) as notice_id, authorization_id, user_id::text, idempotency_key
     from ledger.entry where id = $1 and status = 'COMPLETED'`,
    [orderId],
  );
  if (!rows[0]) throw new Error(`${orderId} is no completed order`);
  return rows[0];
}

interface CopyRows {
  readonly table: string;
  readonly where: string;
  readonly original: Original;
  readonly copied: (text: string) => string;
}

async function copyRows(database: pg.ClientBase, { table, where, original, copied }: CopyRows): Promise<void> {
  const { rows: columns } = await database.query<{ name: string; type: string }>(
    `select column_name as name, data_type as type from information_schema.columns
     where table_schema || '.' || table_name = $1 and is_identity = 'NO' order by ordinal_position`,
    [table],
  );
  const named = Object.values(original).join('|');
  const replaced = ['text', 'uuid', 'json', 'jsonb'];
  // Most of a log names nobody: looked at once per original row, not once per copy.
  const flags = columns
    .filter(({ type }) => replaced.includes(type))
    .map(({ name }) => `, ${name}::text ~ '${named}' as ${name}_differs`);
  const expressions = columns.map(({ name, type }) => {
    if (type === 'timestamp with time zone') return `t.${name} - c.age`;
    if (!replaced.includes(type)) return `t.${name}`;
    return `case when t.${name}_differs then ${copied(`t.${name}::text`)}::${type} else t.${name} end`;
  });
  const values = { $1: [original.id, original.notice_id], $2: original.id, $3: original.authorization_id };
  const used = Object.entries(values).filter(([name]) => where.includes(name));
  const condition = used.reduce((text, [name], i) => text.replaceAll(name, `$${i + 1}`), where);
  await database.query(
    `insert into ${table} (${columns.map(({ name }) => name).join(', ')})
     with t as materialized (select *${flags.join('')} from ${table} where ${condition})
     select ${expressions.join(', ')} from t cross join pg_temp.copy c`,
    used.map(([, value]) => value),
  );
}
