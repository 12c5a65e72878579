/** A worker in a process of its own, to be killed while it works. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { Demo } from '../../../../src/console/schemas.ts';
import { commandWorker } from '../../api/commands.ts';
import { demoQuery } from '../../api/queries.ts';
import { Card } from '../../ui/card.tsx';
import { Problem } from '../../ui/notes.tsx';

const said: Readonly<Record<Demo['worker']['state'], string>> = {
  none: 'This process does all the work itself. Start a worker of its own and it does the work alone.',
  starting: 'Starting.',
  running: 'It does the work alone. Kill it in the middle of an order: this process takes over what it left.',
  killed: 'Killed. This process has taken over; no order is lost, and no effect happens twice.',
};

export function WorkerCard({ worker: { state, pid, kills } }: { readonly worker: Demo['worker'] }) {
  const client = useQueryClient();
  const command = useMutation({
    mutationFn: commandWorker,
    onSuccess: (demo) => client.setQueryData(demoQuery.queryKey, demo),
  });
  const isAlive = state === 'running' || state === 'starting';
  return (
    <Card
      title="A worker to kill"
      note={kills === 0 ? undefined : kills === 1 ? 'killed once' : `killed ${kills} times`}
      end={
        <span className={`badge ${state === 'running' ? 'is-good' : state === 'killed' ? 'is-bad' : ''}`}>
          {state === 'none' ? 'not started' : state}
          {pid !== null && isAlive ? ` ${pid}` : ''}
        </span>
      }
    >
      <p>{said[state]}</p>
      <div className="segments worker-buttons">
        <button
          type="button"
          className="button"
          disabled={isAlive || command.isPending}
          onClick={() => command.mutate('start')}
        >
          Start a worker
        </button>
        <button
          type="button"
          className="button is-danger"
          disabled={state !== 'running' || command.isPending}
          onClick={() => command.mutate('kill')}
        >
          Kill it (SIGKILL)
        </button>
      </div>
      {command.error ? <Problem error={command.error} /> : null}
    </Card>
  );
}
