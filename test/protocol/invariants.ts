/** What must hold in every state of the model; the letters are those of `waybill audit`. */
import { isFinal, isParked, type World } from './world.ts';

/** @returns what is broken, or null */
export function brokenIn(world: World): string | null {
  return world.broken ?? moneyIn(world) ?? deliveryIn(world) ?? holdersIn(world);
}

function moneyIn({ actor, gateway }: World): string | null {
  if (gateway.captures > 1) return `E1: captured ${gateway.captures} times`;
  if (!actor || !isFinal(actor.at)) return null;
  if (actor.at === 'completed')
    return gateway.captures === 1 && !gateway.voided && !gateway.refunded ? null : 'M1: completed without its money';
  const isHeld = gateway.captures > 0 ? !gateway.refunded : gateway.authorized === 'yes' && !gateway.voided;
  return isHeld ? `M2: ${actor.at} while money is held` : null;
}

function deliveryIn({ actor, wake, answer, message, client }: World): string | null {
  if (client.stops === 'told' && message === 'none') return 'E2: a message is gone, neither applied nor ignored';
  if (!actor) return null;
  if (wake === 'none' && !isFinal(actor.at) && !isParked(actor.at)) return `O1: ${actor.at} has no wake row`;
  if (answer === null && !actor.at.startsWith('authorizing')) return `A1: ${actor.at} without a stored answer`;
  return null;
}

/** One caller at a time, and a token of its own for each; who was paused past its lease does not know yet that it has none. */
function holdersIn({ processes }: World): string | null {
  const holders = processes.flatMap((process) => (process && 'token' in process ? [process] : []));
  if (holders.filter(({ late }) => !late).length > 1) return 'G6: an effect has two live holders';
  const tokens = new Set(holders.map(({ id, token }) => `${id}/${token}`));
  return tokens.size < holders.length ? 'G6: two claims have the same token' : null;
}

/** Nothing is owed to anybody: without further faults every run comes here (L2). */
export function isAtRest({ actor, answer, message, client }: World): boolean {
  if (!actor) return !client.open;
  return (isFinal(actor.at) || isParked(actor.at)) && answer !== null && message !== 'due' && message !== 'soon';
}
