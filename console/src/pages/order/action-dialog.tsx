/** Sends an operator's event: what it would do is shown before, who and why is required. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { OrderFile } from '../../../../src/console/schemas.ts';
import { type OperatorEvent, sendEvent } from '../../api/commands.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { decimalsOf } from '../../ui/format.ts';
import { Problem } from '../../ui/notes.tsx';
import { useOperator } from '../../ui/operator.ts';
import { WhoAndWhy } from '../../ui/who-and-why.tsx';
import { EventPreview } from './event-preview.tsx';
import { actionName } from './order-head.tsx';

interface ActionDialogProps {
  readonly action: OrderFile['actions'][number];
  readonly file: OrderFile;
  readonly onClose: () => void;
}

export function ActionDialog({ action: { type, needs_settlement }, file, onClose }: ActionDialogProps) {
  const client = useQueryClient();
  const { order_ledger_id: id, currency } = file.order;
  const [by] = useOperator();
  const [why, setWhy] = useState('');
  const [settlement, setSettlement] = useState(() => suggested(file));
  const event: OperatorEvent = { type, by: by.trim(), why: why.trim(), ...(needs_settlement ? { settlement } : {}) };
  const sending = useMutation({
    mutationFn: () => sendEvent(id, event),
    onSuccess: async () => {
      onClose();
      await client.invalidateQueries({ queryKey: ['order', id] });
      await client.invalidateQueries({ queryKey: ['parked'] });
    },
  });
  const isReady = event.by !== '' && event.why !== '' && !sending.isPending;
  return (
    <Dialog
      title={`${actionName(type)} this order`}
      onClose={onClose}
      foot={
        <button
          type="button"
          className={`button ${type === 'CANCEL' ? 'is-danger' : 'is-primary'}`}
          disabled={!isReady}
          onClick={() => sending.mutate()}
        >
          {sending.isPending ? 'Sending…' : `${actionName(type)} the order`}
        </button>
      }
    >
      {needs_settlement ? (
        <>
          <p>
            Say what was done about the money outside of this system. The order goes on as if the undo had been done.
          </p>
          <div className="filters-row">
            <Amount
              title={`Voided, ${currency}`}
              currency={currency}
              cents={settlement.voided_cents}
              onCents={(voided_cents) => setSettlement({ ...settlement, voided_cents })}
            />
            <Amount
              title={`Refunded, ${currency}`}
              currency={currency}
              cents={settlement.refunded_cents}
              onCents={(refunded_cents) => setSettlement({ ...settlement, refunded_cents })}
            />
          </div>
        </>
      ) : null}
      <WhoAndWhy why={why} onWhy={setWhy} />
      <EventPreview actorId={id} event={event} />
      {sending.error ? <Problem error={sending.error} /> : null}
    </Dialog>
  );
}

/** What is still held by the gateway's record, else by ours. */
function suggested({ order, gateway }: OrderFile) {
  const held = gateway.payment ?? order.payment;
  return {
    voided_cents: Math.max(0, held.authorized_cents - held.captured_cents - held.voided_cents - held.expired_cents),
    refunded_cents: Math.max(0, held.captured_cents - held.refunded_cents),
  };
}

interface AmountProps {
  readonly title: string;
  readonly currency: string;
  readonly cents: number;
  readonly onCents: (cents: number) => void;
}

function Amount({ title, currency, cents, onCents }: AmountProps) {
  const decimals = decimalsOf(currency);
  return (
    <label className="field">
      <span>{title}</span>
      <input
        className="input"
        type="number"
        min={0}
        step={1 / 10 ** decimals}
        defaultValue={(cents / 10 ** decimals).toFixed(decimals)}
        onChange={({ currentTarget: { valueAsNumber } }) =>
          onCents(Number.isFinite(valueAsNumber) ? Math.max(0, Math.round(valueAsNumber * 10 ** decimals)) : 0)
        }
      />
    </label>
  );
}
