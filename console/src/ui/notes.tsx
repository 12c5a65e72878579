/** What a page says where it has nothing to show, or could not get it. */
import type { ReactNode } from 'react';
import { ApiProblem } from '../api/client.ts';

export function Empty({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className="state-note">
      <h3>{title}</h3>
      {children}
    </div>
  );
}

/** @param retry absent: it is tried again anyway */
export function Problem({ error, retry }: { readonly error: Error; readonly retry?: () => void }) {
  const detail = error instanceof ApiProblem ? error.detail : null;
  return (
    <div className="problem" role="alert">
      <strong>{error.message}</strong>
      {detail === null ? null : <span>{detail}</span>}
      {retry ? (
        <button type="button" className="button" onClick={retry}>
          Try again
        </button>
      ) : null}
    </div>
  );
}
