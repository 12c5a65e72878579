/** `--dry-run`: what an operator's event would do to an actor. Sends nothing. */
import { type ActorEvent, preview, type Simulation, wouldApply } from '../actors/index.ts';
import { likelyAnswersOf } from '../effects/likely-answers.ts';
import { storeClock } from '../persistence/operations.ts';
import { simulationBody } from '../what-if/simulation-body.ts';
import type { Backend } from './backend.ts';
import { type ExitCode, exitCodes, type Invocation } from './invocation.ts';
import { type Operated, problem, refusalOf, tell } from './operator.ts';
import { renderSimulation } from './render-simulation.ts';

export const dryRunOption = ['--dry-run', 'only show what it would do'] as const;

export type Previewed =
  | { readonly id: string; readonly type: 'would_apply'; readonly simulation: Simulation }
  | Exclude<Operated, { readonly type: 'applied' }>;

/** The counterpart of `operateOn`: the same event, judged by the same rules, on a copy. */
export async function previewOn({ pool, system }: Backend, id: string, event: ActorEvent): Promise<Previewed> {
  const nowMs = await storeClock(pool);
  const previewed = await preview(system, id, [{ type: 'event', event }], ({ machine }) => ({
    nowMs,
    likelyAnswers: likelyAnswersOf(machine),
  }));
  if (previewed.type === 'absent') return { id, type: 'not_found' };
  const { actor } = previewed;
  if (previewed.type === 'simulated' && wouldApply(previewed.simulation))
    return { id, type: 'would_apply', simulation: previewed.simulation };
  return { id, type: 'not_accepted', state: actor.path, accepts: actor.accepts };
}

export function renderPreview({ id, simulation }: Previewed & { readonly type: 'would_apply' }, event: string): string {
  return `${id}: ${event} would be applied\n${renderSimulation(simulation)}`;
}

/** The whole of a command's `--dry-run`. */
export async function previewCommand(
  invocation: Invocation,
  backend: Backend,
  id: string,
  event: ActorEvent,
): Promise<ExitCode> {
  const previewed = await previewOn(backend, id, event);
  if (previewed.type !== 'would_apply') return problem(invocation, tell(previewed, event.type), refusalOf(previewed));
  const { json, print } = invocation;
  print(json ? JSON.stringify(previewBody(previewed)) : renderPreview(previewed, event.type));
  return exitCodes.done;
}

/** A preview as JSON; a refusal as it is when the event is sent. */
export function previewBody(previewed: Previewed) {
  return previewed.type === 'would_apply'
    ? { ...simulationBody(previewed.simulation), type: previewed.type }
    : previewed;
}
