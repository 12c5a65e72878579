/** Who is there to do the work, and what the checks say. */
import type { Overview } from '../../../../src/console/schemas.ts';
import { Card } from '../../ui/card.tsx';
import { number } from '../../ui/format.ts';
import { Instant } from '../../ui/instant.tsx';

export function Health({ overview }: { readonly overview: Overview }) {
  const { roles, processes, queue, audit, reconciliation } = overview;
  const findings = reconciliation.open.reduce((sum, open) => sum + open.findings, 0);
  return (
    <Card title="Health" note={processes.length === 1 ? '1 process' : `${processes.length} processes`}>
      <ul className="roles" aria-label="Roles">
        {roles.map(({ role, processes: count }) => (
          <li key={role} className={`badge ${count > 0 ? 'is-good' : 'is-bad'}`}>
            {role} {count === 0 ? 'missing' : count > 1 ? `×${count}` : ''}
          </li>
        ))}
      </ul>
      <dl className="facts">
        <dt>Queue</dt>
        <dd>
          {queue.waiting === null ? 'does not answer' : `${number(queue.waiting)} wake-ups waiting`} ({queue.backend})
        </dd>
        <dt>Breakers</dt>
        <dd>
          <Breakers processes={processes} />
        </dd>
        <dt>Audit</dt>
        <dd>
          {audit === null ? (
            <>
              not run yet: <code>waybill audit</code>
            </>
          ) : (
            <>
              <span className={`badge ${audit.clean ? 'is-good' : 'is-bad'}`}>
                {audit.clean ? `${audit.holds} invariants hold` : `${audit.broken.length} broken`}
              </span>{' '}
              <Instant at={audit.at} as="age" />
            </>
          )}
        </dd>
        {audit?.broken.map(({ id, promise, findings: found }) => (
          <dd key={id} className="facts-wide">
            <strong>{id}</strong> {promise}: {found}
          </dd>
        ))}
        <dt>Reconciliation</dt>
        <dd>
          <span className={`badge ${findings === 0 ? 'is-good' : 'is-warn'}`}>
            {findings === 0 ? 'books agree' : `${findings} open`}
          </span>{' '}
          <NextSearch searches={reconciliation.searches} />
        </dd>
        {reconciliation.open.map(({ kind, findings: found }) => (
          <dd key={kind} className="facts-wide">
            {kind}: {found}
          </dd>
        ))}
      </dl>
      <details className="processes">
        <summary>Processes</summary>
        <ul>
          {processes.map(({ id, roles: filled, host, pid, started_at, version }) => (
            <li key={id}>
              <span className="mono">
                {host} {pid}
              </span>{' '}
              {filled.join(', ')}
              <span className="muted">
                {' '}
                {version}, since <Instant at={started_at} as="short" />
              </span>
            </li>
          ))}
        </ul>
      </details>
    </Card>
  );
}

/** Participants that somebody leaves alone just now; closed ones need no word each. */
function Breakers({ processes }: { readonly processes: Overview['processes'] }) {
  const open = processes.flatMap(({ breakers }) => Object.entries(breakers));
  if (open.length === 0) return <span className="badge is-good">all closed</span>;
  const names = [...new Set(open.map(([name]) => name))].sort();
  return names.map((name) => {
    const states = open.filter(([other]) => other === name);
    return (
      <span key={name} className="badge is-bad">
        {name} {states.every(([, state]) => state === 'halfOpen') ? 'tried again' : 'open'} in {states.length} of{' '}
        {processes.length}
      </span>
    );
  });
}

/** Each search has its turns; the next one says that they go on. */
function NextSearch({ searches }: { readonly searches: Overview['reconciliation']['searches'] }) {
  const next = searches
    .flatMap(({ next_at }) => (next_at === null ? [] : [next_at]))
    .sort()
    .at(0);
  const turns = searches.reduce((sum, search) => sum + search.turns, 0);
  return (
    <span className="muted">
      {number(turns)} looks{next === undefined ? '' : ', the next '}
      {next === undefined ? null : <Instant at={next} as="age" />}
    </span>
  );
}
