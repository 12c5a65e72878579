/** A proxy in front of Postgres that loses what a test wants lost: the answer to a COMMIT, or the COMMIT itself. */
import { connect, createServer, type Socket } from 'node:net';

/**
 * What becomes of the next COMMIT. `answer-lost`: it happens, and then the connection breaks. `never-arrives`: the
 * connection breaks before. `held`: the client sees its connection break while the COMMIT is still on its way.
 * `silence`: it happens, and the client never hears anything again, not even that its connection is gone.
 */
export type CommitFate = 'answer-lost' | 'never-arrives' | 'held' | 'silence';

export interface PostgresProxy {
  readonly url: string;
  /** The fate of the next COMMIT; those after it pass. */
  nextCommit(fate: CommitFate): void;
  /** How many COMMITs met their fate. */
  struck(): number;
  /** Lets the held COMMIT arrive, or lose its way for good. */
  release(arrives: boolean): void;
  close(): Promise<void>;
}

/** @param options `spares`: connections whose start-up message has this in it lose nothing */
export async function postgresProxy(url: string, options: { readonly spares?: string } = {}): Promise<PostgresProxy> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  let fate: CommitFate | null = null;
  let struck = 0;
  let held: { readonly server: Socket; readonly bytes: Buffer } | null = null;

  const strike = (client: Socket, server: Socket, bytes: Buffer): void => {
    const now = fate;
    fate = null;
    struck += 1;
    switch (now) {
      case 'answer-lost':
        server.unpipe(client);
        server.once('data', () => {
          client.destroy();
          server.destroy();
        });
        server.resume();
        server.write(bytes);
        return;
      case 'silence':
        server.unpipe(client);
        server.write(bytes);
        return;
      case 'held':
        held = { server, bytes };
        server.unpipe(client);
        client.destroy();
        return;
      case 'never-arrives':
      case null:
        client.destroy();
        server.destroy();
    }
  };

  const proxy = createServer((client) => {
    const server = connect(Number(target.port), target.hostname);
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.once('close', () => sockets.delete(socket));
    }
    let spared: boolean | null = null;
    server.pipe(client);
    client.on('data', (bytes) => {
      spared ??= options.spares !== undefined && bytes.includes(options.spares);
      if (fate !== null && !spared && bytes.includes('COMMIT\0')) strike(client, server, bytes);
      else server.write(bytes);
    });
    client.once('close', () => held?.server !== server && server.end());
    server.once('close', () => client.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const address = proxy.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  const own = new URL(url);
  own.hostname = '127.0.0.1';
  own.port = String(address.port);
  return {
    url: own.toString(),
    nextCommit: (next) => void (fate = next),
    struck: () => struck,
    release(arrives) {
      if (arrives) held?.server.write(held.bytes);
      held?.server.end();
      held = null;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}
