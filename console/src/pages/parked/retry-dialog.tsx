/** Retries one parked actor or a whole group, with who and why in each log. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Retried, RetryBody } from '../../../../src/console/schemas.ts';
import { retryParked } from '../../api/commands.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { number } from '../../ui/format.ts';
import { Problem } from '../../ui/notes.tsx';
import { useOperator } from '../../ui/operator.ts';
import { WhoAndWhy } from '../../ui/who-and-why.tsx';

export interface RetryTarget {
  readonly title: string;
  readonly count: number;
  readonly body: Pick<RetryBody, 'cause' | 'ids'>;
}

export function RetryDialog({ target, onClose }: { readonly target: RetryTarget; readonly onClose: () => void }) {
  const client = useQueryClient();
  const [by] = useOperator();
  const [why, setWhy] = useState('');
  const retrying = useMutation({
    mutationFn: () => retryAll({ ...target.body, by: by.trim(), why: why.trim() }),
    onSettled: () => client.invalidateQueries({ queryKey: ['parked'] }),
  });
  const isReady = by.trim() !== '' && why.trim() !== '' && !retrying.isPending && !retrying.data;
  return (
    <Dialog
      title={target.count === 1 ? `Retry ${target.title}` : `Retry all ${number(target.count)}`}
      onClose={onClose}
      foot={
        <button type="button" className="button is-primary" disabled={!isReady} onClick={() => retrying.mutate()}>
          {retrying.isPending ? 'Retrying…' : target.count === 1 ? 'Retry it' : `Retry ${number(target.count)} actors`}
        </button>
      }
    >
      <p>
        {target.count === 1 ? 'It takes' : 'Each of them takes'} up its step again with all its attempts, under the same
        idempotency keys.
      </p>
      <WhoAndWhy why={why} onWhy={setWhy} />
      {retrying.error ? <Problem error={retrying.error} /> : null}
      {retrying.data ? <Outcome retried={retrying.data} /> : null}
    </Dialog>
  );
}

function Outcome({ retried: { applied, refused } }: { readonly retried: Retried }) {
  return (
    <div role="status">
      <p>
        <strong>{number(applied)}</strong> retried.
        {refused.length > 0 ? ` ${number(refused.length)} had moved on or take no retry:` : ''}
      </p>
      <ul className="mono">
        {refused.slice(0, 20).map(({ id, state }) => (
          <li key={id}>
            {id} {state}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** The server takes at most 500 at a time; what it refuses it would refuse again. */
const maxRounds = 200;

async function retryAll(body: RetryBody): Promise<Retried> {
  let applied = 0;
  const refused: Retried['refused'] = [];
  for (let round = 0; round < maxRounds; round += 1) {
    const answer = await retryParked(body);
    applied += answer.applied;
    refused.push(...answer.refused);
    if (answer.left === 0 || answer.applied === 0) return { applied, refused, left: answer.left };
  }
  return { applied, refused, left: 0 };
}
