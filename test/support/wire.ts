/** A wire between a process and the participants that it calls: a test can hold what goes over it, lose it, or cut it. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Injectable } from './shop.ts';
import { eventually } from './wait.ts';

export type Fate =
  | 'pass'
  /** 503, and nothing is done. */
  | 'unavailable'
  /** Nothing is done, and no answer comes. */
  | 'loseRequest'
  /** It is done, and no answer comes. */
  | 'loseAnswer'
  /** Waits before the participant sees it. */
  | 'holdRequest'
  /** It is done; its answer waits. */
  | 'holdAnswer';

export interface Held {
  readonly path: string;
  /** Lets it go on. */
  release(): void;
}

export interface Wire {
  readonly url: string;
  /** Who answers at its other end. */
  connect(participant: Injectable): void;
  /** What happens to calls that fit, from now on or `times` times; the latest word that fits counts. */
  fate(call: RegExp, fate: Fate, options?: { readonly times?: number }): void;
  /** Everything passes again; what is held stays held. */
  calm(): void;
  /** Calls that came, as `METHOD /path`, in order. */
  readonly calls: readonly string[];
  /** Waits for the next held call that fits, and takes it. */
  held(call: RegExp): Promise<Held>;
  close(): Promise<void>;
}

interface Word {
  readonly call: RegExp;
  readonly fate: Fate;
  left: number;
}

export async function openWire(): Promise<Wire> {
  const words: Word[] = [];
  const calls: string[] = [];
  const holding: Held[] = [];
  let participant: Injectable | undefined;

  const hold = (path: string): Promise<void> =>
    new Promise((resolve) => void holding.push({ path, release: () => resolve() }));
  const server = createServer((request, response) => {
    const { method, path, call } = lineOf(request);
    calls.push(call);
    const carry = async (): Promise<void> => {
      const payload = await text(request);
      const fate = fateOf(words, call);
      if (fate === 'unavailable') return sendUnavailable(response);
      if (fate === 'loseRequest') return void response.destroy();
      if (fate === 'holdRequest') await hold(call);
      if (!participant) throw new Error('the wire leads nowhere yet');
      const headers = { ...plainHeaders(request), ...(payload ? { 'content-type': 'application/json' } : {}) };
      const answer = await participant.inject({ method, url: path, headers, ...(payload ? { payload } : {}) });
      if (fate === 'loseAnswer') return void response.destroy();
      if (fate === 'holdAnswer') await hold(call);
      const type = answer.headers['content-type']?.toString() ?? 'application/json';
      response.writeHead(answer.statusCode, { 'content-type': type }).end(answer.body);
    };
    carry().catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    connect: (app) => void (participant = app),
    fate: (call, fate, { times = Infinity } = {}) => void words.unshift({ call, fate, left: times }),
    calm: () => void words.splice(0),
    calls,
    held: (call) =>
      eventually(
        () => {
          const index = holding.findIndex(({ path }) => call.test(path));
          return index < 0 ? undefined : holding.splice(index, 1)[0];
        },
        { what: `a held call ${call}` },
      ),
    async close() {
      for (const { release } of holding.splice(0)) release();
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function fateOf(words: readonly Word[], call: string): Fate {
  const word = words.find((one) => one.left > 0 && one.call.test(call));
  if (!word) return 'pass';
  word.left -= 1;
  return word.fate;
}

function lineOf(request: IncomingMessage): { method: 'GET' | 'POST' | 'PUT' | 'DELETE'; path: string; call: string } {
  const { method = 'GET', url: path = '/' } = request;
  if (method !== 'GET' && method !== 'POST' && method !== 'PUT' && method !== 'DELETE') throw new Error(method);
  return { method, path, call: `${method} ${path}` };
}

/** Without those of the connection, which the next one has its own of. */
function plainHeaders({ headers }: IncomingMessage): Record<string, string> {
  const kept = ['accept', 'traceparent', 'idempotency-key'];
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      kept.includes(name) && typeof value === 'string' ? [[name, value]] : [],
    ),
  );
}

function sendUnavailable(response: ServerResponse): void {
  response.writeHead(503, { 'content-type': 'application/problem+json' });
  response.end(JSON.stringify({ status: 503, error: 'service_unavailable', title: 'Not now' }));
}
