#!/usr/bin/env node
/**
 * The `waybill` command. Plain JavaScript that any Node from 20 on can read: the program itself needs Node 24, so an
 * older one hands over to the Node 24 that npm installed beside it.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const neededMajor = 24;

if (Number(process.versions.node.split('.')[0]) >= neededMajor) {
  // A third of a start's work is reading some fifteen hundred modules: what was compiled once is kept
  // beside them, where that can be written.
  module.enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/waybill', import.meta.url)));
  await import('../src/main.ts');
} else handOver();

function handOver() {
  const node = installedNode();
  if (node === null) {
    console.error(
      `waybill needs Node ${neededMajor} or newer; this is ${process.version}, and npm has no Node for ` +
        `${process.platform}-${process.arch} to install beside it: install Node ${neededMajor}.`,
    );
    process.exit(2);
  }
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  // A terminal sends Ctrl-C to the child as well, and a second one means "at once": pass on only what it cannot have.
  const onTerminal = [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2']) {
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !onTerminal) child.kill(signal);
    });
  }
  child.on('error', (error) => {
    console.error(`waybill cannot run ${node}: ${error.message}`);
    process.exit(2);
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    // Die of the same signal, so that whoever waits sees the truth.
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

/** The Node of the optional dependency for this platform, or null. */
function installedNode() {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  try {
    const manifest = createRequire(import.meta.url).resolve(`node-${platform}-${process.arch}/package.json`);
    const node = join(dirname(manifest), 'bin', platform === 'win' ? 'node.exe' : 'node');
    return existsSync(node) ? node : null;
  } catch {
    return null;
  }
}
