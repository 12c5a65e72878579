/** The line to the gateway: an HTTP proxy that can hold one forward call back, and let it through much later. */
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';

export interface HeldCall {
  /** The saga whose effect it is. */
  readonly orderId: string;
  /** Lets it through, though nobody waits for it any more. @returns the status of the gateway's answer; null: none came */
  release(): Promise<number | null>;
}

export interface GatewayLine {
  readonly url: string;
  /** Holds the next authorize or capture. @returns null when `signal` is aborted before one came */
  holdNext(signal: AbortSignal): Promise<HeldCall | null>;
  close(): Promise<void>;
}

const forward = /^\/payments\/(?:authorize$|capture\/)/;
const answerTimeoutMs = 10_000;

export async function gatewayLine(gatewayUrl: string): Promise<GatewayLine> {
  const agent = new Agent({ keepAlive: true });
  /** Who waits for a call to hold, one call each. */
  const takers: ((held: HeldCall) => void)[] = [];

  const server = createServer((incoming, outgoing) => {
    void readAll(incoming).then(
      (body) => {
        const call: Call = { method: incoming.method ?? 'GET', path: incoming.url ?? '/', incoming, body };
        const orderId = call.method === 'POST' && forward.test(call.path) ? orderOf(body) : null;
        const take = orderId === null ? undefined : takers.shift();
        if (orderId === null || !take) return void pass(call, outgoing);
        take({ orderId, release: () => ask(call).then((answer) => answer?.status ?? null) });
      },
      () => outgoing.destroy(),
    );
  });
  const ask = ({ method, path, incoming, body }: Call): Promise<Answer | null> =>
    new Promise((resolve) => {
      const { host: _host, connection: _connection, ...headers } = incoming.headers;
      const options = { agent, method, headers, timeout: answerTimeoutMs };
      const asked = request(new URL(path, gatewayUrl), options, (response) => {
        const { statusCode: status = 502, headers: received } = response;
        readAll(response).then(
          (text) => resolve({ status, headers: received, body: text }),
          () => resolve(null),
        );
      });
      asked.on('timeout', () => asked.destroy());
      asked.on('error', () => resolve(null));
      asked.end(body);
    });
  const pass = async (call: Call, outgoing: ServerResponse): Promise<void> => {
    const answer = await ask(call);
    // As the gateway's own broken connection would look.
    if (!answer) return void outgoing.destroy();
    const { 'transfer-encoding': _encoding, connection: _connection, ...headers } = answer.headers;
    outgoing.writeHead(answer.status, headers).end(answer.body);
  };

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the line has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    holdNext: (signal) =>
      new Promise((resolve) => {
        const give = (held: HeldCall | null): void => {
          signal.removeEventListener('abort', giveUp);
          resolve(held);
        };
        const giveUp = (): void => {
          takers.splice(takers.indexOf(give), 1);
          give(null);
        };
        signal.addEventListener('abort', giveUp);
        takers.push(give);
      }),
    async close() {
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly incoming: IncomingMessage;
  readonly body: Buffer;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** Effects send their key, `<order id>:<effect>`. */
function orderOf(body: Buffer): string | null {
  return /"idempotency_key":"([0-9a-f-]{36}):/.exec(body.toString())?.[1] ?? null;
}

async function readAll(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
