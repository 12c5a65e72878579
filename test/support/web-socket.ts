/** WebSocket clients for tests: one that reads, one that only shakes hands and then does not. */
import { once } from 'node:events';
import { type ClientRequest, request } from 'node:http';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';

export interface SocketEnd {
  readonly code: number;
  readonly reason: string;
}

export interface ReadingClient {
  /** Frames so far, as JSON. */
  readonly events: readonly Record<string, unknown>[];
  /** Their text, as it crossed the wire. */
  readonly frames: readonly string[];
  readonly closed: Promise<SocketEnd>;
  close(code?: number): void;
}

/** Connects and reads. @throws when the server refuses the handshake */
export async function connectSocket(url: string): Promise<ReadingClient> {
  const socket = new WebSocket(url);
  const frames: string[] = [];
  const events: Record<string, unknown>[] = [];
  socket.addEventListener('message', ({ data }) => {
    frames.push(String(data));
    events.push(JSON.parse(String(data)) as Record<string, unknown>);
  });
  const closed = new Promise<SocketEnd>((resolve) =>
    socket.addEventListener('close', ({ code, reason }) => resolve({ code, reason })),
  );
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve());
    socket.addEventListener('error', () => reject(new Error(`no WebSocket at ${url}`)));
  });
  return { events, frames, closed, close: (code) => socket.close(code) };
}

export interface Handshake {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Of a refusal. */
  readonly body: string;
  /** Of an accepted one: paused, whoever reads it reads frames. */
  readonly socket: Duplex | null;
}

/** Asks for a handshake, with headers that a browser would send. Whoever calls it hears the answer or the error. */
export function beginHandshake(url: string, headers: Readonly<Record<string, string>> = {}): ClientRequest {
  const sent = request(url.replace(/^ws/, 'http'), {
    headers: {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      ...headers,
    },
  });
  sent.end();
  return sent;
}

/** The handshake alone. */
export async function shakeHands(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Handshake> {
  const sent = beginHandshake(url, headers);
  const upgraded = once(sent, 'upgrade').then(([response, socket]) => ({ response, socket: socket as Duplex }));
  const refused = once(sent, 'response').then(([response]) => ({ response, socket: null }));
  const { response, socket } = await Promise.race([upgraded, refused]);
  const { statusCode = 0, headers: answered } = response;
  return { statusCode, headers: answered, body: socket ? '' : await text(response), socket };
}
