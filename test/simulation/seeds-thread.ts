/** One of several threads that run seeds: its share comes as its data, its runs go to its parent. */
import { parentPort, workerData } from 'node:worker_threads';
import { runShare, type Share } from './run-seeds.ts';

/** What its parent tells it: only seeds below this one still matter. */
export interface Told {
  readonly below: number;
}

const port = parentPort;
if (!port) throw new Error('this is a thread of run-seeds.ts');
let below = Infinity;
port.on('message', (told: Told) => {
  below = Math.min(below, told.below);
});
await runShare(
  workerData as Share,
  (run) => port.postMessage(run),
  () => below,
);
port.close();
