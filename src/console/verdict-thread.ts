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

const asked: unknown = workerData;
const listed = machines.find(({ machine, version }) => isAbout(asked, { machine: machine.id, version }));
if (!listed) throw new Error('no such machine is listed');
// Nothing is handed over: the verdict is copied.
parentPort?.postMessage(verify(actorMachine(listed.machine, listed.version), listed.environment), []);

function isAbout(question: unknown, { machine, version }: Question): boolean {
  if (typeof question !== 'object' || question === null) return false;
  const named = 'machine' in question && question.machine === machine;
  return named && 'version' in question && question.version === version;
}
