/** Forks the order at a moment and tries what could come; nothing is sent, written or called. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { type FormEvent, useEffect, useState } from 'react';
import { tryWhatIf } from '../../api/commands.ts';
import type { Move } from '../../chart/taken.ts';
import { Problem } from '../../ui/notes.tsx';
import { Skeleton } from '../../ui/skeleton.tsx';
import { StatusBadge } from '../../ui/status-badge.tsx';
import { movesOf, SimulatedSteps } from './simulated-steps.tsx';

interface WhatIfPanelProps {
  readonly id: string;
  readonly revision: number;
  readonly isNow: boolean;
  readonly onImagine: (moves: readonly Move[]) => void;
}

export function WhatIfPanel({ id, revision, isNow, onImagine }: WhatIfPanelProps) {
  const [inputs, setInputs] = useState<readonly string[]>([]);
  const { data, error } = useQuery({
    queryKey: ['what-if', id, revision, inputs],
    queryFn: ({ signal }) => tryWhatIf(id, isNow ? { then: [...inputs] } : { revision, then: [...inputs] }, signal),
    placeholderData: keepPreviousData,
    retry: false,
  });
  useEffect(() => onImagine(data ? movesOf(data) : []), [data, onImagine]);
  useEffect(() => () => onImagine([]), [onImagine]);
  const add = (input: string): void => setInputs([...inputs, input]);
  return (
    <div className="panel">
      <p className="muted">
        A copy of the order at revision {revision}. Nothing here is sent, written or called; the chart shows where it
        leads.
      </p>
      {error ? <Problem error={error} /> : null}
      {data ? <Offers possible={data.end.possible} onAdd={add} /> : error ? null : <Skeleton />}
      <OwnInput onAdd={add} />
      {inputs.length === 0 ? null : (
        <div className="segments">
          <button type="button" className="button" onClick={() => setInputs(inputs.slice(0, -1))}>
            Take back {inputs.at(-1)}
          </button>
          <button type="button" className="button" onClick={() => setInputs([])}>
            Start again
          </button>
        </div>
      )}
      {data && inputs.length > 0 ? (
        <section>
          <h3>What would happen</h3>
          <SimulatedSteps simulation={data} />
          <p>
            Ends in <code>{data.end.state}</code>{' '}
            {data.end.status === null ? null : <StatusBadge status={data.end.status} />}
          </p>
        </section>
      ) : null}
    </div>
  );
}

function Offers({
  possible,
  onAdd,
}: {
  readonly possible: readonly string[];
  readonly onAdd: (input: string) => void;
}) {
  if (possible.length === 0) return <p className="muted">Nothing can come any more.</p>;
  // `wait <duration>` is to be written out.
  const offers = [...possible.filter((input) => input !== 'happy' && !input.includes('<')), 'happy'];
  return (
    <div className="segments" role="group" aria-label="What may come">
      {offers.map((input) => (
        <button key={input} type="button" className="button" onClick={() => onAdd(input)}>
          {input === 'happy' ? 'all goes well' : input}
        </button>
      ))}
    </div>
  );
}

function OwnInput({ onAdd }: { readonly onAdd: (input: string) => void }) {
  const [text, setText] = useState('');
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (text.trim() === '') return;
    onAdd(text.trim());
    setText('');
  };
  return (
    <form className="go-to" onSubmit={submit}>
      <label className="field">
        <span>Or written: an event, capture refused, timer backoff, wait 15m</span>
        <input
          className="input mono"
          value={text}
          onChange={(event) => setText(event.target.value)}
          spellCheck={false}
        />
      </label>
      <button type="submit" className="button" disabled={text.trim() === ''}>
        Try
      </button>
    </form>
  );
}
