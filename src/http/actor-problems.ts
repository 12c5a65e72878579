/** What the routes about one actor share: how it is named, and how its refusals are answered. */
import { Type } from '@sinclair/typebox';
import type { ActorView } from '../actors/index.ts';
import type { ProblemInit } from './problems.ts';

export const ActorId = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 100, pattern: '^[A-Za-z0-9][A-Za-z0-9._:-]*$' }),
});

export const actorNotFound: ProblemInit = { status: 404, error: 'actor_not_found', title: 'No such actor' };

export function eventNotAccepted(actor: ActorView): ProblemInit {
  return {
    status: 409,
    error: 'event_not_accepted',
    title: 'The state does not accept this event',
    detail: `In ${actor.path} the actor accepts: ${actor.accepts.join(', ') || 'nothing'}.`,
    state: actor.path,
    accepts: [...actor.accepts],
  };
}
