/** What the order is, how it stands, and what a person may do about it. */
import { useState } from 'react';
import type { OrderFile } from '../../../../src/console/schemas.ts';
import { CopyId } from '../../ui/copy-id.tsx';
import { money, words } from '../../ui/format.ts';
import { Instant } from '../../ui/instant.tsx';
import { StatusBadge } from '../../ui/status-badge.tsx';
import { ActionDialog } from './action-dialog.tsx';
import { InspectDialog } from './inspect-dialog.tsx';

export function OrderHead({ file }: { readonly file: OrderFile }) {
  const { order, actor, actions } = file;
  const [open, setOpen] = useState<string | null>(null);
  const action = actions.find(({ type }) => type === open);
  return (
    <>
      <header className="page-head order-head">
        <div className="order-title">
          <h1>
            <span className="visually-hidden">Order </span>
            <CopyId id={order.order_ledger_id} />
          </h1>
          <StatusBadge status={order.status} />
          <strong>{money(order.total_cents, order.currency)}</strong>
          <span className="muted">
            placed <Instant at={order.created_at} as="short" />, moved <Instant at={order.updated_at} as="age" />
          </span>
        </div>
        <div className="page-head-end">
          <button type="button" className="button is-quiet" onClick={() => setOpen('inspect')}>
            Inspector
          </button>
          {actions.map(({ type }) => (
            <button
              key={type}
              type="button"
              className={`button ${type === 'CANCEL' ? 'is-danger' : 'is-primary'}`}
              onClick={() => setOpen(type)}
            >
              {actionName(type)}…
            </button>
          ))}
        </div>
      </header>
      {actor?.parked ? (
        <p className="notice">
          <strong>{actor.parked.title}</strong>. Parked by the {actor.parked.by} since{' '}
          <Instant at={actor.parked.since} as="short" />: {actor.parked.reason}
        </p>
      ) : null}
      {order.failure && !actor?.parked ? (
        <p className="order-failure">
          Will not complete: <code>{order.failure.code}</code>
        </p>
      ) : null}
      {action ? <ActionDialog action={action} file={file} onClose={() => setOpen(null)} /> : null}
      {open === 'inspect' ? <InspectDialog actorId={order.order_ledger_id} onClose={() => setOpen(null)} /> : null}
    </>
  );
}

/** `RETRY` → `Retry`. */
export function actionName(type: string): string {
  const text = words(type.replaceAll('_', ' '));
  return text.charAt(0).toUpperCase() + text.slice(1);
}
