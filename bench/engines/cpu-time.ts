/** The processor time of processes, by the kernel's books: a figure that other work on the same machine hardly moves. */
import { readFile } from 'node:fs/promises';

/** Of a tick of `/proc/<pid>/stat`: USER_HZ, which is 100 on every Linux. */
const tickMs = 10;

/** @returns what these processes and all their descendants have used so far, in ms; null where there is no `/proc` */
export async function cpuTimeMs(pids: readonly number[]): Promise<number | null> {
  if (process.platform !== 'linux') return null;
  const times = await Promise.all(pids.map(ofTree));
  return times.reduce((sum, time) => sum + time, 0);
}

async function ofTree(pid: number): Promise<number> {
  const [stat, children] = await Promise.all([read(pid, 'stat'), read(pid, `task/${pid}/children`)]);
  // The name in parentheses may hold anything; the fields that count are the 14th to 17th: own and reaped, user and system.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const own = fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) * tickMs;
  const below = await Promise.all(children.split(' ').filter(Boolean).map(Number).map(ofTree));
  return own + below.reduce((sum, time) => sum + time, 0);
}

/** Empty for a process that has ended meanwhile: its parent has its time then. */
function read(pid: number, file: string): Promise<string> {
  return readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
}
