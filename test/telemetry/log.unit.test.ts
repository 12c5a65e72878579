import { InvalidInputError } from 'slonik';
import { beforeEach, expect, test } from 'vitest';
import { createLogger } from '../../src/telemetry/log.ts';

let written: string;
beforeEach(() => {
  written = '';
});
const logger = (level = 'info') =>
  createLogger({ level, pretty: true, role: 'worker', destination: { write: (line) => void (written += line) } });
const line = (): { [field: string]: unknown } => JSON.parse(written);

test('lines are JSON with level, time and role', () => {
  logger().info({ actor_id: 'a' }, 'transition');
  expect(line()).toEqual({
    level: 'info',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    role: 'worker',
    pid: process.pid,
    actor_id: 'a',
    msg: 'transition',
  });
});

test('levels below the chosen one are silent', () => {
  logger('warn').info('x');
  expect(written).toBe('');
});

test('personal data and secrets are struck out, at any of three levels', () => {
  const secret = 'SECRET';
  logger().info({
    email: secret,
    token: secret,
    payment_token: secret,
    authorization: secret,
    order: { email: secret, payment: { token: secret, method: 'card' } },
    headers: { authorization: secret, cookie: secret, host: 'x' },
    orders: [{ email: secret }],
  });
  expect(written).not.toContain(secret);
  expect(line()).toMatchObject({ order: { payment: { method: 'card' } }, headers: { host: 'x' } });
});

test('an error is told with its causes, but not with the values it carries', () => {
  const cause = Object.assign(new Error('inner'), {
    code: '22P02',
    values: ['SECRET'],
    detail: 'Key (email)=(SECRET)',
  });
  const error = Object.assign(new InvalidInputError('outer'), { sql: 'select', values: ['SECRET'], cause });
  logger().error({ err: error }, 'failed');
  expect(written).not.toContain('SECRET');
  expect(line()['err']).toEqual({
    type: 'InvalidInputError',
    message: 'outer',
    stack: expect.stringContaining('outer'),
    cause: { type: 'Error', message: 'inner', code: '22P02', stack: expect.stringContaining('inner') },
  });
});
