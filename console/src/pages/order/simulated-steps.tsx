/** What a simulation says would happen, step by step. */
import type { WhatIf } from '../../../../src/console/schemas.ts';
import { StatusBadge } from '../../ui/status-badge.tsx';
import { ChangeList } from './change-list.tsx';

export function SimulatedSteps({ simulation }: { readonly simulation: WhatIf }) {
  return (
    <ol className="simulated">
      {simulation.steps.map((step, i) => (
        <li key={`${step.input} ${step.text} ${i}`} className={`is-${step.type}`}>
          <p>
            <code>{step.text}</code>
            {step.transition ? (
              <>
                <span className="log-to">{step.transition.to}</span>
                {step.transition.status === null ? null : <StatusBadge status={step.transition.status} />}
              </>
            ) : (
              <span className="simulated-reason">{step.reason ?? step.type}</span>
            )}
          </p>
          {step.transition ? <Consequences transition={step.transition} /> : null}
          {step.possible && step.possible.length > 0 ? (
            <p className="muted">Possible there: {step.possible.join(', ')}</p>
          ) : null}
        </li>
      ))}
    </ol>
  );
}

type Transition = NonNullable<WhatIf['steps'][number]['transition']>;

function Consequences({ transition }: { readonly transition: Transition }) {
  const { effects_armed, effects_left, timers_set, timers_cancelled, told, changes } = transition;
  const said = [
    ...effects_armed.map(({ effect }) => `asks for ${effect}`),
    ...effects_left.map(({ effect }) => `no longer waits for ${effect}`),
    ...timers_set.map(({ delay }) => `sets the timer ${delay}`),
    ...timers_cancelled.map(({ delay }) => `drops the timer ${delay}`),
    ...told.map(({ machine }) => `tells ${machine}`),
  ];
  return (
    <>
      {said.length > 0 ? <p className="muted">{said.join(' · ')}</p> : null}
      {changes.length > 0 ? (
        <details>
          <summary>{changes.length === 1 ? '1 change' : `${changes.length} changes`} of the context</summary>
          <ChangeList changes={changes} empty="" />
        </details>
      ) : null}
    </>
  );
}

/** The simulated transitions as moves on the chart. */
export function movesOf(simulation: WhatIf) {
  return simulation.steps.flatMap(({ transition }) => {
    if (!transition) return [];
    const { event, from, to } = transition;
    return [{ event: typeOf(event), outcome: null, from, to }];
  });
}

function typeOf(event: Transition['event']): string {
  const type = typeof event === 'object' && event !== null && 'type' in event ? event.type : '';
  return typeof type === 'string' ? type : '';
}
