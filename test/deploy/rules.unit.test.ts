import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const cwd = fileURLToPath(new URL('../../deploy/observability', import.meta.url));
const isThere = spawnSync('promtool', ['--version']).status === 0;
if (!isThere && process.env['REQUIRE_PROMETHEUS'] === '1')
  throw new Error('REQUIRE_PROMETHEUS=1, but there is no promtool here');

test.skipIf(!isThere)('promtool: the rules are valid, each alert fires on its cause and is silent without it', () => {
  for (const args of [
    ['check', 'rules', 'rules.yaml'],
    ['test', 'rules', 'rules.test.yaml'],
  ]) {
    const { status, stdout, stderr } = spawnSync('promtool', args, { cwd, encoding: 'utf8' });
    expect(status, `${stdout}\n${stderr}`).toBe(0);
  }
});
