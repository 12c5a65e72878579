/**
 * Tells which actors moved, by LISTEN on one connection of its own (Slonik has no notifications). When that connection
 * breaks it comes back by itself; what was missed meanwhile its users find by polling. So they do for the moment that it takes
 * to listen again after a time in which nobody watched.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { CommitFeed } from '../actors/index.ts';
import { commitChannel } from './write-batch.ts';

const firstReconnectMs = 100;
const maxReconnectMs = 5_000;
const goodbyeMs = 500;
/** Where nobody watches anything for so long, no notice is asked for: each wakes a server process and this one. */
const lingerMs = 2_000;

export interface ListeningFeed extends CommitFeed {
  /** Called with the actors of every commit, or `*` when there were too many to name. */
  onAny(listener: (actorIds: readonly string[]) => void): () => void;
  stop(): Promise<void>;
}

/** @throws when the first connection cannot be made; then nothing goes on in the background */
export async function commitFeed(url: string, onError: (error: Error) => void): Promise<ListeningFeed> {
  const byActor = new Map<string, Set<() => void>>();
  const forAll = new Set<(actorIds: readonly string[]) => void>();
  let client: pg.Client | null = null;
  let isListening = false;
  let stopped = false;
  let retry: NodeJS.Timeout | undefined;
  let unwatched: NodeJS.Timeout | undefined;
  let reconnectMs = firstReconnectMs;

  const tell = (payload: string): void => {
    const ids = payload.split(',');
    for (const listener of forAll) listener(ids);
    if (payload === '*') for (const listeners of byActor.values()) for (const listener of listeners) listener();
    else for (const id of ids) for (const listener of byActor.get(id) ?? []) listener();
  };

  /** What is refused is said again when somebody begins to watch; a connection that is lost begins anew by itself. */
  const say = (statement: 'listen' | 'unlisten'): void => {
    isListening = statement === 'listen';
    client?.query(`${statement} ${commitChannel}`).catch((error: Error) => {
      isListening = false;
      onError(error);
    });
  };
  const watch = (): void => {
    clearTimeout(unwatched);
    unwatched = undefined;
    if (!isListening) say('listen');
  };
  const restIfUnwatched = (): void => {
    if (stopped || byActor.size > 0 || forAll.size > 0) return;
    clearTimeout(unwatched);
    unwatched = setTimeout(say, lingerMs, 'unlisten').unref();
  };

  const connect = async (): Promise<void> => {
    const next = new pg.Client({ connectionString: url, application_name: 'waybill-feed' });
    let gone = false;
    const lost = (error: Error): void => {
      if (gone) return;
      gone = true;
      if (client === next) client = null;
      if (stopped) return;
      onError(error);
      retry = setTimeout(reconnect, reconnectMs).unref();
      reconnectMs = Math.min(maxReconnectMs, reconnectMs * 2);
    };
    next.on('error', lost);
    next.on('end', () => lost(new Error('the connection of the commit feed ended')));
    next.on('notification', (notice) => tell(notice.payload ?? '*'));
    try {
      await next.connect();
      await next.query(`listen ${commitChannel}`);
    } catch (error) {
      lost(error instanceof Error ? error : new Error(String(error)));
      await next.end().catch(() => {});
      throw error;
    }
    if (stopped) return next.end();
    client = next;
    isListening = true;
    restIfUnwatched();
    reconnectMs = firstReconnectMs;
  };
  // A failed attempt has already arranged the next one.
  const reconnect = (): void => void connect().catch(() => {});
  const end = (): void => {
    stopped = true;
    clearTimeout(retry);
    clearTimeout(unwatched);
  };
  try {
    await connect();
  } catch (error) {
    end();
    throw error;
  }

  return {
    subscribe(actorId, onCommit) {
      const listeners = byActor.get(actorId) ?? new Set();
      listeners.add(onCommit);
      byActor.set(actorId, listeners);
      watch();
      return () => {
        listeners.delete(onCommit);
        if (listeners.size === 0 && byActor.get(actorId) === listeners) byActor.delete(actorId);
        restIfUnwatched();
      };
    },
    onAny(listener) {
      forAll.add(listener);
      watch();
      return () => {
        forAll.delete(listener);
        restIfUnwatched();
      };
    },
    async stop() {
      end();
      // A server that is silent would keep us waiting for its goodbye.
      await Promise.race([client?.end().catch(onError), sleep(goodbyeMs, undefined, { ref: false })]);
    },
  };
}
