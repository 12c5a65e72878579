/** Tells whether a process id still means the process it meant when it was written down: pids are reused. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Names one run of one process on this machine, across pid reuse and reboots.
 * @returns `null` when no such process lives (a zombie counts as gone)
 */
export async function processIdentity(pid: number): Promise<string | null> {
  if (!isAlive(pid)) return null;
  switch (process.platform) {
    case 'linux':
      return linuxIdentity(pid);
    case 'win32':
      // No cheap start time here: a reused pid then counts as the same process, which refuses once too often.
      return `pid ${pid}`;
    default:
      return psColumn(pid, 'lstart=');
  }
}

/** The command line of a living process, its arguments separated by spaces; `null` when it is gone or hidden. */
export async function commandLine(pid: number): Promise<string | null> {
  if (!isAlive(pid)) return null;
  if (process.platform !== 'linux') return psColumn(pid, 'command=');
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => null);
  return text === null ? null : text.replaceAll('\0', ' ').trim();
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, under another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Start time in ticks since boot, with the boot's id; the command name may hold blanks, so fields count from the `)`. */
async function linuxIdentity(pid: number): Promise<string | null> {
  const [stat, bootId] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null),
    readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => ''),
  ]);
  if (stat === null) return null;
  const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' ? null : `${bootId.trim()} ${rest[18]}`;
}

async function psColumn(pid: number, column: string): Promise<string | null> {
  const { stdout } = await run('ps', ['-o', column, '-p', String(pid)]).catch(() => ({ stdout: '' }));
  return stdout.trim() || null;
}
