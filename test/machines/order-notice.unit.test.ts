/** The notice of an order's end: waits, sends, retries, parks. */
import { describe, expect, it } from 'vitest';
import { noticeIdOf, orderNoticeMachine } from '../../src/machines/index.ts';
import { done, refused, startSaga, uncertain } from '../support/saga.ts';

const orderId = '0198c0de-0000-7000-8000-000000000001';
const id = noticeIdOf(orderId);
const ended = { type: 'ORDER_ENDED', orderId, outcome: 'failed', reason: 'insufficient_stock' } as const;
const retry = { type: 'RETRY' } as const;
const waiting = () => startSaga(orderNoticeMachine, { id });
const sending = () => waiting().when(ended);
const spent = () =>
  [1, 2, 3, 4]
    .reduce((notice) => notice.when(uncertain('send', 'failed')).whenDue('backoff'), sending())
    .when(uncertain('send', 'unknown', { code: 'timeout' }));

describe('noticeIdOf', () => {
  it('is the order id with the version nibble 8', () => {
    expect(noticeIdOf('0198c0de-7777-7777-8777-777777777777')).toBe('0198c0de-7777-8777-8777-777777777777');
  });
});

describe('order-notice', () => {
  it('waits for the order to end, without effect or timer', () => {
    const notice = waiting();
    expect([notice.path, notice.armed, notice.timers]).toEqual(['waiting', [], []]);
    expect(notice.context).toEqual({ id, ended: null, step: { attempts: 0, random: 0, trouble: null } });
  });

  it('ORDER_ENDED → sends what it was told', () => {
    const notice = sending();
    expect(notice.path).toBe('sending.calling');
    expect(notice.armed).toEqual([
      { id: 'send', src: 'notices.send', input: { orderId, outcome: 'failed', reason: 'insufficient_stock' } },
    ]);
    expect(notice.meta).toEqual({ effect: 'notices.send', timeoutMs: 3_000, expectedMs: 1_000 });
  });

  it('is sent once: a second ORDER_ENDED is not accepted', () => {
    expect([sending().accepts(ended), sending().when(done('send', {})).accepts(ended)]).toEqual([false, false]);
  });

  it('done → sent', () => {
    const notice = sending().when(done('send', {}));
    expect([notice.path, notice.isFinal, notice.pending]).toEqual(['sent', true, []]);
  });

  it.each(['failed', 'unknown'] as const)('%s → backs off and calls again', (type) => {
    const notice = sending().when(uncertain('send', type, { random: 0 }));
    expect([notice.path, notice.timers.map(({ name, delayMs }) => [name, delayMs])]).toEqual([
      'sending.backingOff',
      [['backoff', 500]],
    ]);
    const again = notice.whenDue('backoff');
    expect([again.path, again.armed]).toEqual(['sending.calling', sending().armed]);
  });

  it('attempts spent → parked, without effect or timer', () => {
    const notice = spent();
    expect([notice.path, notice.tags, notice.pending, notice.timers]).toEqual(['sending.parked', ['parked'], [], []]);
    expect(notice.context.step).toEqual({ attempts: 5, random: 0.5, trouble: { outcome: 'unknown', code: 'timeout' } });
  });

  it('refused → parked at once', () => {
    const notice = sending().when(refused('send', { code: 'no_such_mailbox' }));
    expect([notice.path, notice.context.step.trouble]).toEqual([
      'sending.parked',
      { outcome: 'refused', code: 'no_such_mailbox' },
    ]);
  });

  it('RETRY → calls again with all attempts; not accepted elsewhere', () => {
    const notice = spent().when(retry);
    expect([notice.path, notice.armed, notice.context]).toEqual([
      'sending.calling',
      sending().armed,
      sending().context,
    ]);
    expect([waiting(), sending(), notice].map((it) => it.accepts(retry))).toEqual([false, false, false]);
  });
});
