/** Where two contexts differ. */
export interface Change {
  readonly path: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

export function ChangeList({ changes, empty }: { readonly changes: readonly Change[]; readonly empty: string }) {
  if (changes.length === 0) return <p className="muted">{empty}</p>;
  return (
    <ul className="changes">
      {changes.map((change) => (
        <li key={change.path}>
          <code className="change-path">{change.path.slice(1).replaceAll('/', '.') || 'context'}</code>
          {'before' in change && change.before !== undefined ? <del>{shown(change.before)}</del> : null}
          {'after' in change && change.after !== undefined ? <ins>{shown(change.after)}</ins> : null}
        </li>
      ))}
    </ul>
  );
}

const shown = (value: unknown): string => JSON.stringify(value) ?? '';
