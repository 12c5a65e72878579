/** One transition of the log: from where to where, what it settled and armed, who asked for it. */
import type { LogEntry } from '../../../../src/console/schemas.ts';
import { duration } from '../../ui/format.ts';
import { Instant } from '../../ui/instant.tsx';

export function EntryFacts({ entry }: { readonly entry: LogEntry }) {
  const { from, to, at, after_ms, settled, armed, attempts, operation, trace_id, commit_id } = entry;
  return (
    <dl className="facts">
      {from === null || from === to ? null : (
        <>
          <dt>From</dt>
          <dd className="mono">{from}</dd>
        </>
      )}
      <dt>{from === to ? 'Stays in' : 'To'}</dt>
      <dd className="mono">{to}</dd>
      <dt>At</dt>
      <dd>
        <Instant at={at} />
        {after_ms > 0 ? <span className="muted"> {duration(after_ms)} after the one before</span> : null}
      </dd>
      {settled === null ? null : (
        <>
          <dt>Settled</dt>
          <dd>
            <code>{settled.effect}</code>
            {settled.token === null ? null : <span className="muted"> under token {settled.token}</span>}
          </dd>
        </>
      )}
      {armed.map(({ id, effect, key }) => (
        <div key={id} className="facts-row">
          <dt>Asked for</dt>
          <dd>
            <code>{effect}</code>
            <div className="muted mono" title="Idempotency key">
              {key}
            </div>
          </dd>
        </div>
      ))}
      {attempts === null || attempts === 0 ? null : (
        <>
          <dt>Attempts</dt>
          <dd>{attempts} without an answer that settles it</dd>
        </>
      )}
      {operation === null ? null : (
        <>
          <dt>By</dt>
          <dd>
            <strong>{operation.by}</strong>: {operation.why}
          </dd>
        </>
      )}
      <dt>Trace</dt>
      <dd className="mono">{trace_id ?? <span className="muted">none</span>}</dd>
      <dt>Commit</dt>
      <dd className="mono muted">{commit_id}</dd>
    </dl>
  );
}
