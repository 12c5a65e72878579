/** A stretch of network in front of a server that a test can close: connections stand, and nothing comes through. */
import { connect, createServer, type Socket } from 'node:net';

export interface TcpValve {
  /** The server's URL, by way of this valve. */
  readonly url: string;
  /** From now on the server seems to hang: it takes connections, and never answers. */
  shut(): void;
  /** From now on every connection is cut, also each new one, until `open`. */
  cut(): void;
  /** How many were cut as they came. */
  refused(): number;
  /** What was on its way arrives, and all goes on. */
  open(): void;
  close(): Promise<void>;
}

/** @param url whose host and port the valve stands in front of; any scheme over TCP */
export async function tcpValve(url: string): Promise<TcpValve> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  let isShut = false;
  let isCut = false;
  let refused = 0;

  const valve = createServer((client) => {
    if (isCut) {
      refused += 1;
      client.on('error', () => undefined);
      client.destroy();
      return;
    }
    const server = connect(Number(target.port), target.hostname);
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(socket);
      if (isShut) socket.pause();
      socket.on('data', (bytes) => void other.write(bytes));
      if (isShut) socket.pause();
      socket.on('error', () => socket.destroy());
      socket.once('close', () => {
        sockets.delete(socket);
        // Who is behind a shut valve does not even learn that the other side has gone.
        if (!isShut) other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => valve.listen(0, '127.0.0.1', resolve));
  const address = valve.address();
  if (address === null || typeof address === 'string') throw new Error('the valve has no port');
  const own = new URL(url);
  own.hostname = '127.0.0.1';
  own.port = String(address.port);
  return {
    url: own.toString(),
    shut() {
      isShut = true;
      for (const socket of sockets) socket.pause();
    },
    cut() {
      isCut = true;
      for (const socket of sockets) socket.destroy();
    },
    refused: () => refused,
    open() {
      isShut = false;
      isCut = false;
      for (const socket of sockets) socket.resume();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => valve.close(resolve));
    },
  };
}
