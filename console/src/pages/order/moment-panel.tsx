/** The moment that is looked at: what has just happened, what may come next, what waits. */
import { useQuery } from '@tanstack/react-query';
import type { LogEntry, OrderFile } from '../../../../src/console/schemas.ts';
import { tryWhatIf } from '../../api/commands.ts';
import { failingTestUrl } from '../../api/queries.ts';
import { duration, shortId } from '../../ui/format.ts';
import { Instant } from '../../ui/instant.tsx';
import { JsonView } from '../../ui/json.tsx';
import { ChangeList } from './change-list.tsx';
import { EntryFacts } from './entry-facts.tsx';

interface MomentPanelProps {
  readonly file: OrderFile;
  readonly entry: LogEntry | undefined;
  readonly isNow: boolean;
}

export function MomentPanel({ file, entry, isNow }: MomentPanelProps) {
  const id = file.order.order_ledger_id;
  const possible = usePossible(file, entry?.revision ?? 0, isNow);
  if (!entry) return null;
  return (
    <div className="panel">
      <section>
        <h3 className="moment-title">
          {entry.from === null ? entry.to : entry.label} <span className="muted">revision {entry.revision}</span>
        </h3>
        <EntryFacts entry={entry} />
      </section>
      <section>
        <h3>May come next</h3>
        {possible.length === 0 ? (
          <p className="muted">{file.actor?.parked || !isNow ? 'Nothing.' : 'Nothing: the order has ended.'}</p>
        ) : (
          <ul className="chips">
            {possible.map((text) => (
              <li key={text}>
                <code>{text}</code>
              </li>
            ))}
          </ul>
        )}
      </section>
      {isNow ? <Waiting file={file} /> : null}
      <section>
        <h3>What it changed</h3>
        <ChangeList changes={entry.changes} empty="Nothing in the context." />
      </section>
      <details>
        <summary>Context at this moment</summary>
        <JsonView value={entry.context} label="Context" />
      </details>
      <p>
        <a
          className="button"
          href={failingTestUrl(id, entry.revision)}
          download={`order-${shortId(id)}-${entry.revision}.test.ts`}
        >
          Download as a failing test
        </a>
      </p>
    </div>
  );
}

/** What may be brought now, or could have been brought then. */
function usePossible({ order, possible }: OrderFile, revision: number, isNow: boolean): readonly string[] {
  const id = order.order_ledger_id;
  const { data } = useQuery({
    queryKey: ['what-if', id, revision, []],
    queryFn: ({ signal }) => tryWhatIf(id, { revision, then: [] }, signal),
    enabled: !isNow && revision > 0,
    staleTime: Infinity,
    retry: false,
  });
  // `happy` and `wait` are ways to simulate, not what comes.
  return (isNow ? possible : (data?.end.possible ?? [])).filter(
    (text) => text !== 'happy' && !text.startsWith('wait '),
  );
}

function Waiting({ file: { order, actor, wake, messages } }: { readonly file: OrderFile }) {
  const self = order.order_ledger_id;
  if (!actor || (actor.timers.length === 0 && actor.effects.length === 0 && messages.length === 0 && wake === null))
    return null;
  return (
    <section>
      <h3>Waits for</h3>
      <dl className="facts">
        {actor.effects.map(({ id, effect, key, claims, timeout_ms, lease_until }) => (
          <div key={id} className="facts-row">
            <dt>Effect</dt>
            <dd>
              <code>{effect}</code> claimed {claims}×, up to {duration(timeout_ms)}
              {lease_until === null ? (
                ', no lease'
              ) : (
                <>
                  , lease ends <Instant at={lease_until} as="age" />
                </>
              )}
              <div className="muted mono">{key}</div>
            </dd>
          </div>
        ))}
        {actor.timers.map(({ id, due_at }) => (
          <div key={id} className="facts-row">
            <dt>Timer</dt>
            <dd>
              {timerName(id)} <Instant at={due_at} as="age" />
            </dd>
          </div>
        ))}
        {messages.map(({ id, sender_id, target_id, event, due_at, redeliveries }) => (
          <div key={id} className="facts-row">
            <dt>Message {target_id === self ? 'in' : 'out'}</dt>
            <dd>
              <code>{event}</code> {target_id === self ? 'from' : 'to'}{' '}
              <span className="id">{target_id === self ? sender_id : target_id}</span>, due{' '}
              <Instant at={due_at} as="age" />
              {redeliveries > 0 ? `, redelivered ${redeliveries}×` : ''}
            </dd>
          </div>
        ))}
        {wake === null ? null : (
          <div className="facts-row">
            <dt>Wake row</dt>
            <dd>
              due <Instant at={wake.due_at} as="age" />
              {wake.redeliveries > 0 ? `, redelivered ${wake.redeliveries}×` : ''}
            </dd>
          </div>
        )}
      </dl>
    </section>
  );
}

/** `….after.backoff.order.fulfilling` → `backoff`. */
const timerName = (id: string): string => /\.after\.([^.]+)\./.exec(id)?.[1] ?? id;
