/** What one version of a machine does otherwise than another. */
import { useQuery } from '@tanstack/react-query';
import type { Difference } from '../../../../src/console/schemas.ts';
import { differenceQuery } from '../../api/queries.ts';
import { Card } from '../../ui/card.tsx';
import { Problem } from '../../ui/notes.tsx';
import { Skeleton } from '../../ui/skeleton.tsx';
import { ChangeList } from '../order/change-list.tsx';

interface DifferenceCardProps {
  readonly machine: string;
  readonly from: string;
  readonly to: string;
}

export function DifferenceCard({ machine, from, to }: DifferenceCardProps) {
  const { data, error } = useQuery(differenceQuery(machine, from, to));
  return (
    <Card
      title={`${from} → ${to}`}
      note={data ? (data.has_migration ? 'actors can be taken over' : 'no migration between them') : undefined}
    >
      {error ? <Problem error={error} /> : null}
      {data ? <Differences difference={data} /> : error ? null : <Skeleton label="Comparing" />}
    </Card>
  );
}

function Differences({ difference: { is_same_structure, states, transitions } }: { readonly difference: Difference }) {
  if (states.length === 0 && transitions.length === 0)
    return (
      <p className="muted">
        {is_same_structure
          ? 'The same structure.'
          : 'The charts are alike; what differs is inside guards, actions or inputs.'}
      </p>
    );
  return (
    <ul className="differences">
      {states.map(({ path, change, changes }) => (
        <li key={`state ${path}`}>
          <p>
            <span className={`change is-${change}`}>{change}</span> state{' '}
            <code>{path === '' ? 'the machine' : path}</code>
          </p>
          {changes.length > 0 ? <ChangeList changes={changes} empty="" /> : null}
        </li>
      ))}
      {transitions.map(({ id, change, changes }) => (
        <li key={`transition ${id}`}>
          <p>
            <span className={`change is-${change}`}>{change}</span> transition <code>{id}</code>
          </p>
          {changes.length > 0 ? <ChangeList changes={changes} empty="" /> : null}
        </li>
      ))}
    </ul>
  );
}
