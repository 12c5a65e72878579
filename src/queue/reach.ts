/** Waits for a queue whose server is late, and says at once, in one line, when waiting would not help. */
import { EvictingRedis, prepareQueue, type QueueTarget } from './backend.ts';

/** The queue's server is not merely late: its login or its settings are wrong. One line, fit to be printed. */
export class WrongQueue extends Error {
  override readonly name = 'WrongQueue';
}

const retryMs = 500;
const firstLogAfter = 2;
const logEvery = 20;
const hopeless = /WRONGPASS|NOAUTH|NOPERM|invalid (?:username|password)/i;

export async function reachQueue(
  target: QueueTarget,
  options: {
    readonly signal?: AbortSignal;
    readonly delay: (ms: number, signal?: AbortSignal) => Promise<void>;
    readonly log: (line: string) => void;
  },
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    options.signal?.throwIfAborted();
    try {
      return await prepareQueue(target);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (error instanceof EvictingRedis) throw new WrongQueue(message);
      const isOnPostgres = target.type === 'postgres';
      // The database was reached before: what is not a lost connection will not pass.
      if (isOnPostgres && !isConnectionLost(error)) throw error;
      const { host } = new URL(target.url);
      if (hopeless.test(message)) throw new WrongQueue(`REDIS_URL: ${host} refuses us: ${message}`);
      const where = isOnPostgres ? `the queue in Postgres at ${host}` : `Redis at ${host} (REDIS_URL)`;
      if (tries === firstLogAfter || tries % logEvery === 0) options.log(`waiting for ${where}: ${message}`);
      await options.delay(retryMs, options.signal);
    }
  }
}

/** Cut off, refused, or on its way down or up: SQLSTATEs of classes 08 and 57P, sockets, and what `pg` says of its own. */
function isConnectionLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return (
    /^(?:08|57P|ECONN|EPIPE|ETIMEDOUT)/.test(code) ||
    /connection (?:terminated|error)|timeout expired/i.test(error.message)
  );
}
