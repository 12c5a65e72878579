/** Around a table that may be wider than its page: it scrolls, by keys too. */
import type { ReactNode } from 'react';

export function TableFrame({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <div className="table-frame" role="region" aria-label={label} tabIndex={0}>
      {children}
    </div>
  );
}
