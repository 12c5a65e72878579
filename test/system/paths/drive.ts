/**
 * Drives one path on the real system: the order is placed, each step's event is brought about in the way it really comes,
 * the process dies once on the way, and in the end the log must show the path and nothing else.
 */
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { type ActorEvent, type ActorMachine, operate, type TransitionRecord } from '../../../src/actors/index.ts';
import type { TransportRequest } from '../../../src/effects/transport.ts';
import { noticeIdOf } from '../../../src/machines/index.ts';
import type { MachinePath, PathStep } from '../../../src/verifier/paths.ts';
import { seeded } from '../../support/virtual-process.ts';
import { type Crash, crashesOf, pausesOf, recoveryMs, type Stall, stallsOf } from './crashes.ts';
import { instantsOf } from './instants.ts';
import type { Lane } from './lane.ts';
import { expectedLog, observedOf, type Play, play } from './play.ts';

interface Drive {
  readonly lane: Lane;
  readonly orderId: string;
  readonly play: Play;
  readonly crash: Crash;
  readonly stall: Stall | null;
}

/** What goes wrong is drawn with the seed; `crash` asks for one of them. */
export interface DriveOptions {
  readonly seed: number;
  readonly crash?: Crash;
}

/** @throws when the system does not go the path's way; the message says where */
export async function drivePath(
  lane: Lane,
  machine: ActorMachine,
  path: MachinePath,
  options: DriveOptions,
): Promise<readonly TransitionRecord[]> {
  const { steps } = path;
  const { seed } = options;
  const random = seeded(seed);
  const isRemote = (effect: string): boolean => lane.form === 'remote' || !isLocal(effect);
  const crash = options.crash ?? drawn(crashesOf(steps, isRemote), random);
  if (!crash) throw new Error('a path has at least its start');
  const stall = drawn(stallsOf(steps, isRemote, crash), random);
  const orderId = randomUUID();
  const actorId = machine.id === 'order' ? orderId : noticeIdOf(orderId);
  const playing = play({
    path,
    actorId,
    effects: machine.effects,
    crash,
    stall,
    seed,
    random,
    kill: () => lane.kill(),
    onMoved: (row) => {
      if (row.effects.some(({ src }) => !isRemote(src))) lane.gate.close();
    },
  });
  const drive: Drive = { lane, orderId, play: playing, crash, stall };
  lane.playing = playing;
  try {
    await takeSteps(drive, instantsOf(machine, steps)(pausesOf(steps, crash, stall)));
    return await takeEnd(drive);
  } finally {
    lane.playing = null;
    lane.gate.open();
    await revive(drive);
  }
}

function drawn<T>(from: readonly T[], random: () => number): T | null {
  return from[Math.floor(random() * from.length)] ?? null;
}

const isLocal = (effect: string): boolean => /^(?:orders|inventory)\./.test(effect);

async function takeSteps(drive: Drive, instants: readonly number[]): Promise<void> {
  const { lane, play: playing, crash, stall } = drive;
  let nowMs = 0;
  for (const [index, step] of playing.steps.entries()) {
    await revive(drive);
    await arrange(drive, step);
    if (crash.step === index && crash.when !== 'committed') {
      if (crash.when === 'answered') playing.release(index);
      await playing.dies();
      await revive(drive);
    }
    const isStalled = stall?.step === index;
    if (isStalled) await playing.called(index, 1);
    const atMs = instants[index] ?? nowMs;
    await lane.jump(atMs - nowMs);
    nowMs = atMs;
    if (isStalled) await playing.called(index, 2);
    if (isStalled && stall.answers === 'overtaken') await playing.releaseStalled();
    await bringAbout(drive, index, step);
    await playing.reached(index);
    if (isStalled && stall.answers === 'late') await playing.releaseStalled();
  }
  if (!playing.hasDied()) playing.fail('the process outlived its crash');
  await revive(drive);
}

/** The order's notice ends too, the whole log is read again, and calls that are still under way arrive. */
async function takeEnd({ lane, orderId, play: playing, crash }: Drive): Promise<readonly TransitionRecord[]> {
  const { actorId, steps } = playing;
  if (crash.step === steps.length - 1) await lane.jump(recoveryMs);
  await playing.patiently(lane.ended(orderId), 'the end of the order');
  await playing.patiently(lane.ended(noticeIdOf(orderId)), 'the end of its notice');
  for (const call of lateCalls(playing)) {
    lane.counts.lateCalls += 1;
    await lane.participants({ ...call, signal: new AbortController().signal });
  }
  const { system } = lane.outside();
  const records = await system.history(actorId, { limit: 1_000 });
  const log = records.map(observedOf);
  const actor = await system.read(actorId);
  const last = steps.at(-1);
  if (!isDeepStrictEqual(log, expectedLog(steps))) playing.fail(`the log is\n    ${log.join('\n    ')}`);
  if (actor?.snapshot.status !== 'done' || actor.path !== last?.to)
    playing.fail(`the row is ${actor?.snapshot.status ?? 'absent'} in ${actor?.path ?? 'no state'}`);
  const status = (await lane.outside().ledger(orderId).find(orderId))?.status;
  if (actorId === orderId && status !== last?.node.view.meta['status'])
    playing.fail(`the ledger says ${status ?? 'nothing'}`);
  await playing.reached(steps.length - 1);
  return records;
}

/**
 * Every call of the path may arrive once more, or only now. But what a person settled outside of the gateway, the gateway
 * does not know: there nothing refuses a late capture.
 */
function lateCalls({ calls, steps }: Play): readonly TransportRequest[] {
  const isSettledByHand = steps.some(({ event }) => event.type === 'RESOLVE');
  return isSettledByHand ? calls.filter(({ path }) => !path.startsWith('/payments/')) : calls;
}

async function revive({ lane }: Drive): Promise<void> {
  if (lane.process().isDead()) await lane.replace();
}

async function bringAbout(drive: Drive, index: number, step: PathStep): Promise<void> {
  const { lane, play: playing, orderId } = drive;
  const isOrder = playing.actorId === orderId;
  switch (step.delivery.type) {
    case 'start':
      return placeOrder(drive);
    case 'outcome':
      playing.release(index);
      return lane.gate.open();
    case 'timer':
      // The clock has been moved there.
      return lane.gate.open();
    case 'event':
      // What starts a notice is on its way since the order's end.
      if (isOrder || step.event.type !== 'ORDER_ENDED') await sendTwice(drive, step.event);
  }
}

/** Through the ledger, whose token and stock choose what the gateway and the inventory will refuse. */
async function placeOrder({ lane, orderId, play: playing }: Drive): Promise<void> {
  const isOrder = playing.actorId === orderId;
  const created = await lane.services.inventory.createProduct({
    name: 'Wireless Mouse',
    sku: orderId,
    priceCents: 2_999,
    currency: 'USD',
    initialStock: refusals(playing.steps, 'inventory.reserve').length > 0 ? 1 : 10,
  });
  if (created.type !== 'created') throw new Error('the product is there already');
  const placed = lane
    .process()
    .ledger(orderId)
    .place({
      idempotencyKey: orderId,
      traceparent: `00-${orderId.replaceAll('-', '')}-00f067aa0ba902b7-01`,
      placement: {
        userId: '550e8400-e29b-41d4-a716-446655440000',
        email: 'test@example.com',
        items: [{ productId: created.product.id, quantity: 2 }],
        payment: { method: 'card', token: isOrder ? tokenFor(playing.steps) : 'tok_decline_insufficient' },
      },
    });
  // Nobody waits for it: its process may die. That nothing comes of it, the log tells.
  placed.catch((error: unknown) => {
    if (!playing.hasDied()) playing.fail(`the order was not placed: ${String(error)}`);
  });
}

/** The codes with which the path has an effect refused. */
function refusals(steps: readonly PathStep[], effect: string): string[] {
  return steps.flatMap(({ delivery, event }) => {
    if (delivery.type !== 'outcome' || delivery.outcome !== 'refused' || delivery.effect.src !== effect) return [];
    const output = event['output'];
    const code = typeof output === 'object' && output !== null && 'code' in output ? output['code'] : null;
    return typeof code === 'string' ? [code] : [];
  });
}

function tokenFor(steps: readonly PathStep[]): string {
  if (refusals(steps, 'payments.authorize').length > 0) return 'tok_decline_insufficient';
  const [onCapture] = refusals(steps, 'payments.capture');
  if (onCapture === 'authorization_expired') return 'tok_auth_expires';
  return onCapture === undefined ? 'tok_visa_success' : 'tok_capture_declined';
}

/** Refusals that come from what somebody else did meanwhile: the order was cancelled at the orders service itself. */
async function arrange({ lane, orderId }: Drive, { delivery }: PathStep): Promise<void> {
  if (delivery.type !== 'outcome' || delivery.outcome !== 'refused') return;
  if (delivery.effect.src !== 'orders.create' && delivery.effect.src !== 'orders.confirm') return;
  await lane.services.orders.applyOne({ type: 'cancel', orderId });
}

/** As customers and operators send them, and once more: the repeat must change nothing. */
async function sendTwice(drive: Drive, event: ActorEvent): Promise<void> {
  const { lane, orderId, play: playing } = drive;
  const { system } = lane.outside();
  const ledger = lane.outside().ledger(orderId);
  if (event.type === 'CANCEL') {
    const answers = [await ledger.cancel(orderId), await ledger.cancel(orderId)];
    if (answers.some(({ type }) => type === 'not_found')) playing.fail('the order to cancel is not there');
    return;
  }
  const operation = {
    id: playing.actorId,
    event: event.type === 'RESOLVE' ? await settlementOf(drive, event) : event,
    by: 'a tester',
    why: 'the path says so',
  };
  const first = await operate(system, operation);
  const again = await operate(system, operation);
  if (first.type !== 'applied' || again.type !== 'refused')
    playing.fail(`${event.type}, sent twice, was ${first.type} and then ${again.type}`);
}

/** A person settles what the gateway still holds. */
async function settlementOf({ lane, orderId }: Drive, event: ActorEvent): Promise<ActorEvent> {
  const held = await lane.services.payments.findByKey(`${orderId}:payments.authorize`);
  return {
    ...event,
    settlement: {
      by: 'a tester',
      why: 'settled by hand',
      voidedCents: held ? held.authorizedCents - held.capturedCents - held.voidedCents - held.expiredCents : 0,
      refundedCents: held ? held.capturedCents - held.refundedCents : 0,
    },
  };
}
