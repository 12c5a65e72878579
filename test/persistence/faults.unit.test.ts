import {
  BackendTerminatedError,
  BackendTerminatedUnexpectedlyError,
  ConnectionError,
  InvalidInputError,
  NotFoundError,
  StatementTimeoutError,
  UnexpectedStateError,
  UniqueIntegrityConstraintViolationError,
} from 'slonik';
import { describe, expect, test } from 'vitest';
import { StoreError } from '../../src/actors/ports.ts';
import { classifyFault } from '../../src/persistence/faults.ts';

const coded = (code: string): Error => Object.assign(new Error(`fault ${code}`), { code });

describe('by code', () => {
  test.each([
    [
      'unavailable',
      [
        '08000',
        '08003',
        '08006',
        '53100',
        '53300',
        '57P01',
        '57P02',
        '57P03',
        '57014',
        '25006',
        '25P03',
        '40003',
        '58030',
        '28P01',
        '3D000',
      ],
    ],
    ['unavailable', ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH']],
    ['conflict', ['40001', '40P01', '55P03']],
    ['rejected', ['22021', '22P02', '22P05', '22003', '23505', '23514', '23P01', '42P01', '42601', '54000']],
    [null, ['25P02', 'P0001', 'XX000', 'ERR_ASSERTION', 'FST_ERR_VALIDATION', '4000', '']],
  ])('%s', (kind, codes) => {
    expect(Object.fromEntries(codes.map((code) => [code, classifyFault(coded(code))]))).toEqual(
      Object.fromEntries(codes.map((code) => [code, kind])),
    );
  });
});

describe('by class and message', () => {
  const cause = new Error('cause');
  const query = { sql: 'select 1', values: [] };
  test.each<[string, unknown, ReturnType<typeof classifyFault>]>([
    ['the backend was terminated', new BackendTerminatedError(cause), 'unavailable'],
    ['the backend went away', new BackendTerminatedUnexpectedlyError(cause), 'unavailable'],
    ['no connection', new ConnectionError('no'), 'unavailable'],
    ['a statement timeout', new StatementTimeoutError(cause), 'unavailable'],
    ['the pool is ending', new UnexpectedStateError('Connection pool is being terminated.'), 'unavailable'],
    [
      'the pool is shut down',
      new UnexpectedStateError('Connection pool has been shut down. Cannot create a new connection.'),
      'unavailable',
    ],
    ['a waiting client of an ending pool', new Error('Connection pool is being terminated.'), 'unavailable'],
    ['a connection attempt that took too long', new Error('timeout expired'), 'unavailable'],
    ['a cut connection', new Error('Connection terminated unexpectedly'), 'unavailable'],
    [
      'text Postgres cannot read, whose code Slonik drops',
      new InvalidInputError('invalid input syntax for type uuid'),
      'rejected',
    ],
    ['a unique violation', new UniqueIntegrityConstraintViolationError(coded('23505')), 'rejected'],
    ['another bug of ours in the pool', new UnexpectedStateError('Unexpected token type.'), null],
    ['a row that is not there', new NotFoundError('Resource not found.', query), null],
    ['a TypeError with such a text', new TypeError('Connection terminated'), null],
    ['no error at all', 'Connection terminated', null],
    ['nothing', undefined, null],
  ])('%s', (_what, error, kind) => {
    expect(classifyFault(error)).toBe(kind);
  });

  test('a StoreError says it itself', () => {
    for (const kind of ['unavailable', 'conflict', 'rejected'] as const) {
      expect(classifyFault(new StoreError(kind, 'x', { cause: coded('08006') }))).toBe(kind);
    }
  });

  test('causes are looked through, in order and not without end', () => {
    expect(classifyFault(new Error('outer', { cause: new Error('inner', { cause: coded('40P01') }) }))).toBe(
      'conflict',
    );
    expect(classifyFault(Object.assign(new AggregateError([], ''), { code: 'ECONNREFUSED' }))).toBe('unavailable');
    const loop = new Error('loop');
    loop.cause = loop;
    expect(classifyFault(loop)).toBe(null);
  });
});
