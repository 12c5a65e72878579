/** The order in Stately's inspector: a page elsewhere, so it is opened on request alone, and told what leaves. */
import { useState } from 'react';
import { CopyId } from '../../ui/copy-id.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { openInspector } from './open-inspector.ts';

export function InspectDialog({ actorId, onClose }: { readonly actorId: string; readonly onClose: () => void }) {
  const [said, setSaid] = useState('');
  const url = `${location.origin.replace(/^http/, 'ws')}/inspect?actor=${actorId}`;
  return (
    <Dialog
      title="Stately’s inspector"
      onClose={onClose}
      foot={
        <button type="button" className="button is-primary" onClick={() => openInspector(url, setSaid)}>
          Open stately.ai/inspect
        </button>
      }
    >
      <p>
        A window at stately.ai is handed what the order has done and does: states, event types, amounts, codes and ids.
        No e-mail, names, customer ids or tokens, nor who operated and why. It needs the internet.
      </p>
      <p>
        Tools read the same events from <CopyId id={url} />, and on a machine without a console{' '}
        <code>npx waybill inspect {actorId}</code> does the same.
      </p>
      {said === '' ? null : <p role="status">{said}</p>}
    </Dialog>
  );
}
