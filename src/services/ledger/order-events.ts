/** The transitions of one order as they happen, from any revision on. */
import type { ActorMachine, ActorSystem, Json, TransitionRecord } from '../../actors/index.ts';
import { outcomeOfEvent, versionsOf } from '../../actors/index.ts';
import type { DatabasePool } from '../../persistence/pool.ts';
import { isFinal, isOrderStatus, type OrderStatus, traceIdOf } from './entry.ts';
import { findOrder } from './queries.ts';

/** One transition, without what is inside its event: that is for operators. */
export interface OrderTransition {
  readonly revision: number;
  /** The type of the event that caused it. */
  readonly event: string;
  /** For the outcome of an effect: done, refused, failed or unknown. */
  readonly outcome: string | null;
  readonly from: string | null;
  readonly to: string;
  /** The public status from here on; null if the running version no longer knows the state. */
  readonly status: OrderStatus | null;
  /** The effects it asked for. */
  readonly effects: readonly string[];
  readonly atMs: number;
  readonly traceId: string | null;
}

export interface OrderEventsPorts {
  readonly pool: DatabasePool;
  readonly system: Pick<ActorSystem, 'history' | 'read' | 'waitFor' | 'machines'>;
}

/** Transitions of an order that exists, after a revision, oldest first. */
export async function orderHistory(
  { system }: Pick<OrderEventsPorts, 'system'>,
  id: string,
  page: { readonly afterRevision: number; readonly limit: number },
): Promise<readonly OrderTransition[]> {
  const records = await system.history(id, page);
  if (records.length === 0) return [];
  const actor = await system.read(id);
  if (!actor) return records.map((record) => asTransition(record, undefined));
  const versions = versionsOf([...records, ...(await logAfter(system, records, actor.revision))], actor.version);
  return records.map((record, i) =>
    asTransition(
      record,
      system.machines.find((one) => one.id === actor.machine && one.version === versions[i]),
    ),
  );
}

const maxLookAhead = 1_000;

/** What follows a page: a migration may be among it, and then the page is of an earlier version than the actor. */
async function logAfter(
  system: OrderEventsPorts['system'],
  page: readonly TransitionRecord[],
  revision: number,
): Promise<readonly TransitionRecord[]> {
  const [last] = page.slice(-1);
  if (!last || last.revision >= revision) return [];
  return system.history(last.actorId, { afterRevision: last.revision, limit: maxLookAhead });
}

const pageSize = 100;
/** An end to each wait, so that a lost notice or a forgotten signal costs no more than another look. */
const lookAgainMs = 30_000;

/**
 * Yields each transition after a revision as it commits; ends after the final one, at once where the history was dropped,
 * or soon after `signal` aborts.
 */
export async function* followOrder(
  ports: OrderEventsPorts,
  id: string,
  { afterRevision, signal }: { readonly afterRevision: number; readonly signal: AbortSignal },
): AsyncGenerator<OrderTransition, void, undefined> {
  const { pool, system } = ports;
  let seen = afterRevision;
  while (!signal.aborted) {
    for (const transition of await orderHistory(ports, id, { afterRevision: seen, limit: pageSize })) {
      yield transition;
      seen = transition.revision;
    }
    const order = await findOrder(pool, id);
    if (!order || (isFinal(order.status) && order.revision <= seen) || order.historyDroppedAtMs !== null) return;
    const last = seen;
    const moved = async () => ((await findOrder(pool, id))?.revision ?? 0) > last || null;
    await system.waitFor(id, moved, { timeoutMs: lookAgainMs, signal });
  }
}

function asTransition(record: TransitionRecord, machine: ActorMachine | undefined): OrderTransition {
  return {
    revision: record.revision,
    event: record.event.type,
    outcome: outcomeOfEvent(record.event)?.outcome ?? null,
    from: record.from,
    to: record.to,
    status: machine ? statusAt(machine.config, record.to) : null,
    effects: record.armed.map(({ src }) => src),
    atMs: record.atMs,
    traceId: traceIdOf(record.traceparent),
  };
}

/** The status of a state path (`a.b`): that of its deepest state that has one. */
export function statusAt(config: Json, path: string): OrderStatus | null {
  let node: Json | undefined = config;
  let status: OrderStatus | null = null;
  for (const key of path.split('.')) {
    node = member(member(node, 'states'), key);
    if (node === undefined) return null;
    const named = member(member(node, 'meta'), 'status');
    if (isOrderStatus(named)) status = named;
  }
  return status;
}

function member(json: Json | undefined, key: string): Json | undefined {
  if (typeof json !== 'object' || json === null || Array.isArray(json) || !Object.hasOwn(json, key)) return undefined;
  return (json as { readonly [key: string]: Json })[key];
}
