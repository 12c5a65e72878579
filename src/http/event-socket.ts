/** Sends a stream of events over a WebSocket: no faster than the client reads, and not for longer than it lives. */
import type { WebSocket } from '@fastify/websocket';

export interface EventSocketLimits {
  /** How often the client is pinged; one that has not answered by the next time is gone. */
  readonly heartbeatMs: number;
  /** What may wait for the client to read; beyond it nothing more is sent until it has. */
  readonly maxBufferedBytes: number;
  /** How long that may take before the client is cut off; and how long it may take to read the rest at the end. */
  readonly patienceMs: number;
  /** How long a client may take to answer any other close. */
  readonly closeMs: number;
}

export const defaultSocketLimits: EventSocketLimits = {
  // Below what proxies allow an idle connection (60 s).
  heartbeatMs: 15_000,
  maxBufferedBytes: 1024 * 1024,
  patienceMs: 10_000,
  closeMs: 2_000,
};

/** Registered close codes (RFC 6455, IANA). */
const closing = {
  ended: { code: 1000, reason: 'there is no more' },
  leaving: { code: 1001, reason: 'this process is shutting down' },
  failed: { code: 1011, reason: 'the service failed' },
  slow: { code: 1013, reason: 'the client reads too slowly' },
} as const;

/** Why it is over: `ended` when the client has read everything, `gone` when it left before. */
export type EventSocketEnd = 'gone' | Exclude<keyof typeof closing, 'failed'>;

/**
 * Sends each event as a text frame of JSON and closes: 1000 after the last, 1001 when `shutdown` aborts, 1011 when the
 * source throws, 1013 when the client does not read.
 * @param open makes the source; its signal aborts when the client is gone or `shutdown` aborts
 * @returns after the last event only once the client has answered the close, or is gone
 * @throws what the source threw, once the socket is being closed
 */
export async function sendEvents(
  socket: WebSocket,
  open: (signal: AbortSignal) => AsyncIterable<object>,
  { shutdown, limits }: { readonly shutdown: AbortSignal; readonly limits: EventSocketLimits },
): Promise<EventSocketEnd> {
  const gone = new AbortController();
  const closed = Promise.withResolvers<number>();
  socket.once('close', (code: number) => {
    gone.abort();
    closed.resolve(code);
  });
  keepAlive(socket, limits.heartbeatMs);
  const signal = AbortSignal.any([gone.signal, shutdown]);
  // A source that does not look at its signal must not hold up the end of the process.
  shutdown.addEventListener('abort', () => close(socket, 'leaving', limits.closeMs), { signal: gone.signal });
  try {
    for await (const event of open(signal)) {
      if (signal.aborted) break;
      if (!(await sent(socket, JSON.stringify(event), limits))) return close(socket, 'slow', limits.closeMs);
    }
    if (shutdown.aborted) return close(socket, 'leaving', limits.closeMs);
    if (socket.readyState !== socket.OPEN) return 'gone';
    // Sent is not read: a client answers a close with the same code once it has read what came before.
    close(socket, 'ended', limits.patienceMs);
    return (await closed.promise) === closing.ended.code ? 'ended' : 'gone';
  } catch (error) {
    close(socket, 'failed', limits.closeMs);
    throw error;
  }
}

/** @returns false when too much waits for the client, and it did not read that in time */
async function sent(socket: WebSocket, text: string, limits: EventSocketLimits): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  // Called when the frame has left this process, or cannot any more; the latter ends the loop by the close event.
  socket.send(text, () => resolve(true));
  if (socket.bufferedAmount <= limits.maxBufferedBytes) return true;
  const patience = setTimeout(() => resolve(false), limits.patienceMs);
  try {
    return await promise;
  } finally {
    clearTimeout(patience);
  }
}

/** Closes, and cuts off a client that does not answer within `answerMs`. @returns `why` */
function close<Why extends keyof typeof closing>(socket: WebSocket, why: Why, answerMs: number): Why {
  if (socket.readyState === socket.CLOSED) return why;
  // Without effect on one that is closing already.
  socket.close(closing[why].code, closing[why].reason);
  const cutOff = setTimeout(() => socket.terminate(), answerMs);
  socket.once('close', () => clearTimeout(cutOff));
  return why;
}

/** Without it a client behind a broken network would stay for ever. */
function keepAlive(socket: WebSocket, heartbeatMs: number): void {
  let answered = true;
  socket.on('pong', () => (answered = true));
  const beat = setInterval(() => {
    if (!answered) return socket.terminate();
    answered = false;
    socket.ping();
  }, heartbeatMs);
  socket.once('close', () => clearInterval(beat));
}
