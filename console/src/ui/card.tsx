/** A part of a page with a heading of its own. */
import { type ReactNode, useId } from 'react';

interface CardProps {
  readonly title: string;
  readonly note?: ReactNode;
  readonly end?: ReactNode;
  readonly children: ReactNode;
  /** For what brings its own space to its borders: tables, charts. */
  readonly flush?: boolean;
  readonly className?: string;
}

export function Card({ title, note, end, children, flush = false, className = '' }: CardProps) {
  const id = useId();
  return (
    <section className={`card ${className}`} aria-labelledby={id}>
      <header className="card-head">
        <h2 id={id}>{title}</h2>
        {note === undefined ? null : <span className="muted">{note}</span>}
        {end === undefined ? null : <div className="card-head-end">{end}</div>}
      </header>
      {flush ? children : <div className="card-body">{children}</div>}
    </section>
  );
}
