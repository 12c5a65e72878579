/** Sorts what a database call may throw into the kinds of fault that callers can act on. */
import {
  BackendTerminatedError,
  BackendTerminatedUnexpectedlyError,
  ConnectionError,
  IdleTransactionTimeoutError,
  InputSyntaxError,
  IntegrityConstraintViolationError,
  InvalidInputError,
  StatementCancelledError,
  StatementTimeoutError,
  TupleMovedToAnotherPartitionError,
  UnexpectedStateError,
} from 'slonik';
import { StoreError } from '../actors/ports.ts';

/**
 * Names the kind of a fault, looking through `cause`.
 * @returns `unavailable`: Postgres did not answer or is going away, try again later. `conflict`: deadlock, serialization
 * or lock timeout, try again now. `rejected`: it refuses these very statements. `null`: no fault of the database (a bug).
 * Whether a COMMIT that failed as `unavailable` took effect is not known.
 */
export function classifyFault(error: unknown): StoreError['kind'] | null {
  let link = error;
  for (let depth = 0; depth < maxCauses && link instanceof Error; depth++) {
    const kind =
      link instanceof StoreError ? link.kind : (kindOfClass(link) ?? kindOfCode(link) ?? kindOfMessage(link));
    if (kind !== null) return kind;
    link = link.cause;
  }
  return null;
}

/**
 * Whether the statement does not fit the schema (a table or a right is missing, a build is ahead of its migrations):
 * `rejected`, but for everybody alike, so that no single row is to blame.
 */
export function isSchemaFault(error: unknown): boolean {
  let link = error;
  for (let depth = 0; depth < maxCauses && link instanceof Error; depth++) {
    if (link instanceof InputSyntaxError) return true;
    if ('code' in link && typeof link.code === 'string' && /^42[0-9A-Z]{3}$/.test(link.code)) return true;
    link = link.cause;
  }
  return false;
}

const maxCauses = 8;

function kindOfClass(error: Error): StoreError['kind'] | null {
  if (unavailableClasses.some((type) => error instanceof type)) return 'unavailable';
  if (error instanceof TupleMovedToAnotherPartitionError) return 'conflict';
  // Slonik drops the pg error of an InvalidInputError (22P02): its class is all there is.
  if (rejectedClasses.some((type) => error instanceof type)) return 'rejected';
  return null;
}

const unavailableClasses = [
  BackendTerminatedError,
  BackendTerminatedUnexpectedlyError,
  ConnectionError,
  IdleTransactionTimeoutError,
  StatementCancelledError,
  StatementTimeoutError,
];
const rejectedClasses = [InputSyntaxError, IntegrityConstraintViolationError, InvalidInputError];

function kindOfCode(error: Error): StoreError['kind'] | null {
  if (!('code' in error) || typeof error.code !== 'string') return null;
  if (networkCodes.has(error.code)) return 'unavailable';
  // Other libraries have five-character codes too (EPIPE): a SQLSTATE of interest starts with a digit.
  if (!/^\d[0-9A-Z]{4}$/.test(error.code)) return null;
  if (conflictStates.has(error.code)) return 'conflict';
  if (unavailableStates.has(error.code) || unavailableStateClasses.has(error.code.slice(0, 2))) return 'unavailable';
  return rejectedStateClasses.has(error.code.slice(0, 2)) ? 'rejected' : null;
}

const networkCodes = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);
/** Serialization failure, deadlock, lock not available. */
const conflictStates = new Set(['40001', '40P01', '55P03']);
/** Read-only (a standby after a failover), idle in transaction, completion unknown, no such database, query cancelled. */
const unavailableStates = new Set([
  '25006',
  '25P03',
  '3D000',
  '40003',
  '57014',
  '57P01',
  '57P02',
  '57P03',
  '57P04',
  '57P05',
]);
/** Connection, authorization, insufficient resources (too many connections, disk full), system error. */
const unavailableStateClasses = new Set(['08', '28', '53', '58']);
/** Data, integrity, syntax or access rule, program limit. */
const rejectedStateClasses = new Set(['22', '23', '42', '54']);

/** Faults of the connection that `pg` and Slonik's pool report by their text alone. */
function kindOfMessage(error: Error): StoreError['kind'] | null {
  const ofPool = error instanceof UnexpectedStateError || error.constructor === Error;
  return ofPool && connectionMessages.test(error.message) ? 'unavailable' : null;
}

const connectionMessages =
  /^(connection terminated|connection pool (is being|has)|timeout expired$|timeout exceeded when trying to connect|query read timeout|client has encountered a connection error|client was closed)/i;
