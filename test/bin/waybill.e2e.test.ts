import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { spawnWaybill, type WaybillProcess } from '../support/process.ts';

/** In place of the program: says what it was given, then ends as told. */
const main = `
const [how, ...rest]: string[] = process.argv.slice(2);
const major: number = Number(process.versions.node.split('.')[0]);
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => { console.log(signal); process.exit(7); });
console.log(JSON.stringify({ major: major >= 24, how, rest }));
if (how === 'wait') setInterval(() => {}, 60_000);
else if (how === 'die') process.kill(process.pid, 'SIGKILL');
else process.exitCode = Number(how);
`;
/** Makes a Node take itself for an old one; the Node it hands over to is started without. */
const pretend = "Object.defineProperty(process.versions, 'node', { value: process.env.PRETEND_VERSION });";

const root = fileURLToPath(new URL('../..', import.meta.url));
let checkout: string;

beforeAll(async () => {
  checkout = await mkdtemp(join(tmpdir(), 'waybill-bin-'));
  await mkdir(join(checkout, 'src'));
  await cp(join(root, 'bin'), join(checkout, 'bin'), { recursive: true });
  await cp(join(root, 'package.json'), join(checkout, 'package.json'));
  await symlink(join(root, 'node_modules'), join(checkout, 'node_modules'));
  await writeFile(join(checkout, 'src', 'main.ts'), main);
  await writeFile(join(checkout, 'pretend.cjs'), pretend);
});
afterAll(() => rm(checkout, { recursive: true }));

const run = (version: string, args: readonly string[]): WaybillProcess =>
  spawnWaybill({
    command: [process.execPath, '--require', join(checkout, 'pretend.cjs'), join(checkout, 'bin', 'waybill.js')],
    args,
    env: { PRETEND_VERSION: version },
  });

describe.each(['20.20.2', '24.21.0'])('bin/waybill.js on Node %s', (version) => {
  it('runs the program on Node 24 with its arguments, and ends with its exit code', async () => {
    const command = run(version, ['3', '--role', 'edge,worker', '']);
    expect(await command.exited).toEqual({ code: 3, signal: null });
    expect(command.output()).toBe('{"major":true,"how":"3","rest":["--role","edge,worker",""]}\n');
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('%s reaches the program, once', async (signal) => {
    const command = run(version, ['wait']);
    await command.line(/"wait"/);
    await command.kill(signal);
    expect(await command.exited).toEqual({ code: 7, signal: null });
    expect(command.output().match(/SIG\w+/g)).toEqual([signal]);
  });

  it('dies of the signal that the program died of', async () => {
    expect(await run(version, ['die']).exited).toEqual({ code: null, signal: 'SIGKILL' });
  });
});
