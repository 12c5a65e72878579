/** The order's life from left to right; a piece is chosen by a click, by the slider, or by the arrow keys. */
import type { LogEntry } from '../../../../src/console/schemas.ts';
import { duration } from '../../ui/format.ts';
import { Instant } from '../../ui/instant.tsx';
import { toneOf } from '../../ui/status-badge.tsx';
import { type Piece, piecesOf } from './timeline.ts';
import type { TimeTravel } from './use-time-travel.ts';

interface TimelineStripProps {
  readonly log: readonly LogEntry[];
  readonly travel: TimeTravel;
}

export function TimelineStrip({ log, travel }: TimelineStripProps) {
  const pieces = piecesOf(log);
  const entry = log.find(({ revision }) => revision === travel.at);
  return (
    <section className="card timeline" aria-label="Timeline">
      <div className="strip">
        {pieces.map((piece) => (
          <PieceView key={piece.revision} piece={piece} at={travel.at} onChoose={travel.go} />
        ))}
      </div>
      <div className="timeline-controls">
        <div className="timeline-buttons">
          <button
            type="button"
            className="button"
            aria-label="First transition"
            onClick={() => travel.go(travel.first)}
          >
            <StepIcon d="M6 5v14M19 5 9 12l10 7z" />
          </button>
          <button
            type="button"
            className="button"
            aria-label="One back"
            disabled={travel.at <= travel.first}
            onClick={() => travel.step(-1)}
          >
            <StepIcon d="M17 5 7 12l10 7z" />
          </button>
          <button type="button" className="button" onClick={travel.togglePlay} aria-pressed={travel.isPlaying}>
            {travel.isPlaying ? 'Pause' : 'Play'}
          </button>
          <button
            type="button"
            className="button"
            aria-label="One on"
            disabled={travel.at >= travel.last}
            onClick={() => travel.step(1)}
          >
            <StepIcon d="M7 5l10 7-10 7z" />
          </button>
          <button type="button" className="button" disabled={travel.isNow} onClick={travel.toNow}>
            Now
          </button>
        </div>
        <input
          type="range"
          aria-label="Revision"
          aria-valuetext={entry ? `revision ${entry.revision}, ${entry.label}, ${entry.to}` : undefined}
          min={travel.first}
          max={travel.last}
          value={travel.at}
          onChange={(event) => travel.go(Number(event.currentTarget.value))}
        />
        <p className="timeline-said" aria-live="polite">
          <strong>
            {travel.at} of {travel.last}
          </strong>
          {entry ? (
            <>
              <span className="timeline-event">{entry.label}</span>
              <span className="muted">
                <Instant at={entry.at} as="short" />
                {entry.after_ms > 0 ? `, after ${duration(entry.after_ms)}` : ''}
              </span>
            </>
          ) : null}
        </p>
      </div>
    </section>
  );
}

function StepIcon({ d }: { readonly d: string }) {
  return (
    <svg className="step-icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={d} />
    </svg>
  );
}

interface PieceViewProps {
  readonly piece: Piece;
  readonly at: number;
  readonly onChoose: (revision: number) => void;
}

function PieceView({ piece, at, onChoose }: PieceViewProps) {
  const { revision, state, status, ms, weight, isCompressed } = piece;
  const name = state.split('.').findLast((part) => part !== 'calling') ?? state;
  const lasted = ms === null ? '' : duration(ms);
  return (
    <button
      type="button"
      className={`piece is-${toneOf(status ?? '')} ${isCompressed ? 'is-compressed' : ''} ${revision > at ? 'is-ahead' : ''}`}
      aria-current={revision === at ? 'step' : undefined}
      title={`${revision}: ${state}${lasted === '' ? '' : `\n${lasted}`}`}
      style={{ flexGrow: weight }}
      onClick={() => onChoose(revision)}
    >
      <span className="piece-name">
        <span className="visually-hidden">Revision {revision}: </span>
        {name}
      </span>
      <span className="piece-time">{lasted}</span>
    </button>
  );
}
