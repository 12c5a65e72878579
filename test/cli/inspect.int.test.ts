import { describe, expect, it } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { runCommand } from './command.ts';

describe('waybill inspect refuses in one line', () => {
  const database = useDatabase();
  const missing = '01890000-0000-7000-8000-000000000000';
  const refused = (argv: readonly string[]) => runCommand(database.url(), ['inspect', ...argv]);

  it.each([missing, 'nothing'])('an order that is not there: %s', async (id) => {
    expect(await refused([id])).toMatchObject({ code: 1, stdout: '', stderr: `waybill: there is no order ${id}\n` });
    const { code, ...said } = await runCommand(database.url(), ['--json', 'inspect', id]);
    expect([code, said.json()]).toEqual([1, { error: 'order_not_found' }]);
  });

  it.each(['http://example.com/inspect', 'javascript:alert(1)', 'stately.ai'])('to open %s', async (url) => {
    const { code, stdout, stderr } = await refused([missing, '--inspector-url', url]);
    expect([code, stdout, stderr]).toEqual([
      2,
      '',
      `error: option '--inspector-url <url>' argument '${url}' is invalid. ` +
        'expected an https URL, or an http one of this machine\n',
    ]);
  });

  it.each(['http://localhost:8080/', 'https://inspector.example.com/a'])('not to open %s', async (url) => {
    expect((await refused([missing, '--inspector-url', url])).code).toBe(1);
  });
});
