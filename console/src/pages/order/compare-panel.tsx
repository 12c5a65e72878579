/** Two moments of one order beside each other. */
import type { LogEntry } from '../../../../src/console/schemas.ts';
import { jsonDifference } from '../../../../src/actors/what-if/json-difference.ts';
import { breakable, duration } from '../../ui/format.ts';
import { StatusBadge } from '../../ui/status-badge.tsx';
import { ChangeList } from './change-list.tsx';

interface ComparePanelProps {
  readonly log: readonly LogEntry[];
  readonly at: number;
  readonly against: number;
  readonly onAgainst: (revision: number) => void;
}

export function ComparePanel({ log, at, against, onAgainst }: ComparePanelProps) {
  const here = log.find(({ revision }) => revision === at);
  const there = log.find(({ revision }) => revision === against) ?? log[0];
  if (!here || !there) return null;
  const [early, late] = there.revision <= here.revision ? [there, here] : [here, there];
  const apart = Date.parse(late.at) - Date.parse(early.at);
  return (
    <div className="panel">
      <label className="field">
        <span>Compare revision {here.revision} with</span>
        <select
          className="input"
          value={there.revision}
          onChange={(event) => onAgainst(Number(event.currentTarget.value))}
        >
          {log.map(({ revision, to, label }) => (
            <option key={revision} value={revision}>
              {revision}: {label} → {to}
            </option>
          ))}
        </select>
      </label>
      <div className="moments">
        <MomentCard entry={early} />
        <span className="moments-apart" aria-label="Between them">
          {duration(apart)}
          <br />
          {late.revision - early.revision} transitions
        </span>
        <MomentCard entry={late} />
      </div>
      <section>
        <h3>What differs</h3>
        <ChangeList changes={jsonDifference(early.context, late.context)} empty="The contexts are equal." />
      </section>
    </div>
  );
}

function MomentCard({ entry: { revision, to, status, label } }: { readonly entry: LogEntry }) {
  return (
    <div className="moment-card">
      <span className="muted">
        revision {revision}, {label}
      </span>
      <strong className="mono">{breakable(to)}</strong>
      {status === null ? null : <StatusBadge status={status} />}
    </div>
  );
}
