/**
 * `npm run chaos -- --profile short --seed 1 --backend redis`: one run; exit code 1 for a broken promise or an invalid run.
 * With `--keep` its figures go into docs/reliability.md.
 */
import { parseArgs } from 'node:util';
import { textTable } from '../../src/cli/table.ts';
import { cleanCommit, keepRun } from '../reliability/kept-runs.ts';
import { chaos, type Outcome } from './chaos.ts';
import { ordersFigure } from './figures.ts';
import { type Backend, type Profile, profiles, type TrackName, trackNames } from './profiles.ts';

const { values } = parseArgs({
  options: {
    profile: { type: 'string', default: 'short' },
    backend: { type: 'string', default: 'redis' },
    seed: { type: 'string', default: '1' },
    /** In place of the profile's own. */
    seconds: { type: 'string' },
    /** Tracks of faults, with commas between; in place of all. */
    only: { type: 'string' },
    pace: { type: 'string', default: '1' },
    customers: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
});
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const { profile, backend, seed } = read();
// Before anything else: what runs must be what the commit says.
const commit = values.keep ? cleanCommit() : null;
const begunMs = performance.now();
const tell = (line: string): void =>
  say(`${String(Math.round((performance.now() - begunMs) / 1_000)).padStart(5)} s  ${line}`);
// The reaper keeps nobody alive who waits for it.
const alive = setInterval(() => {}, 60_000);
const outcome = await chaos({ profile, backend, seed, say: tell });
clearInterval(alive);
report(outcome);
if (commit !== null) keep(outcome, commit);
process.exit(outcome.missing.length + outcome.verdicts.flatMap(({ found }) => found).length > 0 ? 1 : 0);

function read() {
  const named = Object.values(profiles).find(({ name }) => name === values.profile);
  const backends: readonly Backend[] = ['redis', 'postgres'];
  const chosen = backends.find((name) => name === values.backend);
  const tracks = values.only?.split(',') ?? [...(named?.tracks ?? [])];
  const areTracks = tracks.every((name): name is TrackName => trackNames.some((known) => known === name));
  const [number, seconds, pace] = [
    Number(values.seed),
    Number(values.seconds ?? named?.faultSeconds),
    Number(values.pace),
  ];
  const customers = Number(values.customers ?? named?.customers);
  if (!named || !chosen || !areTracks || !Number.isSafeInteger(number) || !(seconds > 0 && pace > 0 && customers > 0)) {
    process.stderr.write(
      `chaos: --profile short|night, --backend redis|postgres, --seed <n>, --seconds <n>, --only ${trackNames.join(',')}, --pace <n>, --customers <n>, --keep\n`,
    );
    process.exit(2);
  }
  const asked: Profile = { ...named, faultSeconds: seconds, pace, customers, tracks };
  return { profile: asked, backend: chosen, seed: number };
}

function report({ struck, missing, verdicts, figures }: Outcome): void {
  const maxShown = 5;
  say(`\n${textTable(['fault', 'struck'], [...struck])}`);
  say(`\n${textTable(['what was seen', ''], [...figures])}`);
  const lines = verdicts.map(({ id, promise, found }) => [id, promise, found.length === 0 ? 'holds' : found.length]);
  say(`\n${textTable(['', 'promise', ''], lines)}`);
  const broken = verdicts.filter(({ found }) => found.length > 0);
  for (const { id, found } of broken) for (const line of found.slice(0, maxShown)) say(`${id}: ${line}`);
  for (const name of missing) say(`invalid run: "${name}" never struck`);
  const verdict = broken.length > 0 ? 'broken' : missing.length > 0 ? 'invalid' : 'all promises hold';
  say(
    `\n${profile.name} on ${backend}, seed ${seed}: ${verdict} (${Math.round((performance.now() - begunMs) / 1_000)} s)`,
  );
}

/** An invalid run shows nothing, and is not kept; a broken promise is. */
function keep({ struck, missing, verdicts, figures }: Outcome, at: string): void {
  if (missing.length > 0) return;
  const options = [`--profile ${profile.name}`, `--backend ${backend}`, `--seed ${seed}`];
  for (const name of ['seconds', 'only', 'customers'] as const)
    if (values[name] !== undefined) options.push(`--${name} ${values[name]}`);
  if (profile.pace !== 1) options.push(`--pace ${profile.pace}`);
  const { [ordersFigure]: n = 0, ...seen } = Object.fromEntries(figures);
  keepRun(
    {
      kind: 'chaos',
      command: `npm run chaos -- ${options.join(' ')}`,
      seconds: Math.round((performance.now() - begunMs) / 1_000),
      orders: n,
      struck: Object.fromEntries(struck),
      broken: verdicts.flatMap(({ id, found }) => found.map((what) => `${id}: ${what}`)),
      seen,
    },
    at,
  );
}
