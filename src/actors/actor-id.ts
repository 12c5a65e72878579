/** What may name an actor: it travels in notices, keys and URLs. */

const actorIdPattern = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$/;

/** @throws for anything that is not 1–100 letters, digits, dots, colons, dashes or underscores */
export function assertActorId(id: string): void {
  if (!actorIdPattern.test(id)) throw new Error(`not an actor id: ${JSON.stringify(id)}`);
}
