import { readdir } from 'node:fs/promises';
import { describe, expect, it, vi } from 'vitest';
import { demo, type DemoOptions } from '../../src/cli/demo.ts';
import { outage, type Scenario, scenarios } from '../../src/cli/demo/scenarios.ts';
import type { Invocation } from '../../src/cli/invocation.ts';
import { readConfig } from '../../src/config.ts';
import { spawnWaybill } from '../support/process.ts';
import { temporaryDataDir } from '../support/temporary-data-dir.ts';

/** A place for temporary files of its own, so that whatever a demo leaves is seen. */
async function withPlace(work: (env: { TMPDIR: string }) => Promise<void>): Promise<void> {
  const place = await temporaryDataDir();
  try {
    await work({ TMPDIR: place.path });
    expect(await readdir(place.path)).toEqual([]);
  } finally {
    await place.remove();
  }
}

describe('waybill demo', () => {
  it('runs orders through every outcome, kills a worker, ends clean, and leaves nothing', async () => {
    await withPlace(async (env) => {
      const process = spawnWaybill({ args: ['demo'], env });
      const { code } = await process.exited;
      const output = process.output();
      expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('killed (SIGKILL)') });
      for (const { name } of [...scenarios, outage.struck, outage.accepted])
        expect(output).toMatch(new RegExp(`^${name} .* yes `, 'm'));
      expect(output).toMatch(/^audit clean: /m);
      expect(output).toMatch(/^18 orders ended as expected, in /m);
      // Neither the customer nor the card is ever shown.
      expect(output).not.toMatch(/demo@example|tok_/);
    });
  });

  it('an interrupt ends it at once, and leaves nothing', async () => {
    await withPlace(async (env) => {
      const process = spawnWaybill({ args: ['demo'], env });
      await process.line(/all is well/);
      await process.kill('SIGINT');
      expect(await process.exited).toEqual({ code: 1, signal: null });
      expect(process.output()).toMatch(/^waybill: interrupted$/m);
    });
  });

  it('an order that ends otherwise than expected is shown, and the exit code is 1', async () => {
    const [good] = scenarios;
    if (!good) throw new Error('there are no scenarios');
    const broken: Scenario = { ...good, name: 'broken', expected: { ...good.expected, status: 'CANCELLED' } };
    const { code, body } = await runInProcess({ keep: false, scenarios: [good, broken], outage: null });
    expect(code).toBe(1);
    expect(body).toMatchObject({
      clean: false,
      problems: [
        expect.stringMatching(/^broken \(.*\): the status is COMPLETED, expected CANCELLED$/),
        // One mouse fewer than if the broken one had been cancelled.
        'Wireless mouse: 98 on hand, expected 99',
      ],
      orders: [
        { scenario: good.name, status: 'COMPLETED' },
        { scenario: 'broken', status: 'COMPLETED' },
      ],
      audit: { clean: true },
    });
  });
});

async function runInProcess(options: DemoOptions): Promise<{ code: number; body: unknown }> {
  const print = vi.fn<Invocation['print']>();
  const code = await demo({ config: readConfig({}), json: true, print }, options);
  return { code, body: JSON.parse(print.mock.calls[0]?.[0] ?? 'null') };
}
