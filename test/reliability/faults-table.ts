/** The kept runs as docs/reliability.md shows them: how often each fault struck, and the runs themselves. Pure. */
import { markdownTable } from '../support/generated-page.ts';
import type { KeptRun } from './kept-runs.ts';

export const section = 'faults-survived';

const kinds = { chaos: 'real processes', simulation: 'simulated' } as const;

export function faultsTable(runs: readonly KeptRun[]): string {
  return [faultRows(runs), seenRows(runs), runRows(runs)].join('\n');
}

function faultRows(runs: readonly KeptRun[]): string {
  const rows = (Object.keys(kinds) as KeptRun['kind'][]).flatMap((kind) => {
    const those = runs.filter((run) => run.kind === kind);
    return [...sums(those.map(({ struck }) => struck))].map(([fault, times]) => {
      const met = those.filter(({ struck }) => (struck[fault] ?? 0) > 0);
      return [fault, kinds[kind], count(times), verdict(met)];
    });
  });
  return markdownTable(['fault', 'where', 'times struck', 'result'], rows);
}

/** What is counted is added up; of times the longest one says something. */
const duration = 'seconds ';

function seenRows(runs: readonly KeptRun[]): string {
  const chaos = runs.filter(({ kind }) => kind === 'chaos');
  const rows = [...sums(chaos.map(({ seen }) => seen))].map(([what, n]) => {
    if (!what.startsWith(duration)) return [what, count(n)];
    return [`${what}, at most`, count(Math.max(...chaos.map(({ seen }) => seen[what] ?? 0)))];
  });
  return markdownTable(['what was seen of the real processes', ''], rows);
}

function runRows(runs: readonly KeptRun[]): string {
  const rows = runs.map((run) => [
    `\`${run.command}\``,
    run.date,
    run.commit,
    count(run.orders),
    `${Math.round(run.seconds / 60)} min`,
    verdict([run]),
  ]);
  return markdownTable(['command', 'date', 'commit', 'orders', 'took', 'result'], rows);
}

function verdict(runs: readonly KeptRun[]): string {
  const broken = new Set(runs.flatMap((run) => run.broken.map((line) => line.split(':')[0] ?? line)));
  return broken.size === 0 ? 'all promises hold' : `broken: ${[...broken].join(', ')}`;
}

/** Of each name over all counts, in the order in which names first come. */
function sums(counts: readonly Readonly<Record<string, number>>[]): Map<string, number> {
  const total = new Map<string, number>();
  for (const each of counts) for (const [name, n] of Object.entries(each)) total.set(name, (total.get(name) ?? 0) + n);
  return total;
}

const count = (n: number): string => n.toLocaleString('en');
