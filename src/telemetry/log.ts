/** The process's log: JSON lines, or readable ones on a terminal; secrets and personal data are struck out. */
import { type DestinationStream, type Logger, pino } from 'pino';
import { default as pretty } from 'pino-pretty';

export interface LogOptions {
  readonly level: string;
  /** Readable lines, if standard output is a terminal. */
  readonly pretty: boolean;
  /** What this process does; on every line. */
  readonly role: string;
  /** Default: standard output. */
  readonly destination?: DestinationStream;
}

/** A logger that strikes out personal data and secrets by field name, down to three levels. Never hand it a body. */
export function createLogger({ level, pretty: readable, role, destination }: LogOptions): Logger {
  const readablePossible = readable && destination === undefined && process.stdout.isTTY;
  const stream = readablePossible
    ? pretty({ colorize: true, ignore: 'pid,hostname', translateTime: 'HH:MM:ss.l' })
    : destination;
  return pino(
    {
      level,
      base: { role, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError },
      redact: { paths: redactedPaths, censor: '[redacted]' },
    },
    stream ?? pino.destination({ dest: 1, sync: false }),
  );
}

const secretFields = [
  'email',
  'token',
  'payment_token',
  'paymentToken',
  'authorization',
  'Authorization',
  'cookie',
  'password',
];
const redactedPaths = secretFields.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]);

/**
 * What of an error is logged: its class, text, code, stack and causes. Not its other fields: Slonik's errors carry the
 * statement's values, and those are customers' data.
 */
function describeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return typeof error;
  return {
    type: error.constructor.name,
    message: error.message,
    ...('code' in error && typeof error.code === 'string' ? { code: error.code } : {}),
    stack: error.stack,
    ...(error.cause !== undefined && depth < 4 ? { cause: describeError(error.cause, depth + 1) } : {}),
  };
}
