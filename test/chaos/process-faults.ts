/** What happens to processes: killed, stopped for longer than their leases, restarted in turn, met by a bad gateway. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Chance } from './chance.ts';
import type { Counters } from './counters.ts';
import type { Member } from './member.ts';
import { faults } from './profiles.ts';
import { leaseMs, type System } from './system.ts';

/** Those that are to die at a label are left to it, and nobody is struck twice at a time. */
const isFree = (member: Member): boolean => member.listens() && member.doomed() === null && !member.isTaken;
/** On a slow machine a start takes longer than the pauses between kills. */
const maxDown = 4;

/** kill -9 of a process, wherever it is. */
export async function killOne(system: System, counters: Counters, chance: Chance): Promise<void> {
  const victims = system.members.filter(isFree);
  const down = system.members.filter((member) => !member.listens());
  if (victims.length === 0 || down.length >= maxDown) return;
  const exit = await chance.pick(victims).end('SIGKILL');
  if (exit?.signal === 'SIGKILL') counters.add(faults.kill);
}

/** Long enough for everybody to see the lease end, and for another to claim it. */
const zombieMs = leaseMs + 1_500;
/** Until what it held is reported, and its counters can be read. */
const afterwardsMs = 1_500;

/** A process stands still for longer than its leases, and then goes on with what it believes to hold. */
export async function raiseZombie(system: System, counters: Counters, chance: Chance): Promise<void> {
  const victims = system.members.filter((member) => isFree(member) && othersGoOn(system, member));
  if (victims.length === 0) return;
  const victim = chance.pick(victims);
  victim.isTaken = true;
  try {
    victim.signal('SIGSTOP');
    await sleep(zombieMs);
    victim.signal('SIGCONT');
    if (victim.listens()) counters.add(faults.zombie);
    await sleep(afterwardsMs);
    await victim.look();
  } finally {
    victim.isTaken = false;
  }
}

/** Edges and workers: those that hold leases. */
function othersGoOn({ members }: System, member: Member): boolean {
  const kind = /^(?:edge|worker)/.exec(member.name)?.[0];
  if (kind === undefined) return false;
  return members.some((other) => other !== member && other.name.startsWith(kind) && other.listens() && !other.isTaken);
}

const foulMs = 4_000;

/** The gateway is restarted slow and failing, and after a while as it was. */
export async function spoilWeather(system: System, counters: Counters): Promise<void> {
  const { payments } = system;
  payments.isTaken = true;
  try {
    system.setWeather('foul');
    await payments.end('SIGTERM');
    await payments.ready();
    await sleep(foulMs);
    counters.add(faults.weather);
  } finally {
    system.setWeather('fair');
    await payments.end('SIGTERM');
    payments.isTaken = false;
  }
}

/** A drain that took too long, and was cut off as an orchestrator would. On a machine of its own there is none. */
const cutOff = 'drain cut off';

/** Every process once, every other one at a time, each drained and started again. Those still to die at a label are spared. */
export async function rollOver(system: System, counters: Counters): Promise<void> {
  system.spare();
  const waves = [0, 1].map((wave) => system.members.filter((_, i) => i % 2 === wave));
  for (const wave of waves) await Promise.all(wave.map((member) => restart(member, counters)));
}

async function restart(member: Member, counters: Counters): Promise<void> {
  await member.ready().catch(() => undefined);
  await member.look();
  const exit = await member.end('SIGTERM');
  if (exit) counters.add(faults.rolled);
  if (exit?.code === 1) counters.add(cutOff);
  await member.ready();
}
