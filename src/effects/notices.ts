/** The notice effect: tells a customer how an order ended. The e-mail address is looked up, used, and not kept here. */
import { Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import type { Outcome, RemoteEffect } from '../actors/ports.ts';
import type { Notices } from '../services/notices/service.ts';

export interface NoticeEffectsOptions {
  readonly notices: Notices;
  /** The customer's address, `null` for an order that does not exist. */
  readonly emailOf: (orderId: string) => Promise<string | null>;
  readonly log: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
  };
}

/** `notices.send`, outside the actor's commit, as a mail server would be. A repeat changes nothing. */
export function noticeEffects(options: NoticeEffectsOptions): RemoteEffect[] {
  return [{ kind: 'remote', effect: 'notices.send', call: (request) => send(options, request) }];
}

const SendInput = Type.Object({
  orderId: Type.String(),
  outcome: Type.Union([
    Type.Literal('completed'),
    Type.Literal('failed'),
    Type.Literal('cancelled'),
    Type.Literal('authorization_failed'),
  ]),
  reason: Type.Union([Type.String(), Type.Null()]),
});

async function send(
  { notices, emailOf, log }: NoticeEffectsOptions,
  { effect, input }: Parameters<RemoteEffect['call']>[0],
): Promise<Outcome> {
  if (!Value.Check(SendInput, input)) throw new Error(`${effect} was given another input than its type says`);
  const { orderId, outcome } = input;
  try {
    const recipient = await emailOf(orderId);
    if (recipient === null) return { type: 'refused', value: { code: 'order_not_found' } };
    const isNew = await notices.send(input, recipient);
    log.info({ orderId, outcome, repeated: !isNew }, 'notice sent');
    return { type: 'done', value: {} };
  } catch (error) {
    // Not the error itself: what a database reports may quote the row, and the row holds the address.
    log.warn({ orderId, outcome, fault: error instanceof Error ? error.name : 'unknown' }, 'notice not sent');
    // Sending is idempotent, so whether it happened makes no difference.
    return { type: 'failed', code: 'mailbox_unavailable', message: 'the mailbox did not take the notice' };
  }
}
