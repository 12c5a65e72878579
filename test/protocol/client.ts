/** What comes from outside: the client's requests, CANCEL, an operator's RETRY. */
import { acceptsCancel, begin, cancel, enter } from './saga.ts';
import { commit } from './processes.ts';
import { handOver } from './commit.ts';
import { time, type Answer, choice, edge, isParked, type Protocol, step, type Step, type World } from './world.ts';

export function clientSteps(world: World, protocol: Protocol): Step[] {
  const { client, actor } = world;
  const found: Step[] = [];
  if (!client.open && client.asked < protocol.bounds.requests)
    found.push(choice('client: POST', { ...world, client: { ...client, asked: client.asked + 1, open: true } }));
  if (client.open) found.push(...requestSteps(world, protocol));
  if (actor && client.stops === null && protocol.bounds.stops) {
    const asked: World = { ...world, client: { ...client, stops: 'asked' } };
    if (acceptsCancel(actor)) found.push(choice('client: CANCEL', cancel(asked, protocol)));
    found.push(
      choice('another actor: tells CANCEL', { ...world, message: 'due', client: { ...client, stops: 'told' } }),
    );
  }
  if (actor && isParked(actor.at) && !client.retried) {
    const retrying = { ...world, client: { ...client, retried: true } };
    const again = handOver(retrying, enter(actor, 'undoing.calling', { attempts: 0 }), protocol);
    found.push(
      choice('operator: RETRY', protocol.makes('no wake row after un-parking') ? { ...again, wake: 'none' } : again),
    );
  }
  return found;
}

/** An open request: starts the order, waits for its answer up to the budget, gives it. */
function requestSteps(world: World, protocol: Protocol): Step[] {
  const { actor, answer } = world;
  if (!actor) {
    if (world.processes[edge]) return [];
    return commit('edge: start', world, edge, (before) => ({ world: begin(before, protocol), moved: true }));
  }
  const found: Step[] = [];
  if (answer !== null) found.push(step(`edge: answers ${answer}`, answered(world)));
  else if (protocol.makes('answered before it is stored'))
    found.push(step('edge: answers authorized', answered({ ...world, answer: 'authorized' }, null)));
  if (answer === null || protocol.makes('the answer is overwritten'))
    found.push(time('the budget is spent, the edge stores awaiting', { ...world, answer: 'awaiting' }));
  return found;
}

function answered(world: World, stored: Answer | null = world.answer): World {
  const { client, answer } = world;
  const differs = client.got !== null && client.got !== answer;
  return {
    ...world,
    answer: stored,
    client: { ...client, open: false, got: answer },
    broken: differs ? `A2: the client was told ${client.got}, then ${answer}` : world.broken,
  };
}
