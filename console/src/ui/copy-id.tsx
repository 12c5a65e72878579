/** An id that can be copied whole though only its beginning may be shown. */
import { useState } from 'react';
import { shortId } from './format.ts';

export function CopyId({ id, isShort = false }: { readonly id: string; readonly isShort?: boolean }) {
  const [copied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(id);
    setCopied(true);
    setTimeout(() => setCopied(false), 1_500);
  };
  return (
    <span className="id">
      <span title={id}>{isShort ? shortId(id) : id}</span>
      <button type="button" className="copy" aria-label={`Copy ${id}`} onClick={() => void copy()}>
        {copied ? 'copied' : 'copy'}
      </button>
    </span>
  );
}
