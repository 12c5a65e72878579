import { describe, expect, it } from 'vitest';
import { createMachine, initialTransition } from 'xstate';
import { effects } from '../../../src/machines/effects.ts';
import { runCommand } from '../command.ts';

const waybill = (...argv: readonly string[]) => runCommand('postgres://unused', ['machines', ...argv]);

describe('machines show', () => {
  it.each(['order', 'order-notice'])('%s: what export gives as JSON', async (id) => {
    const { code, stdout, stderr } = await waybill('show', id);
    const exported = await waybill('export', id, '--format', 'json');
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: exported.stdout, stderr: '' });
  });

  it('prints what createMachine takes: a machine that starts without a context made of text', async () => {
    const { stdout } = await waybill('show', 'order');
    const machine = createMachine(JSON.parse(stdout) as object).provide({ actors: effects });
    const [{ context, value }] = initialTransition(machine);
    expect([context, value]).toEqual([{}, { authorizing: 'calling' }]);
  });

  it('an unknown machine is one line and exit code 1', async () => {
    const { code, stdout, stderr } = await waybill('show', 'nope');
    expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: '', stderr: 'waybill: no machine is named nope\n' });
  });
});
