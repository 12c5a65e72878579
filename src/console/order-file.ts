/** One order with everything that belongs to it, as an operator wants to see it at once. */
import type { Static } from '@sinclair/typebox';
import type { CommonQueryMethods } from 'slonik';
import {
  type ActorSystem,
  type ActorView,
  effectKey,
  forkOf,
  type LikelyAnswers,
  possibleInputs,
  retryEvent,
  simulate,
} from '../actors/index.ts';
import type { Transport } from '../effects/transport.ts';
import { detailsOf } from '../services/ledger/bodies.ts';
import { traceIdOf } from '../services/ledger/entry.ts';
import type { Ledger } from '../services/ledger/service.ts';
import { type GatewayAnswer, gatewayRecord } from './gateway-record.ts';
import * as facts from './order-facts.ts';
import { parkedAmong } from './parked-queries.ts';
import { parkedTitle } from './parked-title.ts';
import type { OrderFile } from './schemas.ts';

export interface OrderFilePorts {
  readonly pool: CommonQueryMethods;
  readonly system: Pick<ActorSystem, 'read' | 'history' | 'machines'>;
  readonly ledger: Pick<Ledger, 'find'>;
  readonly gateway: Transport;
  /** The actor that tells the customer how an order ended. */
  readonly noticeIdOf: (orderId: string) => string;
  readonly likelyAnswersOf: (machine: string) => LikelyAnswers;
}

type OrderFileBody = Static<typeof OrderFile>;
type OrderBody = OrderFileBody['order'];

/** @returns null: there is no such order */
export async function orderFile(ports: OrderFilePorts, id: string): Promise<OrderFileBody | null> {
  const { pool, system, ledger } = ports;
  const view = await ledger.find(id);
  if (!view) return null;
  const order = detailsOf(view);
  const noticeId = ports.noticeIdOf(id);
  const [actor, notice, answer] = await Promise.all([
    system.read(id),
    system.read(noticeId),
    gatewayRecord(ports.gateway, id),
  ]);
  const [parked, wake, messages, operations] = await Promise.all([
    parkedAmong(pool, [id]),
    facts.wakeOf(pool, id),
    facts.messagesTo(pool, [id, noticeId]),
    facts.operationsOn(pool, id),
  ]);
  const [reservation, stock, purchase, findings] = await Promise.all([
    facts.reservationOf(pool, id),
    facts.stockOf(pool, id),
    facts.purchaseOrderOf(pool, id),
    facts.findingsAbout(pool, id),
  ]);
  return {
    order,
    actor: actor && actorBody(actor, parkedBody(ports, actor, parked[0])),
    wake: wake && { due_at: instant(wake.due_at), redeliveries: wake.redeliveries },
    messages: messages.map(({ deliver_at, due_at, ...message }) => ({
      ...message,
      deliver_at: instant(deliver_at),
      due_at: instant(due_at),
    })),
    actions: actor ? actionsOn(actor) : [],
    possible: actor ? await possibleFor(ports, actor) : [],
    gateway: gatewayBody(order, answer),
    stock: { reservation: reservation?.status ?? null, lines: [...stock] },
    purchase_order: purchase?.status ?? null,
    findings: findings.map(({ first_seen_at, ...finding }) => ({ ...finding, first_seen_at: instant(first_seen_at) })),
    operations: operations.map(({ at, settlement, ...operation }) => ({
      ...operation,
      at: instant(at),
      settlement: settlement && {
        voided_cents: settlement.voidedCents,
        refunded_cents: settlement.refundedCents,
      },
    })),
    notice: notice && { actor_id: notice.id, state: notice.path, ended: notice.snapshot.status !== 'active' },
  };
}

type ActorBody = NonNullable<OrderFileBody['actor']>;

function actorBody(actor: ActorView, parked: ActorBody['parked']): ActorBody {
  return {
    machine: actor.machine,
    version: actor.version,
    is_known: actor.state !== null,
    revision: actor.revision,
    state: actor.path,
    tags: [...(actor.state?.tags ?? [])],
    context: actor.snapshot.context,
    parked,
    timers: actor.timers.map(({ id, dueAtMs }) => ({ id, due_at: instant(dueAtMs) })),
    effects: actor.effects.map((effect) => ({
      id: effect.id,
      invoke: effect.invoke,
      effect: effect.src,
      key: effectKey(actor.id, effect.src),
      claims: effect.claims,
      token: effect.token,
      timeout_ms: effect.timeoutMs,
      lease_until: effect.lease && instant(effect.lease.untilMs),
    })),
    trace_id: traceIdOf(actor.traceparent),
  };
}

function parkedBody(
  { system }: OrderFilePorts,
  { parked }: ActorView,
  why: Awaited<ReturnType<typeof parkedAmong>>[number] | undefined,
): ActorBody['parked'] {
  // The two were read one after the other: one that has gone on meanwhile is not shown as parked.
  if (!parked || !why) return null;
  const { by, reason } = parked;
  return { by, reason, cause: why.cause, title: parkedTitle(system.machines, why), since: instant(why.since) };
}

/** What a person may send it now. RESOLVE alone takes more than who and why. */
function actionsOn(actor: ActorView): OrderFileBody['actions'] {
  const types = actor.parked?.by === 'runtime' ? [retryEvent.type] : actor.accepts;
  return types.map((type) => ({ type, needs_settlement: type === 'RESOLVE' }));
}

async function possibleFor({ system, likelyAnswersOf }: OrderFilePorts, actor: ActorView): Promise<string[]> {
  const fork = await forkOf(system, actor.id);
  if (fork.type !== 'forked') return [];
  const { machine, row } = fork;
  const simulation = simulate(machine, row, [], { nowMs: 0, likelyAnswers: likelyAnswersOf(machine.id) });
  return possibleInputs(simulation.end.possible);
}

const sums = ['authorized_cents', 'captured_cents', 'voided_cents', 'refunded_cents', 'expired_cents'] as const;

function gatewayBody({ payment: ours }: OrderBody, answer: GatewayAnswer): OrderFileBody['gateway'] {
  if (answer.type === 'unreachable') return { is_reachable: false, payment: null, differs: [] };
  const theirs = answer.type === 'found' ? answer.payment : null;
  return {
    is_reachable: true,
    payment: theirs,
    differs: sums.filter((sum) => ours[sum] !== (theirs?.[sum] ?? 0)),
  };
}

const instant = (ms: number): string => new Date(ms).toISOString();
