/** The benchmark: each workload on stores of its own with fsync on. Figures, never a pass or fail; but books must agree. */
import { mkdir, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { NoRedis } from './engines/lab.ts';
import { help, type Options, readOptions } from './options.ts';
import { profilesIn } from './profile.ts';
import { openReport } from './report.ts';
import { workloads } from './workloads/workloads.ts';

const profiles = fileURLToPath(new URL('profiles', import.meta.url));

const options = read();
if (options === null) process.stdout.write(`${help}\n`);
else await main(options);

function read(): Options | null {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return process.exit(2);
  }
}

async function main(asked: Options): Promise<void> {
  // What watches over the child processes does not keep this one alive.
  const alive = setInterval(() => {}, 1_000);
  const report = openReport(asked, (text) => void process.stdout.write(text));
  const profileTo = asked.cpuProf ? profiles : null;
  if (profileTo !== null) {
    await rm(profileTo, { recursive: true, force: true });
    await mkdir(profileTo);
  }
  try {
    for (const backend of asked.backends) {
      try {
        await workloads[asked.workload]({ options: asked, backend, report, profileTo });
      } catch (error) {
        if (!(error instanceof NoRedis)) throw error;
        report.say({ backend, skipped: error.message });
      }
    }
    if (profileTo !== null) for (const profile of await profilesIn(profileTo)) report.say(profile);
    if (asked.keep) process.stderr.write(`kept as bench/results/${await report.keep()}\n`);
  } finally {
    clearInterval(alive);
  }
}
