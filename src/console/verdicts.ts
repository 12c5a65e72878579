/** The verifier's verdicts on the machines of this build: each made once, when it is first asked for, one at a time. */
import { Worker } from 'node:worker_threads';
import type { Verdict } from '../verifier/index.ts';
import type { Question } from './verdict-thread.ts';

export type Judged =
  | { readonly type: 'pending' }
  | { readonly type: 'judged'; readonly verdict: Verdict }
  /** The verifier itself failed. */
  | { readonly type: 'failed' };

export interface Verdicts {
  /** What is known now; the first to ask sets the verifier going. */
  of(question: Question): Judged;
  /** Ends the thread, if one runs. */
  close(): Promise<void>;
}

export interface VerdictsOptions {
  readonly onError: (error: Error) => void;
  /** Judges in a thread of its own; for tests another one. */
  readonly judge?: Judge;
}

/** @throws when it is aborted, or the verifier fails */
export type Judge = (question: Question, signal: AbortSignal) => Promise<Verdict>;

export function createVerdicts({ onError, judge = judgeInThread }: VerdictsOptions): Verdicts {
  const known = new Map<string, Judged>();
  const closing = new AbortController();
  let last: Promise<void> = Promise.resolve();
  const ask = async (key: string, question: Question): Promise<void> => {
    if (closing.signal.aborted) return;
    try {
      known.set(key, { type: 'judged', verdict: await judge(question, closing.signal) });
    } catch (error) {
      if (closing.signal.aborted) return;
      known.set(key, { type: 'failed' });
      onError(error instanceof Error ? error : new Error(String(error)));
    }
  };
  return {
    of(question) {
      const key = `${question.machine} ${question.version}`;
      const found = known.get(key);
      if (found) return found;
      known.set(key, { type: 'pending' });
      last = last.then(() => ask(key, question));
      return { type: 'pending' };
    },
    async close() {
      closing.abort();
      await last;
    },
  };
}

async function judgeInThread(question: Question, signal: AbortSignal): Promise<Verdict> {
  const thread = new Worker(new URL('./verdict-thread.ts', import.meta.url), { workerData: question });
  const { promise, resolve, reject } = Promise.withResolvers<Verdict>();
  thread.once('message', resolve);
  thread.once('error', reject);
  thread.once('exit', (code) => reject(new Error(`the verifier's thread ended with ${code}`)));
  const stop = (): void => void thread.terminate();
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', stop);
    await thread.terminate();
  }
}
