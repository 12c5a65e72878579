/** The payment gateway: the shop's own decisions, keys remembered for ever. */
import type { TransportAnswer, TransportRequest } from '../../src/effects/transport.ts';
import {
  type Answer,
  type Decision,
  decideAuthorize,
  decideCapture,
  decideRefund,
  decideVoid,
  type Entry,
  nothingToVoid,
  type Payment,
  voidedBeforehand,
} from '../../src/services/payments/decisions.ts';
import { type Scenario, scenarioOf } from '../../src/services/payments/scenario.ts';

export interface Account {
  payment: Payment | null;
  readonly scenario: Scenario;
  readonly entries: Entry[];
}

export interface Gateway {
  /** What it does with a request that arrives. */
  handle(request: TransportRequest): TransportAnswer;
  /** By authorize key. */
  readonly accounts: ReadonlyMap<string, Account>;
}

type Body = Readonly<Record<string, string | number>>;

export function createGateway(newId: () => string): Gateway {
  const accounts = new Map<string, Account>();
  const answers = new Map<string, Answer>();
  const once = (operation: string, key: string, decide: () => Decision): Answer => {
    const known = answers.get(`${operation} ${key}`);
    if (known) return known;
    const { answer } = decide();
    answers.set(`${operation} ${key}`, answer);
    return answer;
  };
  const move = (account: Account, decision: Decision): Decision => {
    account.payment = decision.next ?? account.payment;
    account.entries.push(...decision.entries);
    return decision;
  };
  const byId = (id: string): Account & { payment: Payment } => {
    for (const account of accounts.values()) if (holds(account, id)) return account;
    throw new Error(`no authorization ${id}`);
  };
  return {
    accounts,
    handle(request) {
      const body = request.body as Body;
      const key = String(body['idempotency_key']);
      const [, , operation, id] = request.path.split('/');
      switch (operation) {
        case 'authorize':
          return authorizeAnswer(
            once('authorize', key, () => {
              const scenario = scenarioOf(String(body['payment_token']));
              const asked = { amountCents: Number(body['amount_cents']), currency: String(body['currency']) };
              const account: Account = { payment: null, scenario, entries: [] };
              accounts.set(key, account);
              return move(account, decideAuthorize(asked, scenario, newId()));
            }),
          );
        case 'capture': {
          const account = byId(id ?? '');
          const asked = Number(body['amount_cents']);
          const decide = () => move(account, decideCapture(account.payment, account.scenario.onCapture, asked));
          return plainAnswer(once('capture', key, decide), 402);
        }
        case 'refund': {
          const account = byId(id ?? '');
          return plainAnswer(
            once('refund', key, () => move(account, decideRefund(account.payment, null))),
            409,
          );
        }
        case 'void': {
          const authorizeKey = String(body['authorize_idempotency_key']);
          return plainAnswer(
            once('void', key, () => {
              const account = accounts.get(authorizeKey);
              if (account?.payment) return move(account, decideVoid(account.payment));
              answers.set(`authorize ${authorizeKey}`, voidedBeforehand);
              return nothingToVoid;
            }),
            409,
          );
        }
        default:
          throw new Error(`the gateway does not know ${request.path}`);
      }
    },
  };
}

function holds(account: Account, id: string): account is Account & { payment: Payment } {
  return account.payment?.authorizationId === id;
}

function authorizeAnswer(answer: Answer): TransportAnswer {
  if (answer.type === 'done') return plainAnswer(answer, 402);
  const isDeclined = answer.code === 'payment_declined';
  return {
    status: isDeclined ? 402 : 409,
    body: { error: answer.code, ...(isDeclined ? { decline_code: answer.declineCode } : {}) },
  };
}

function plainAnswer(answer: Answer, refusedStatus: number): TransportAnswer {
  const { payment } = answer;
  const totals = {
    authorization_id: payment?.authorizationId ?? '',
    authorized_cents: payment?.authorizedCents ?? 0,
    captured_cents: payment?.capturedCents ?? 0,
    voided_cents: payment?.voidedCents ?? 0,
    refunded_cents: payment?.refundedCents ?? 0,
    expired_cents: payment?.expiredCents ?? 0,
  };
  if (answer.type === 'done') return { status: 200, body: { status: answer.status, ...totals } };
  return { status: refusedStatus, body: { error: answer.code, ...totals } };
}
