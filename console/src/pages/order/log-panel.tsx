/** Every transition, oldest first; each opens to all that is known of it. */
import type { LogEntry } from '../../../../src/console/schemas.ts';
import { duration } from '../../ui/format.ts';
import { JsonView } from '../../ui/json.tsx';
import { ChangeList } from './change-list.tsx';
import { EntryFacts } from './entry-facts.tsx';

interface LogPanelProps {
  readonly log: readonly LogEntry[];
  readonly at: number;
  readonly onChoose: (revision: number) => void;
}

export function LogPanel({ log, at, onChoose }: LogPanelProps) {
  return (
    <ol className="log">
      {log.map((entry) => (
        <li key={entry.revision} className={`log-entry ${entry.revision > at ? 'is-ahead' : ''}`}>
          <button
            type="button"
            className="log-revision"
            aria-current={entry.revision === at ? 'step' : undefined}
            aria-label={`Look at revision ${entry.revision}`}
            onClick={() => onChoose(entry.revision)}
          >
            {entry.revision}
          </button>
          <details>
            <summary>
              <span className="log-label">{entry.from === null ? 'started' : entry.label}</span>
              {entry.outcome === null ? null : <span className={`outcome is-${entry.outcome}`}>{entry.outcome}</span>}
              <span className="log-to">{entry.to}</span>
              <span className="log-after muted">{entry.after_ms > 0 ? `+${duration(entry.after_ms)}` : ''}</span>
            </summary>
            <div className="log-inside">
              <EntryFacts entry={entry} />
              <ChangeList changes={entry.changes} empty="The context stayed as it was." />
              {entry.payload === null ? null : <JsonView value={entry.payload} label="Event" />}
            </div>
          </details>
        </li>
      ))}
    </ol>
  );
}
