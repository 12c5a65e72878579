import { beforeAll, describe, expect, it } from 'vitest';
import { useBooks } from '../reconciliation/shop.ts';
import { type Ran, runCommand } from './command.ts';

const books = useBooks();
const waybill = (...argv: string[]): Promise<Ran> => runCommand(books.url(), argv);

describe('waybill reconcile', () => {
  let completed = '';
  let failed = '';

  beforeAll(async () => {
    completed = await books.ordered('success', 'COMPLETED');
    failed = await books.resolved({ voidedCents: 2_999, refundedCents: 0 });
    await books.rests();
  });

  it('heals what has one right answer; exit code 0 when nothing is left', async () => {
    expect(await waybill('reconcile')).toMatchObject({ code: 0, stdout: 'the books agree\n' });
    expect((await waybill('reconcile', 'list', '--all', '--json')).json()).toMatchObject([
      { kind: 'money_held', order_ledger_id: failed, state: 'healed', by: 'reconciliation' },
    ]);
  });

  it('exit code 1 and the findings when some are left for a person, until one settles them', async () => {
    await books.tamper(completed, 'captured_cents = 2000, voided_cents = 999');
    const table = await waybill('reconcile');
    expect(table.code).toBe(1);
    const [head, line] = table.stdout.trimEnd().split('\n');
    expect(head).toMatch(/^FINDING +KIND +ORDER +STATE +OURS +THE GATEWAY$/);
    expect(line?.split(/ {2,}/).slice(1)).toEqual([
      'capture_differs',
      completed,
      'open, for a person',
      'authorized 2999, captured 2999 USD',
      'authorized 2999, captured 2000, voided 999 USD',
    ]);
    const ran = await waybill('reconcile', '--json');
    const [finding] = ran.json() as { id: number }[];
    expect({ code: ran.code, finding }).toEqual({
      code: 1,
      finding: {
        id: expect.any(Number),
        kind: 'capture_differs',
        order_ledger_id: completed,
        ours: expect.objectContaining({ capturedCents: 2_999 }),
        theirs: expect.objectContaining({ capturedCents: 2_000 }),
        remedy: 'person',
        state: 'open',
        first_seen_at: expect.stringMatching(/Z$/),
        last_seen_at: expect.stringMatching(/Z$/),
        closed_at: null,
        by: null,
        why: null,
      },
    });
    const settle = ['reconcile', 'settle', String(finding?.id), '--by', 'alice'];
    expect((await waybill(...settle)).code).toBe(2);
    expect(await waybill(...settle, '--why', 'ticket 12')).toMatchObject({
      code: 0,
      stdout: `${finding?.id}: settled by alice\n`,
    });
    expect(await waybill(...settle, '--why', 'twice')).toMatchObject({
      code: 1,
      stderr: `waybill: ${finding?.id}: it is settled already\n`,
    });
    expect(await waybill('reconcile')).toMatchObject({ code: 0, stdout: 'the books agree\n' });
  });

  it('an unknown finding is exit code 1, what is no number is 2', async () => {
    expect(await waybill('reconcile', 'settle', '999999', '--by', 'a', '--why', 'b', '--json')).toMatchObject({
      code: 1,
      stdout: '{"error":"not_found"}\n',
    });
    expect((await waybill('reconcile', 'settle', 'one', '--by', 'a', '--why', 'b')).code).toBe(2);
  });
});
