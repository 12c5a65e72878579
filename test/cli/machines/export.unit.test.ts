import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMachine } from 'xstate';
import { orderMachine } from '../../../src/machines/index.ts';
import { type Ran, runCommand } from '../command.ts';

const exported = (...options: readonly string[]): Promise<Ran> =>
  runCommand('postgres://unused', ['machines', 'export', ...options]);

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'waybill-export-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('machines export', () => {
  it('prints JSON from which createMachine builds the machine', async () => {
    const { code, stdout } = await exported('order');
    expect(code).toBe(0);
    const rebuilt = createMachine(JSON.parse(stdout) as never);
    expect(JSON.stringify(rebuilt.definition)).toBe(JSON.stringify(orderMachine.definition));
  });

  it.each([
    ['stately', /^\/\/ The machine order 1[^\n]*\nimport \{ createMachine \} from 'xstate';\n/],
    ['mermaid', /^stateDiagram-v2\n {2}accTitle: The machine order, version 1\n/],
    ['dot', /^digraph "order" \{\n/],
    ['svg', /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/],
  ])('prints %s', async (format, start) => {
    const { code, stdout, stderr } = await exported('order', '--format', format, '--version', '1');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(start);
  });

  it('highlights a state, also where a step is one box', async () => {
    const state = 'fulfilling.capturingPayment.calling';
    const all = await exported('order', '--format', 'mermaid', '--state', state);
    expect(all.stdout).toContain('\n  class fulfilling_capturingPayment_calling active\n');
    const steps = await exported('order', '--format', 'mermaid', '--state', state, '--detail', 'steps');
    expect(steps.stdout).toContain('\n  class fulfilling_capturingPayment active\n');
  });

  it('writes a file, or into a Markdown page between its marks', async () => {
    const svg = join(directory, 'order.svg');
    const page = join(directory, 'page.md');
    writeFileSync(page, 'before\n<!-- machine order-notice -->\n<!-- /machine -->\nafter\n');
    const first = await exported('order', '--format', 'svg', '--out', svg);
    const second = await exported('order-notice', '--format', 'mermaid', '--out', page);
    expect([first, second].map(({ code, stdout, stderr }) => ({ code, stdout, stderr }))).toEqual([
      { code: 0, stdout: '', stderr: '' },
      { code: 0, stdout: '', stderr: '' },
    ]);
    expect(readFileSync(svg, 'utf8')).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
    expect(readFileSync(page, 'utf8')).toMatch(
      /^before\n<!-- machine order-notice -->\n\n```mermaid\nstateDiagram-v2\n[\s\S]*\n```\n\n<!-- \/machine -->\nafter\n$/,
    );
  });

  it.each([
    [['nope'], 1, 'waybill: no machine is named nope'],
    [['order', '--version', '9'], 1, 'waybill: order has no version 9, but 1'],
    [['order', '--format', 'dot', '--state', 'nope'], 1, 'waybill: order 1 has no state nope'],
    [['order', '--out', 'no/such/folder'], 1, 'waybill: ENOENT: no such file or directory'],
    [['order', '--state', 'completed'], 2, 'waybill: --state and --detail are for diagrams: mermaid, dot, svg'],
    [['order', '--format', 'svg', '--out', 'README.md'], 2, 'waybill: a Markdown page takes --format mermaid'],
    [['order', '--format', 'png'], 2, "error: option '--format <format>' argument 'png' is invalid."],
    [[], 2, "error: missing required argument 'id'"],
  ])('%j is refused with exit code %i, and says why', async (options, code, message) => {
    const ran = await exported(...options);
    expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code, stdout: '' });
    expect(ran.stderr).toContain(message);
  });

  it('a Markdown page without the marks is left alone', async () => {
    const page = join(directory, 'page.md');
    writeFileSync(page, 'nothing\n');
    const { code, stderr } = await exported('order', '--format', 'mermaid', '--out', page);
    expect({ code, stderr, page: readFileSync(page, 'utf8') }).toEqual({
      code: 1,
      stderr: `waybill: ${page} has no place for it: <!-- machine order --> … <!-- /machine -->\n`,
      page: 'nothing\n',
    });
  });
});
