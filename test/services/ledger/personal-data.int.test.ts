import { describe, expect, test } from 'vitest';
import { eventually } from '../../support/wait.ts';
import { type Answer, useEdge } from './edge.ts';

const edge = useEdge();

const idOf = (answer: Answer): string => String(answer.json()['order_ledger_id']);

describe('personal data', () => {
  test('the token is gone once the authorization is settled, and neither it nor the e-mail is anywhere else', async () => {
    const release = edge.hold('/payments/authorize');
    const secrets = { email: 'canary-2@example.com', payment: { method: 'card', token: 'tok_canary_two' } };
    const answering = edge.place(edge.body(await edge.product(), secrets), 'canary');
    await eventually(() => edge.held() === 1);
    const stored = async () =>
      (await edge.pg().query(`select payment_token, email from ledger.entry where idempotency_key = 'canary'`)).rows;
    expect(await stored()).toEqual([{ payment_token: 'tok_canary_two', email: 'canary-2@example.com' }]);
    release();
    const id = idOf(await answering);
    expect(await stored()).toEqual([{ payment_token: null, email: 'canary-2@example.com' }]);
    await edge.settles(id, 'COMPLETED');
    expect(await tablesWith('tok_canary_two')).toEqual([]);
    expect(await tablesWith('canary-2@example.com')).toEqual(['ledger.entry', 'notice.mailbox']);
    expect(edge.logged.filter((line) => line.includes(id))).toEqual([
      JSON.stringify({ orderId: id, outcome: 'completed', repeated: false, message: 'notice sent' }),
    ]);
    for (const path of [`/orders/${id}`, '/orders', `/orders/${id}/history`]) {
      expect((await edge.get(path)).text).not.toMatch(/canary/);
    }
  });

  /** Names of the tables that hold a text somewhere. */
  async function tablesWith(text: string): Promise<string[]> {
    const { rows } = await edge.pg().query<{ name: string }>(
      `select schemaname || '.' || tablename as name from pg_tables
       where schemaname not in ('pg_catalog', 'information_schema') order by 1`,
    );
    const found: string[] = [];
    for (const { name } of rows) {
      const hits = await edge.pg().query(`select from ${name} t where t::text like '%' || $1 || '%'`, [text]);
      if (hits.rowCount) found.push(name);
    }
    return found;
  }
});
