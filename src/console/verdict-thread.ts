/** The thread in which a machine is judged: it takes seconds of a core, and nobody else is to wait for them. */
import { parentPort, workerData } from 'node:worker_threads';
import { actorMachine } from '../actors/index.ts';
import { machines } from '../machines/index.ts';
import { verify } from '../verifier/index.ts';

/** What the thread is started with. */
export interface Question {
  readonly machine: string;
  readonly version: string;
}

const { machine: id, version }: Question = workerData;
const listed = machines.find((one) => one.machine.id === id && one.version === version);
if (!listed) throw new Error(`no machine ${id} of version ${version} is listed`);
parentPort?.postMessage(verify(actorMachine(listed.machine, version), listed.environment));
