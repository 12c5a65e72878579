import { createMachine } from 'xstate';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { run } from '../../../src/cli/cli.ts';
import { verifyMachines } from '../../../src/cli/machines/verify.ts';
import { machines } from '../../../src/machines/index.ts';

/** Runs `waybill machines verify` in this process. */
async function verifyWith(...args: string[]) {
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    vi.spyOn(process[name], 'write').mockImplementation((chunk) => {
      said[name] += String(chunk);
      return true;
    });
  return { code: await run(['machines', 'verify', ...args]), ...said };
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('waybill machines verify', () => {
  it('shows every listed machine and version, and exits 0: they are proven', async () => {
    const { code, stdout } = await verifyWith();
    const rows = stdout.split('\n').filter((line) => line.endsWith(' proven'));
    expect(rows.map((row) => row.split(/\s+/).slice(0, 2))).toEqual(
      machines.map(({ machine, version }) => [machine.id, version]),
    );
    expect(code).toBe(0);
  });

  it('--machine looks at one, --json says the same to scripts', async () => {
    const { code, stdout } = await verifyWith('--machine', 'order-notice', '--json');
    const said: unknown = JSON.parse(stdout);
    expect(said).toMatchObject({
      proven: true,
      machines: [{ machine: 'order-notice', version: '1', transitions: { declared: 7, taken: 7 }, proven: true }],
      findings: [],
    });
    expect(code).toBe(0);
  });

  it('a machine that is not listed: exits 1 and names it', async () => {
    expect(await verifyWith('--machine', 'nobody')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'waybill: no machine is named nobody\n',
    });
  });

  it('a broken machine is found, with its version', async () => {
    const machine = createMachine({ id: 'broken', initial: 'stuck', states: { stuck: {}, end: { type: 'final' } } });
    const environment = { input: null, effects: {}, events: [], operatorEvents: [], accepted: {}, maxAttempts: 1 };
    const { isProven, findings } = await verifyMachines([{ machine, version: '7', environment }], 'broken');
    expect(isProven).toBe(false);
    expect(findings).toContainEqual({
      machine: 'broken',
      version: '7',
      property: 'waiting-ends',
      promise: 'who awaits no outcome has a timer, or is parked, or awaits the event that starts it',
      message: 'stuck waits without a timer',
      path: ['start ⇒ stuck'],
    });
  });
});
