/** A bad line to somebody else's service: loses requests and answers, delays them, holds them past their compensation. */
import {
  type Transport,
  type TransportAnswer,
  TransportError,
  type TransportRequest,
} from '../../src/effects/transport.ts';

/** How a line may treat one request. */
export interface Line {
  readonly kind: 'good' | 'unreachable' | 'unavailable' | 'request lost' | 'answer lost' | 'held';
  readonly thereMs: number;
  readonly backMs: number;
}

export interface LinePorts {
  readonly next: () => Line;
  /** Something that happens at the other end, whether or not the caller still lives. */
  readonly there: <T>(label: string, inMs: number, work: () => T) => Promise<T>;
  /** Something that reaches the caller. */
  readonly back: <T>(label: string, inMs: number, work: () => T) => Promise<T>;
}

const never = <T>(): Promise<T> => new Promise(() => {});

/** A transport from one process to a service. */
export function lineTo(
  service: string,
  handle: (request: TransportRequest) => TransportAnswer,
  ports: LinePorts,
): Transport {
  return (request) => overLine(`${service} ${request.path}`, () => handle(request), ports);
}

async function overLine(what: string, handle: () => TransportAnswer, ports: LinePorts): Promise<TransportAnswer> {
  const line = ports.next();
  switch (line.kind) {
    case 'unreachable':
      return ports.back(`cannot reach ${what}`, line.thereMs, () => {
        throw new TransportError('unreachable', 'the other side could not be reached', { sent: false });
      });
    case 'unavailable':
      return ports.back(`503 from ${what}`, line.thereMs, () => ({ status: 503, body: { error: 'unavailable' } }));
    case 'request lost':
      return never();
    case 'good':
    case 'held':
      return ports.there(what, line.thereMs, handle).then((answer) => {
        return ports.back(`answer of ${what}`, line.backMs, () => answer);
      });
    case 'answer lost':
      await ports.there(what, line.thereMs, handle);
      return never();
  }
}
