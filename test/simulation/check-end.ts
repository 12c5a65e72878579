/** What must hold once nothing moves any more. Letters as in `waybill audit`. */
import { isDeepStrictEqual } from 'node:util';
import { type ActorRow, type LiveState, type MachineStep, replay, undosOf } from '../../src/actors/index.ts';
import { checkCompensation } from '../../src/audit/compensation.ts';
import { actorMachines, orderOf } from './books.ts';
import type { Violated } from './check-commit.ts';
import { checkMoney } from './check-money.ts';
import type { Gateway } from './gateway.ts';
import type { Tables } from './memory-database.ts';
import { checkTalk, isTalking } from './talk.ts';

/** Whether an actor has come to rest: ended, parked, or a talker or inbox that waits for what may come. */
export const isAtRest = (row: ActorRow): boolean =>
  row.snapshot.status === 'done' || row.parked !== null || isTalking(row);

/** @param initialStock what was on hand before the run, by product */
export function checkEnd(
  tables: Tables,
  gateway: Gateway,
  initialStock: ReadonlyMap<string, number>,
  violated: Violated,
): void {
  checkMoney(tables, gateway, violated);
  for (const [i, actor] of [...tables.actors.values()].entries()) {
    if (!isAtRest(actor)) violated(`L2: ${actor.id} is still in ${actor.path}`);
    if (actor.parked?.by === 'runtime') violated(`L2: ${actor.id} was parked by the runtime: ${actor.parked.reason}`);
    if (i % replayEvery === 0) checkReplay(tables, actor, violated);
    checkUndone(tables, actor, violated);
    if (actor.machine === 'order') checkOrder(tables, actor, gateway, violated);
  }
  checkKeys(tables, violated);
  checkStock(tables, initialStock, violated);
  checkTalk(tables, violated);
}

/** Replaying costs as much as the run itself; over many runs a few actors of each show the same. */
const replayEvery = 4;

function checkReplay(tables: Tables, actor: ActorRow, violated: Violated): void {
  const machine = actorMachines.find(({ id }) => id === actor.machine);
  if (!machine) return violated(`G3: ${actor.machine} is unknown`);
  const log = tables.log.get(actor.id) ?? [];
  let state: LiveState | null = null;
  let step: MachineStep | null = null;
  for (const { event } of log) {
    step = replay(machine, state, event);
    state = step.state;
  }
  if (!isDeepStrictEqual(step?.snapshot, actor.snapshot)) violated(`G3: ${actor.id} replays to ${step?.view.path}`);
}

const order = actorMachines.find(({ id }) => id === 'order');
const undos = order && undosOf(order);

function checkUndone(tables: Tables, actor: ActorRow, violated: Violated): void {
  if (actor.machine !== 'order' || !order || !undos) return;
  const { view } = order.rehydrate(actor.snapshot);
  for (const problem of checkCompensation(tables.log.get(actor.id) ?? [], undos, view))
    violated(`G5: ${actor.id} ${JSON.stringify(problem)}`);
}

function checkOrder(tables: Tables, actor: ActorRow, gateway: Gateway, violated: Violated): void {
  if (actor.snapshot.status !== 'done') return;
  checkOwnRecord(actor, gateway, violated);
  checkParticipants(tables, actor, violated);
  if (!tables.notices.has(actor.id)) violated(`E2: nobody was told of ${actor.id}`);
}

/** M5: what the saga was told is what the gateway has. */
function checkOwnRecord({ id, snapshot, path }: ActorRow, gateway: Gateway, violated: Violated): void {
  const { payment: ours } = orderOf(snapshot.context);
  const theirs = gateway.accounts.get(`${id}:payments.authorize`)?.payment;
  const sums = (of: typeof theirs | typeof ours) =>
    [of?.authorizedCents, of?.capturedCents, of?.voidedCents, of?.refundedCents, of?.expiredCents].map((n) => n ?? 0);
  if (ours.settlement === null && sums(ours).join() !== sums(theirs).join())
    violated(`M5: ${id}, which ${path}, has ${sums(ours).join()}, the gateway ${sums(theirs).join()}`);
}

function checkParticipants(tables: Tables, { id, path }: ActorRow, violated: Violated): void {
  const reservation = tables.reservations.get(id)?.status;
  const order = tables.orders.get(id)?.status;
  if (path === 'completed') {
    if (reservation !== 'sold' || order !== 'confirmed') violated(`S6: ${id} ${reservation} ${order}`);
  } else if (reservation === 'held' || reservation === 'sold' || order === 'created' || order === 'confirmed')
    violated(`S5: ${id} ${path}, ${reservation}, ${order}`);
}

/** A1: one order per key, and no order without one. */
function checkKeys({ keys, ledger, actors }: Tables, violated: Violated): void {
  const sagas = [...actors.values()].filter(({ machine }) => machine === 'order').map(({ id }) => id);
  for (const { id, key } of ledger.values())
    if (keys.get(key) !== id) violated(`A1: ${key} has the orders ${keys.get(key)} and ${id}`);
  for (const id of new Set([...sagas, ...keys.values()]))
    if (!ledger.has(id) || !actors.has(id)) violated(`A1: the order ${id} is half there`);
}

function checkStock({ stock, reservations }: Tables, initial: ReadonlyMap<string, number>, violated: Violated): void {
  for (const { productId, onHand, reserved } of stock.values()) {
    const sumOf = (state: 'held' | 'sold') =>
      [...reservations.values()]
        .filter(({ status }) => status === state)
        .flatMap(({ items }) => items.filter((item) => item.productId === productId))
        .reduce((total, { quantity }) => total + quantity, 0);
    const [live, sold] = [sumOf('held'), sumOf('sold')];
    if (onHand !== (initial.get(productId) ?? 0) - sold) violated(`S1: ${onHand} of ${productId} left, ${sold} sold`);
    if (live !== reserved) violated(`S3: ${reserved} of ${productId} are reserved, ${live} by live reservations`);
    if (reserved < 0 || onHand < reserved) violated(`S2: ${productId} has ${onHand}, ${reserved} reserved`);
  }
}
