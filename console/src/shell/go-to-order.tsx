/** Opens an order by its id, pasted with whatever is around it. */
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { Dialog } from '../ui/dialog.tsx';

const uuid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/i;

export function GoToOrder({ onClose }: { readonly onClose: () => void }) {
  const navigate = useNavigate();
  const [text, setText] = useState('');
  const id = uuid.exec(text)?.[0].toLowerCase();
  const go = (event: FormEvent): void => {
    event.preventDefault();
    if (id === undefined) return;
    onClose();
    void navigate({ to: '/orders/$id', params: { id } });
  };
  return (
    <Dialog title="Go to an order" onClose={onClose}>
      <form onSubmit={go} className="go-to">
        <label className="field">
          <span>Its id, or any text that holds it: a log line, a link</span>
          <input
            className="input mono"
            value={text}
            onChange={(event) => setText(event.target.value)}
            placeholder="018f3c5e-…"
            autoComplete="off"
            spellCheck={false}
          />
        </label>
        <button type="submit" className="button is-primary" disabled={id === undefined}>
          Open
        </button>
      </form>
    </Dialog>
  );
}
