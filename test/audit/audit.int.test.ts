/** Each invariant is broken once, behind everybody's back, and the audit names it. The damage is rolled back. */
import { beforeAll, describe, expect, it } from 'vitest';
import { audit, type AuditReport } from '../../src/audit/audit.ts';
import { invariants } from '../../src/audit/invariants.ts';
import { actorMachines } from '../../src/compose.ts';
import type { Tx } from '../../src/persistence/pool.ts';
import { sql } from '../../src/persistence/sql.ts';
import { useStack } from '../support/stack.ts';

const kit = useStack('postgres');
const orders = { completed: '', failed: '', declined: '' };
const run = sql.typeAlias('void');

beforeAll(async () => {
  const { shop, close } = await kit.start();
  const productId = await shop.product({ stock: 100 });
  const items = [{ productId, quantity: 2 }];
  orders.completed = await shop.placed({ items });
  orders.failed = await shop.placed({ items, token: 'tok_capture_declined' });
  const declined = await shop.place({ items, token: 'tok_decline_stolen' });
  orders.declined = declined.json<{ order_ledger_id: string }>().order_ledger_id;
  await kit.ends(orders.completed, 'COMPLETED');
  await kit.ends(orders.failed, 'FAILED');
  await kit.settled();
  await close();
});

const keyOf = (id: string): string => `${id}:payments.authorize`;

type Damage = (tx: Tx) => Promise<unknown>;

/** What constraints would refuse: they are one line of defence, the audit is another. */
async function withoutChecks(tx: Tx, table: string): Promise<void> {
  await tx.query(run`
    select set_config('waybill.table', ${table}, true)`);
  await tx.query(run`
    do $$ declare found record; begin
      for found in select conname from pg_constraint
        where conrelid = current_setting('waybill.table')::regclass and contype = 'c' loop
        execute format('alter table %s drop constraint %I', current_setting('waybill.table'), found.conname);
      end loop;
    end $$`);
}

const damages: readonly [string, string, Damage][] = [
  [
    'M1',
    'a completed order was captured for less',
    (tx) =>
      tx.query(run`
    update payments.payment set captured_cents = captured_cents - 1, voided_cents = voided_cents + 1
    where authorize_key = ${keyOf(orders.completed)}`),
  ],
  [
    'M2',
    'a failed order still holds its authorization',
    (tx) =>
      tx.query(run`
    update payments.payment set status = 'authorized', voided_cents = 0 where authorize_key = ${keyOf(orders.failed)}`),
  ],
  [
    'M3',
    'a declined order holds stock',
    (tx) =>
      tx.query(run`
    insert into inventory.reservation (order_id, status, owned_by_saga, created_at, updated_at)
    values (${orders.declined}, 'held', true, now(), now())`),
  ],
  [
    'M4',
    'more was captured than authorized',
    async (tx) => {
      await withoutChecks(tx, 'payments.payment');
      await tx.query(run`update payments.payment set captured_cents = authorized_cents + 1`);
    },
  ],
  [
    'M5',
    'our record says more than the gateway’s',
    (tx) =>
      tx.query(run`
    update ledger.entry set captured_cents = captured_cents + 1 where id = ${orders.completed}`),
  ],
  [
    'M5',
    'the gateway has a payment that we know nothing of',
    (tx) =>
      tx.query(run`
    insert into payments.payment (authorization_id, authorize_key, user_id, currency, status, requested_cents,
      authorized_cents, on_capture)
    select gen_random_uuid(), gen_random_uuid() || ':payments.authorize', user_id, currency, 'authorized', 1, 1, on_capture
    from payments.payment limit 1`),
  ],
  [
    'M6',
    'an amount at the gateway has no entry',
    (tx) =>
      tx.query(run`
    update payments.payment set status = 'refunded', refunded_cents = captured_cents
    where authorize_key = ${keyOf(orders.completed)}`),
  ],
  ['S1', 'a piece appeared from nowhere', (tx) => tx.query(run`update inventory.stock set on_hand = on_hand + 1`)],
  [
    'S2',
    'more is reserved than is there',
    async (tx) => {
      await withoutChecks(tx, 'inventory.stock');
      await tx.query(run`update inventory.stock set reserved = on_hand + 1`);
    },
  ],
  ['S3', 'a reservation was forgotten', (tx) => tx.query(run`update inventory.stock set reserved = reserved + 1`)],
  [
    'S4',
    'an order was sold twice',
    async (tx) => {
      await tx.query(run`drop index inventory.movement_order_key`);
      await tx.query(run`
      insert into inventory.movement (product_id, kind, quantity, order_id, created_at)
      select product_id, kind, quantity, order_id, created_at from inventory.movement where order_id is not null`);
    },
  ],
  [
    'S5',
    'a failed order has its stock reserved again',
    (tx) =>
      tx.query(run`
    update inventory.reservation set status = 'held' where order_id = ${orders.failed}`),
  ],
  [
    'S6',
    'a completed order’s reservation was released',
    (tx) =>
      tx.query(run`
    update inventory.reservation set status = 'released' where order_id = ${orders.completed}`),
  ],
  [
    'G1',
    'a transition is missing',
    (tx) =>
      tx.query(run`
    delete from actors.transition where actor_id = ${orders.completed} and revision = 3`),
  ],
  [
    'G2',
    'a transition starts somewhere else',
    (tx) =>
      tx.query(run`
    update actors.transition set from_state = 'elsewhere' where actor_id = ${orders.completed} and revision = 3`),
  ],
  [
    'G3',
    'a snapshot was changed by hand',
    (tx) =>
      tx.query(run`
    update actors.actor set snapshot = jsonb_set(snapshot, '{context,totalCents}', '1') where id = ${orders.completed}`),
  ],
  [
    'G4',
    'something happened after the end',
    (tx) =>
      tx.query(run`
    insert into actors.transition (actor_id, revision, event, from_state, to_state, armed, commit_id, at)
    select actor_id, revision + 1, '{"type":"RETRY"}', to_state, to_state, '[]', commit_id, at
    from actors.transition where actor_id = ${orders.completed} order by revision desc limit 1`),
  ],
  [
    'G5',
    'stock was never released',
    (tx) =>
      tx.query(run`
    update actors.transition set armed = '[]', event = '{"type":"nothing"}'
    where actor_id = ${orders.failed} and event ->> 'type' = 'xstate.done.actor.release'`),
  ],
  [
    'G6',
    'an effect was settled twice',
    (tx) =>
      tx.query(run`
    update actors.transition set settled_effect = 'capture@4', settled_token = 1
    where actor_id = ${orders.completed} and revision in (4, 5)`),
  ],
  [
    'G7',
    'an actor was dropped, and its log was not',
    async (tx) => {
      await tx.query(run`delete from actors.ended where actor_id = ${orders.completed}`);
      await tx.query(run`delete from actors.actor where id = ${orders.completed}`);
      await tx.query(run`update ledger.entry set history_dropped_at = now() where id = ${orders.completed}`);
    },
  ],
  [
    'G7',
    'an end was not noted, so retention would never find it',
    (tx) => tx.query(run`delete from actors.ended where actor_id = ${orders.completed}`),
  ],
  [
    'E1',
    'a payment was captured twice',
    (tx) =>
      tx.query(run`
    insert into payments.entry (authorization_id, kind, key, amount_cents)
    select authorization_id, kind, key || '-again', amount_cents from payments.entry where kind = 'capture'`),
  ],
  [
    'O1',
    'an unfinished actor has nothing that wakes it',
    (tx) =>
      tx.query(run`
    update actors.actor set status = 'active' where id = ${orders.completed}`),
  ],
  [
    'O1',
    'a finished actor is woken for ever',
    (tx) =>
      tx.query(run`
    insert into actors.wake (actor_id, due_at) values (${orders.completed}, 'infinity')`),
  ],
  [
    'O2',
    'a message is due and nobody comes',
    (tx) =>
      tx.query(run`
    insert into actors.message (sender_id, target_id, target_machine, event, deliver_at, due_at)
    values ('a', 'b', 'order', '{"type":"X"}', now(), actors.clock() - interval '1 minute')`),
  ],
  [
    'A1',
    'an actor has no order',
    async (tx) => {
      await tx.query(run`delete from ledger.item where order_id = ${orders.completed}`);
      await tx.query(run`delete from ledger.entry where id = ${orders.completed}`);
    },
  ],
  [
    'A1',
    'the actor of a finished order is lost, and nobody has dropped it',
    (tx) => tx.query(run`delete from actors.actor where id = ${orders.completed}`),
  ],
  [
    'A1',
    'the history of an order is said to be dropped, and is there',
    (tx) => tx.query(run`update ledger.entry set history_dropped_at = now() where id = ${orders.completed}`),
  ],
  [
    'A2',
    'a settled order has no answer',
    async (tx) => {
      await withoutChecks(tx, 'ledger.entry');
      await tx.query(run`update ledger.entry set answer_kind = null where id = ${orders.completed}`);
    },
  ],
  [
    'P1',
    'a customer was never told',
    (tx) =>
      tx.query(run`
    delete from notice.mailbox where order_id = ${orders.completed}`),
  ],
];

/** Ends the transaction without a trace. */
class Undone extends Error {}

async function auditAfter(damage: Damage): Promise<readonly string[]> {
  let broken: readonly string[] = [];
  await kit
    .pool()
    .transaction(async (tx) => {
      await damage(tx);
      const report = await audit(tx, { machines: actorMachines(), live: true });
      broken = [...new Set(report.findings.map(({ invariant }) => invariant))];
      throw new Undone();
    })
    .catch((error: unknown) => {
      if (!(error instanceof Undone)) throw error;
    });
  return broken;
}

describe('the audit names what is broken', () => {
  it.each(damages)('%s: %s', async (invariant, _what, damage) => {
    expect(await auditAfter(damage)).toContain(invariant);
  });

  it('every invariant is broken at least once above', () => {
    const broken = new Set(damages.map(([invariant]) => invariant));
    const all = [...invariants.map(({ id }) => id), 'G1', 'G2', 'G3', 'G4', 'G5'];
    expect(all.filter((id) => !broken.has(id))).toEqual([]);
  });
});

describe('an audit of the last days', () => {
  it('replays what has ended since, and what has not ended; the books are checked all the same', async () => {
    const old = sql.fragment`(${orders.completed}, ${orders.failed})`;
    const { lately, all } = await auditedBoth(async (tx) => {
      await tx.query(run`update actors.ended set at = at - interval '10 days' where actor_id in ${old}`);
      await tx.query(run`
        update actors.actor set snapshot = jsonb_set(snapshot, '{context,totalCents}', '1')
        where id in (${orders.completed}, ${orders.declined})`);
      await tx.query(run`update actors.actor set status = 'active' where id = ${orders.failed}`);
      await tx.query(run`insert into actors.wake (actor_id, due_at) values (${orders.failed}, 'infinity')`);
    });
    const replayed = ({ findings }: AuditReport) =>
      findings.filter(({ invariant }) => invariant === 'G3').map(({ row }) => JSON.stringify(row));
    expect(all.actors - lately.actors).toBe(1);
    expect(replayed(lately)).toEqual([expect.stringContaining(orders.declined)]);
    expect(replayed(all)).toHaveLength(2);
    expect(lately.checks.map(({ id }) => id)).toEqual(all.checks.map(({ id }) => id));
  });
});

/** Of the last day, and of everything; the damage is rolled back. */
async function auditedBoth(damage: Damage): Promise<{ readonly lately: AuditReport; readonly all: AuditReport }> {
  const reports: AuditReport[] = [];
  await kit
    .pool()
    .transaction(async (tx) => {
      await damage(tx);
      for (const since of [{ logsSinceMs: Date.now() - 86_400_000 }, {}])
        reports.push(await audit(tx, { machines: actorMachines(), live: false, ...since }));
      throw new Undone();
    })
    .catch((error: unknown) => {
      if (!(error instanceof Undone)) throw error;
    });
  const [lately, all] = reports;
  if (!lately || !all) throw new Error('two audits were made');
  return { lately, all };
}
