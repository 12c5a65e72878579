/** What the verifier says of a machine: proven, or broken with the shortest way to see it. */
import { useQuery } from '@tanstack/react-query';
import type { Verdict } from '../../../../src/console/schemas.ts';
import { verdictQuery } from '../../api/queries.ts';
import { Card } from '../../ui/card.tsx';
import { number } from '../../ui/format.ts';
import { Problem } from '../../ui/notes.tsx';
import { Skeleton } from '../../ui/skeleton.tsx';

const names: Readonly<Record<Verdict['state'], readonly [string, string]>> = {
  pending: ['busy', 'being verified'],
  proven: ['good', 'proven'],
  broken: ['bad', 'broken'],
  cut_off: ['warn', 'too large to prove whole'],
  failed: ['warn', 'the verifier failed'],
};

export function VerdictBadge({ verdict }: { readonly verdict: Verdict | undefined }) {
  if (!verdict) return null;
  const [tone, name] = names[verdict.state];
  const count = verdict.verdict?.properties.length;
  return (
    <span className={`badge is-${tone}`}>
      {name}
      {verdict.state === 'proven' && count !== undefined ? `: ${count} properties` : ''}
    </span>
  );
}

export function VerdictCard({ machine, version }: { readonly machine: string; readonly version: string }) {
  const { data, error } = useQuery(verdictQuery(machine, version));
  const verdict = data?.verdict;
  return (
    <Card title="Verifier" end={<VerdictBadge verdict={data} />}>
      {error ? <Problem error={error} /> : null}
      {verdict ? (
        <>
          <p className="muted">
            {number(verdict.states)} states, {number(verdict.situations)} situations, {number(verdict.edges)} ways
            between them; {verdict.transitions.taken} of {verdict.transitions.declared} declared transitions are taken
            somewhere.
          </p>
          {verdict.findings.map(({ property, promise, message, path }) => (
            <div key={`${property} ${message}`} className="finding">
              <strong>{promise}</strong>
              <p>{message}</p>
              <p className="mono muted">{path.join(' → ')}</p>
            </div>
          ))}
          <ul className="properties">
            {verdict.properties.map(({ name, promise, holds }) => (
              <li key={name} className={holds ? 'is-held' : 'is-broken'}>
                <span aria-hidden="true">{holds ? '✓' : '✗'}</span>
                <span>
                  {promise}
                  <span className="visually-hidden">{holds ? ', holds' : ', broken'}</span>
                </span>
              </li>
            ))}
          </ul>
        </>
      ) : error ? null : (
        <Skeleton label="The verifier is at it" />
      )}
    </Card>
  );
}
