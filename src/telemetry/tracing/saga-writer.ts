/**
 * Writes the saga's part of a trace once the actor has ended, stands parked, or goes on in another trace. Whether it is
 * kept is decided then, when it is known how it went (docs/adr/0012).
 */
import type { Observation, TransitionRecord } from '../../actors/index.ts';
import { sagaSpans, type SagaLog, type SagaSpan } from './saga-spans.ts';

export interface SagaWriterPorts {
  /** Logs from revision 1 on, in revision order; of at most `batch` actors. */
  readonly readLogs: (actorIds: readonly string[]) => Promise<readonly TransitionRecord[]>;
  readonly emit: (spans: readonly SagaSpan[]) => void;
  readonly tagsOf: (machine: string, path: string) => readonly string[];
  readonly isGoodEnd: (machine: string, path: string) => boolean;
  readonly delay: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Told of sagas whose spans are lost: the log could not be read, or too many ended at once. */
  readonly onLost: (sagas: number, error: unknown) => void;
}

type Transition = Observation & { readonly type: 'transition' };

export interface SagaWriter {
  observe(transition: Transition): void;
  /** Resolves once everything observed so far has been emitted or lost. */
  flush(): Promise<void>;
}

/** An order that took longer is kept, however it ended: several times what one takes with a retry. */
export const slowMs = 10_000;
/** Actors whose logs are read in one query. */
const batch = 200;
/** More than that have ended than can be written: the newest go without. */
const maxWaiting = 5_000;
/** Those that end within it share a query. */
const gatherMs = 100;

interface Due {
  readonly actorId: string;
  readonly machine: string;
  readonly traceparent: string;
}

export function sagaWriter(ports: SagaWriterPorts): SagaWriter {
  const waiting = new Map<string, Due>();
  let writing: Promise<void> | null = null;
  let hurry = new AbortController();

  const write = async (due: readonly Due[]): Promise<void> => {
    try {
      const records = await ports.readLogs([...new Set(due.map(({ actorId }) => actorId))]);
      const logs = Map.groupBy(records, ({ actorId }) => actorId);
      ports.emit(due.flatMap((saga) => sagaSpans(logOf(ports, saga, logs.get(saga.actorId) ?? []))));
    } catch (error) {
      // Traces are for looking: the order goes on without.
      ports.onLost(due.length, error);
    }
  };
  const run = async (): Promise<void> => {
    await ports.delay(gatherMs, hurry.signal);
    while (waiting.size > 0) {
      const keys = [...waiting.keys()].slice(0, batch);
      const due = keys.flatMap((key) => waiting.get(key) ?? []);
      for (const key of keys) waiting.delete(key);
      await write(due);
    }
    writing = null;
  };

  return {
    observe(transition) {
      const traceparent = traceToWrite(ports, transition);
      if (traceparent === null) return;
      const { actorId } = transition.record;
      if (waiting.size >= maxWaiting) return ports.onLost(1, new Error('too many sagas ended at once'));
      waiting.set(`${actorId} ${traceparent}`, { actorId, machine: transition.machine, traceparent });
      writing ??= run();
    },
    async flush() {
      hurry.abort();
      await writing;
      hurry = new AbortController();
    },
  };
}

/** Which trace is complete as far as it goes, and is to be kept; null: none. */
function traceToWrite({ isGoodEnd }: SagaWriterPorts, transition: Transition): string | null {
  const { record, before, ended, tags, machine, startedAtMs } = transition;
  // Left behind after days. After a person was waited for it is written already.
  if (before?.traceparent && before.traceparent !== record.traceparent && !before.parked) return before.traceparent;
  if (record.traceparent === null) return null;
  if (tags.includes('parked') && !ended) return record.traceparent;
  if (!ended) return null;
  const keeps = isSampled(record.traceparent) || !isGoodEnd(machine, record.to) || record.atMs - startedAtMs >= slowMs;
  return keeps ? record.traceparent : null;
}

const isSampled = (traceparent: string): boolean => (Number.parseInt(traceparent.slice(53), 16) & 1) === 1;

function logOf(ports: SagaWriterPorts, saga: Due, records: readonly TransitionRecord[]): SagaLog {
  return {
    machine: saga.machine,
    records,
    traceparent: saga.traceparent,
    tagsOf: (path) => ports.tagsOf(saga.machine, path),
    isGoodEnd: (path) => ports.isGoodEnd(saga.machine, path),
  };
}
